"""Whoever is woken finds commands that exist: of AWS, of ours, with names that the templates have."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from infra.assembly.templates import read_templates
from infra.catalog import CATALOG

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "runbooks"
PAGES = sorted(FOLDER.glob("*.md"))
EXPECTED = {
    "deploy",
    "roll-back",
    "restore",
    "rotate",
    "qdrant-lost",
    "queue-stuck",
    "upload-missing",
    "change-embedding-model",
    "budget-burnt",
    "README",
}
# Of the command line itself, not of an operation.
GLOBAL_OPTIONS = {"query", "output", "region", "no-cli-pager", "max-items", "page-size"}
# What the command line calls otherwise than the service does.
RENAMED = {("sns", "subscribe"): {"notification-endpoint"}}
# Commands of the command line that no service has.
CUSTOM = {("ecr", "get-login-password"): frozenset[str](), ("logs", "tail"): frozenset({"since", "follow"})}
SERVICES = {"s3api": "s3"}


def commands(text: str) -> Iterator[str]:
    """The lines of fenced blocks, continued ones joined."""
    for block in re.findall(r"^```\n(.*?)^```", text, re.S | re.M):
        yield from block.replace("\\\n", " ").splitlines()


def aws_calls(text: str) -> Iterator[list[str]]:
    """Each call of the AWS command line, in blocks and in sentences: its words after `aws`."""
    inline = re.findall(r"`(aws [^`]+)`", text)
    for line in (*commands(text), *inline):
        for found in re.finditer(r"(?<![\w/.-])aws ([a-z0-9]+ .*)", line):
            yield _words(found[1])


def _words(line: str) -> list[str]:
    """The words of one command: up to a pipe, the end of a substitution or of the command."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&)")
    lexer.whitespace_split = True
    words = []
    depth = 0
    for word in lexer:
        depth += word.count("$(")
        if set(word) <= set(";|&)"):
            if depth == 0:
                break
            depth -= word.count(")")
            continue
        if depth == 0 or word.startswith("$("):
            words.append(word)
    return words


def options(words: list[str]) -> set[str]:
    return {word.removeprefix("--").partition("=")[0] for word in words if word.startswith("--")}


def known_options(service: str, operation: str) -> set[str]:
    """What an operation takes, as the command line spells it. Raises KeyError for an operation that is not there."""
    if (service, operation) in CUSTOM:
        return set(CUSTOM[service, operation])
    model = botocore.session.get_session().get_service_model(SERVICES.get(service, service))
    by_name = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(by_name[operation]).input_shape
    members = set() if shape is None else {xform_name(member, "-") for member in shape.members}
    return members | {f"no-{name}" for name in members} | RENAMED.get((service, operation), set())


def test_there_is_a_page_for_each_emergency() -> None:
    assert {page.stem for page in PAGES} == EXPECTED


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_aws_command_exists_with_its_options(page: Path) -> None:
    session = botocore.session.get_session()
    for service, operation, *words in aws_calls(page.read_text(encoding="utf-8")):
        if operation == "wait":
            waiters = session.get_waiter_model(SERVICES.get(service, service)).waiter_names
            assert words[0] in {xform_name(name, "-") for name in waiters}, (service, words)
            continue
        unknown = options(words) - known_options(service, operation) - GLOBAL_OPTIONS
        assert not unknown, f"aws {service} {operation} knows no {unknown}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_name_of_ours_is_in_the_templates(page: Path, assembly_of: Callable[[str], Path]) -> None:
    text = json.dumps(read_templates(assembly_of("prod")))
    for name in set(
        re.findall(r"robo[-/]\$(?:STAGE|\{STAGE\})([-/][A-Za-z0-9/_-]*[A-Za-z0-9])?", page.read_text("utf-8"))
    ):
        wanted = f"robo{name[0] if name else '-'}prod{name}"
        assert wanted in text, f"nothing is called {wanted}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_ours_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))

    assert set(re.findall(r"(?:^|`|&& )make ([a-z]+)", text, re.M)) <= targets
    for module in re.findall(r"python -m ([\w.]+)", text):
        assert importlib.util.find_spec(module), module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_operation_of_the_api_is_a_route(page: Path) -> None:
    routes = {f"{route.method} {route.path}" for route in CATALOG.routes}

    found = re.findall(r"`((?:GET|POST|PATCH|PUT|DELETE) /v1/[^` ]+)`", page.read_text(encoding="utf-8"))
    assert set(found) <= routes


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_a_command_that_does_not_exist_would_be_seen() -> None:
    (call,) = aws_calls("`aws rds restore-db-instance-to-point-in-time --source-db Instance --query x | cat`")

    assert call[:2] == ["rds", "restore-db-instance-to-point-in-time"]
    assert options(call[2:]) - known_options(call[0], call[1]) - GLOBAL_OPTIONS == {"source-db"}
    with pytest.raises(KeyError):
        known_options("rds", "restore-everything")
