"""Calls of AWS APIs, and the permissions that they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Parameters = Mapping[str, Any]


class UnknownCall(Exception):
    """Nothing here says what the call needs; it must not be taken for allowed."""


@dataclass(frozen=True)
class Call:
    """A request to AWS. service and operation as boto3 names them (`s3`, `GetObject`), parameters as it takes
    them.
    """

    service: str
    operation: str
    parameters: Parameters


@dataclass(frozen=True)
class Need:
    """One permission. context: the condition keys that come with it, apart from those of whoever asks."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where calls are made: an account in a region. keys: the KMS key that encrypts a bucket, by its name."""

    region: str
    account: str
    partition: str = "aws"
    keys: Mapping[str, str] = field(default_factory=dict)

    def arn(self, service: str, resource: str, *, account: str | None = None) -> str:
        """The ARN of a resource of this region. account: another than the place's, empty for none."""
        owner = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{self.region}:{owner}:{resource}"

    def bucket(self, name: str, key: str | None = None) -> str:
        """The ARN of a bucket or of an object in it."""
        return f"arn:{self.partition}:s3:::{name}" + ("" if key is None else f"/{key}")

    def named(self, given: str, service: str, prefix: str = "") -> str:
        """What a parameter names, by ARN or by name."""
        return given if given.startswith("arn:") else self.arn(service, prefix + given)


Rule = Callable[[Parameters, Place], Iterable[Need]]
"""What an operation needs."""
