"""What is deployed of a stage: its functions, their versions by release, and which of them is live.

A release publishes a version of every function and names itself in its description (`infra.assembly.release`).
Version numbers count per function and say nothing together; releases do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from infra.assembly.release import release_of
from infra.catalog import LIVE

LambdaClient = Any
"""boto3's `lambda`."""


class NoSuchRelease(LookupError):
    """There is no such release, or none before the one that is live."""


@dataclass(frozen=True)
class Version:
    """A published version. published: as Lambda writes times, which sort as text; release: empty when unknown."""

    number: int
    release: str
    published: str


@dataclass(frozen=True)
class Deployed:
    """A function: its versions, oldest first, the number that its alias points at (None: it has no such alias), and
    the alias's revision, with which a change is refused when somebody else changed it meanwhile.
    """

    name: str
    versions: tuple[Version, ...]
    live: int | None
    revision: str = ""

    def version(self, number: int | None) -> Version | None:
        """Its version of that number."""
        return next((version for version in self.versions if version.number == number), None)

    def newest_of(self, release: str) -> Version | None:
        """Its newest version of a release: an environment that changed gives a release a second one."""
        return next((version for version in reversed(self.versions) if version.release == release), None)


def live_release(functions: Iterable[Deployed]) -> str:
    """The release that was published last of those that are live. Raises NoSuchRelease when none is."""
    live = [version for function in functions if (version := function.version(function.live))]
    if not live:
        raise NoSuchRelease("no function has a live version")
    return max(live, key=lambda version: version.published).release


def release_before(functions: Iterable[Deployed]) -> str:
    """The release that was published last before the live one was. Raises NoSuchRelease when there is none."""
    functions = tuple(functions)
    current = live_release(functions)
    lives = (function.version(function.live) for function in functions)
    since = min(version.published for version in lives if version and version.release == current)
    earlier = [
        version
        for function in functions
        for version in function.versions
        if version.published < since and version.release not in ("", current)
    ]
    if not earlier:
        raise NoSuchRelease(f"there is no release before {current}")
    return max(earlier, key=lambda version: version.published).release


def releases(functions: Iterable[Deployed]) -> list[str]:
    """Every release, that which was published last first."""
    last: dict[str, str] = {}
    for function in functions:
        for version in function.versions:
            last[version.release] = max(last.get(version.release, ""), version.published)
    return sorted(last, key=lambda release: last[release], reverse=True)


def read(client: LambdaClient, stage: str) -> Iterator[Deployed]:
    """Every function of a stage that a release made, by name.

    Needs the rights `lambda:ListFunctions`, `lambda:ListVersionsByFunction` and `lambda:ListAliases`.
    """
    for name in sorted(_names(client, f"robo-{stage}-")):
        pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        versions = [
            Version(int(found["Version"]), release_of(found.get("Description", "")), found["LastModified"])
            for page in pages
            for found in page["Versions"]
            if found["Version"].isdecimal()
        ]
        aliases = [
            alias
            for page in client.get_paginator("list_aliases").paginate(FunctionName=name)
            for alias in page["Aliases"]
            if alias["Name"] == LIVE
        ]
        yield Deployed(
            name,
            tuple(sorted(versions, key=lambda version: version.number)),
            int(aliases[0]["FunctionVersion"]) if aliases else None,
            aliases[0]["RevisionId"] if aliases else "",
        )


def _names(client: LambdaClient, prefix: str) -> Iterator[str]:
    # What the CDK adds for its own ends is called by the names of our stacks, too, and belongs to no release.
    for page in client.get_paginator("list_functions").paginate():
        for found in page["Functions"]:
            if found["FunctionName"].startswith(prefix) and release_of(found.get("Description", "")):
                yield found["FunctionName"]
