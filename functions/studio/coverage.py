"""Whether a launch kit keeps its promise: every requirement of the PRD is planned, drawn, built and tested.

The kit is judged by the files themselves, as a reader receives them, not by the answers they were made from.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from typing import Any, Final

PRD: Final = "docs/prd.md"
PLAN: Final = "docs/plan.json"
WIREFRAME: Final = "docs/wireframe.json"
PROTOTYPE: Final = "prototypes/index.html"
SOURCES: Final = "project/src/"
TESTS: Final = "project/tests/"

_ID: Final = re.compile(r"\bFR-[1-9][0-9]?\b")
_IN_NAME: Final = re.compile(r"(?:^|_)fr_?([1-9][0-9]?)(?=_|$)", re.IGNORECASE)
_SECTION: Final = re.compile(
    r"^##[ \t]+Functional requirements[ \t]*$(.*?)(?=^#{1,2}[ \t]|\Z)", re.M | re.S | re.I
)
_HEADING: Final = re.compile(r"^#{3,6}[ \t]+(FR-[1-9][0-9]?)\b", re.M)
_ITEM: Final = re.compile(r"^[ \t]*[-*+][ \t]+(?:\*\*|__)?(FR-[1-9][0-9]?)\b", re.M)


class _Unreadable(Exception):
    """A file of the kit that is missing or is not what its name says; the message is a sentence."""


def requirement_gaps(kit: Mapping[str, str | bytes]) -> list[str]:
    """Return a plain sentence for each requirement that a part of the kit lacks; empty when all is covered.

    `kit` maps path → content. A requirement is what the PRD defines in its section "Functional requirements",
    as a heading `FR-n` (or, when there are no such headings, as a list item). It must be

    - cited by a story of `docs/plan.json` and served by a component of a screen of `docs/wireframe.json`;
    - marked by `data-fr` on an element of the prototype and, when the page draws itself from data, realised
      by an action that stands on a screen;
    - named by the docstring or the name of something under `project/src` that does something, and by a test
      under `project/tests` that asserts something.

    Files that are missing or cannot be read are reported, not raised.
    """
    try:
        required = _defined(_text(kit, PRD))
    except _Unreadable as error:
        return [str(error)]
    if not required:
        return [f"{PRD} defines no functional requirement."]
    gaps: list[str] = []
    parts: list[tuple[str, Callable[[Mapping[str, str | bytes]], set[str]], str]] = [
        (PLAN, _planned, "no story cites it"),
        (WIREFRAME, _drawn, "no component of a screen serves it"),
        (PROTOTYPE, _marked, "no element is marked with it"),
        (PROTOTYPE, _clickable, "no action on a screen realises it"),
        (SOURCES, _realised, "no code names it"),
        (TESTS, _tested, "no test proves it"),
    ]
    for place, covered_by, reason in parts:
        try:
            covered = covered_by(kit)
        except _Unreadable as error:
            gaps.append(str(error))
        else:
            gaps += [f"{item} is not in {place}: {reason}." for item in required if item not in covered]
    return list(dict.fromkeys(gaps))


def _defined(prd: str) -> list[str]:
    section = _SECTION.search(prd)
    if section is None:
        return []
    found = _HEADING.findall(section[1]) or _ITEM.findall(section[1])
    return list(dict.fromkeys(found))


def _text(kit: Mapping[str, str | bytes], path: str) -> str:
    content = kit.get(path)
    if content is None:
        raise _Unreadable(f"{path} is missing.")
    if isinstance(content, str):
        return content
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _Unreadable(f"{path} is not UTF-8 text.") from None


def _json(kit: Mapping[str, str | bytes], path: str) -> Any:
    try:
        return json.loads(_text(kit, path))
    except (ValueError, RecursionError):
        raise _Unreadable(f"{path} is not JSON.") from None


def _objects(value: Any, key: str) -> list[dict[str, Any]]:
    """Return the objects in the list under `key`; nothing when `value` is shaped otherwise."""
    items = value.get(key) if isinstance(value, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _ids(value: Any) -> set[str]:
    """Return the requirement ids in a list of strings, or in a string."""
    items = value if isinstance(value, list) else [value]
    return {item for item in items if isinstance(item, str) and _ID.fullmatch(item)}


def _planned(kit: Mapping[str, str | bytes]) -> set[str]:
    stories = _objects(_json(kit, PLAN), "stories")
    return {item for story in stories for item in _ids(story.get("requirements"))}


def _drawn(kit: Mapping[str, str | bytes]) -> set[str]:
    return {
        item
        for screen in _objects(_json(kit, WIREFRAME), "screens")
        for component in _objects(screen, "components")
        for item in _ids(component.get("requirements"))
    }


class _Page(HTMLParser):
    """Collects what elements are marked with, and the data that the page draws itself from."""

    def __init__(self) -> None:
        super().__init__()
        self.marked: set[str] = set()
        self.data: list[str] = []
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.marked |= _ids((given.get("data-fr") or "").split())
        self._in_data = tag == "script" and given.get("type") == "application/json"
        if self._in_data:
            self.data.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_data = self._in_data and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data[-1] += data


def _page(kit: Mapping[str, str | bytes]) -> _Page:
    page = _Page()
    page.feed(_text(kit, PROTOTYPE))
    page.close()
    return page


def _marked(kit: Mapping[str, str | bytes]) -> set[str]:
    return _page(kit).marked


def _clickable(kit: Mapping[str, str | bytes]) -> set[str]:
    page = _page(kit)
    if not page.data:
        return page.marked
    realised: set[str] = set()
    for text in page.data:
        try:
            model = json.loads(text)
        except (ValueError, RecursionError):
            raise _Unreadable(f"{PROTOTYPE} holds data that is not JSON.") from None
        placed = set(_placed(model))
        for action in _objects(model, "actions"):
            if action.get("id") in placed:
                realised |= _ids(action.get("requirement"))
    return realised


def _placed(model: Any) -> Iterator[str]:
    """Yield the ids of the actions that stand on a screen: in a component, or beside them (`left`)."""
    for screen in _objects(model, "screens"):
        places = [screen.get("left"), *(part.get("actions") for part in _objects(screen, "components"))]
        for names in places:
            if isinstance(names, list):
                yield from (name for name in names if isinstance(name, str))


def _modules(kit: Mapping[str, str | bytes], folder: str) -> list[ast.Module]:
    paths = sorted(path for path in kit if path.startswith(folder) and path.endswith(".py"))
    if not paths:
        raise _Unreadable(f"{folder} holds no Python file.")
    modules = []
    for path in paths:
        try:
            modules.append(ast.parse(_text(kit, path)))
        except (SyntaxError, ValueError, RecursionError):
            raise _Unreadable(f"{path} is not Python.") from None
    return modules


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _definitions(modules: list[ast.Module]) -> Iterator[_Definition]:
    for module in modules:
        yield from (node for node in ast.walk(module) if isinstance(node, _Definition))


def _named(node: _Definition) -> set[str]:
    named = {f"FR-{number}" for number in _IN_NAME.findall(node.name)}
    return named | set(_ID.findall(ast.get_docstring(node) or ""))


def _does_something(node: _Definition) -> bool:
    """Whether a body holds more than a docstring, `pass`, `...` and `raise NotImplementedError`."""
    for statement in node.body:
        if isinstance(statement, ast.Pass):
            continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if isinstance(statement, ast.Raise) and "NotImplementedError" in ast.dump(statement):
            continue
        return True
    return False


def _realised(kit: Mapping[str, str | bytes]) -> set[str]:
    definitions = _definitions(_modules(kit, SOURCES))
    return {item for node in definitions if _does_something(node) for item in _named(node)}


def _asserts(node: _Definition) -> bool:
    for part in ast.walk(node):
        if isinstance(part, ast.Assert):
            return True
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            name = part.func.attr
            if name.startswith("assert") or name in ("raises", "fail"):
                return True
    return False


def _tested(kit: Mapping[str, str | bytes]) -> set[str]:
    definitions = _definitions(_modules(kit, TESTS))
    tests = [node for node in definitions if node.name.startswith("test") and _asserts(node)]
    return {item for node in tests for item in _named(node)}
