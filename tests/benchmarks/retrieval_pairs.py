"""Held-out pairs to measure retrieval with: what one asks, and the one passage that answers.

From packages that are installed for the product anyway, so that nothing is fetched and nothing was written for the
occasion. Of code: the first paragraph of a docstring, and its function without the docstring. Of prose: a heading,
and the first paragraph below it. Which pairs are taken and in which half they fall is decided by their SHA-256.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Literal

Half = Literal["tuning", "reported"]

# Written by hand and documented by their authors; what a generator wrote says the same a thousand times.
_CODE = (
    "alembic",
    "beautifulsoup4",
    "botocore",
    "flask",
    "httpx",
    "hypothesis",
    "jinja2",
    "jsonschema",
    "moto",
    "networkx",
    "pillow",
    "psycopg",
    "pydantic",
    "pygments",
    "pytest",
    "redis",
    "requests",
    "rich",
    "sqlalchemy",
    "starlette",
    "werkzeug",
)
# No package may be more of a half than this.
_PER_PACKAGE = 40
_SHORTEST_BODY, _LONGEST_BODY = 4, 60
_LONGEST_QUESTION = 300
_SHORTEST_PARAGRAPH, _LONGEST_PARAGRAPH = 120, 1_500
_MEMBERS = (ast.FunctionDef, ast.AsyncFunctionDef)
_MARKED = re.compile(r"^#{1,5}\s+(?P<heading>.+?)\s*#*$")
_UNDERLINE = re.compile(r"^(?:={4,}|-{4,}|~{4,}|\^{4,})$")
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|`([^`]*)`_?|<[^>]*>|\*{1,2}([^*]*)\*{1,2}")


@dataclass(frozen=True)
class Pair:
    """A question, the passage that answers it, and the package both are from."""

    package: str
    question: str
    passage: str

    @property
    def order(self) -> bytes:
        """A place in an order that nobody chose."""
        return sha256(f"{self.question}\n{self.passage}".encode()).digest()


def pairs(kind: Literal["code", "prose"], half: Half, wanted: int) -> list[Pair]:
    """Return the pairs of a half, at most `wanted`. None is in both, or there twice."""
    parity = 0 if half == "tuning" else 1
    found = [pair for pair in _all(kind) if pair.order[-1] % 2 == parity]
    taken: list[Pair] = []
    packages: Counter[str] = Counter()
    for pair in found:
        if len(taken) < wanted and packages[pair.package] < _PER_PACKAGE:
            packages[pair.package] += 1
            taken.append(pair)
    return taken


@cache
def _all(kind: Literal["code", "prose"]) -> tuple[Pair, ...]:
    return tuple(
        sorted(_unique(_functions() if kind == "code" else _paragraphs()), key=lambda pair: pair.order)
    )


def _unique(found: Iterable[Pair]) -> list[Pair]:
    """Only what can be told apart: the synchronous twin of a method has the same docstring."""
    every = list(found)
    questions = Counter(pair.question.casefold() for pair in every)
    passages = Counter(pair.passage for pair in every)
    return [pair for pair in every if questions[pair.question.casefold()] == passages[pair.passage] == 1]


def _functions() -> Iterator[Pair]:
    for package, path in _files(".py", _CODE):
        try:
            source = path.read_text(encoding="utf-8")
            tree = ast.parse(source)
        except (SyntaxError, UnicodeDecodeError):
            continue
        lines = source.splitlines()
        for node in ast.walk(tree):
            if isinstance(node, _MEMBERS) and (pair := function_pair(package, node, lines)):
                yield pair


def function_pair(
    package: str, node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]
) -> Pair | None:
    """Return what a function's docstring asks for, None when it says too little or the function is no passage."""
    question = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())[:_LONGEST_QUESTION]
    if len(question.split()) < 4 or len(node.body) < 2:
        return None
    documented = node.body[0]
    kept = (
        lines[node.lineno - 1 : documented.lineno - 1] + lines[documented.end_lineno or 0 : node.end_lineno]
    )
    kept = [line for line in kept if line.strip()]
    if not _SHORTEST_BODY <= len(kept) <= _LONGEST_BODY:
        return None
    return Pair(package, question, textwrap.dedent("\n".join(kept)))


def _paragraphs() -> Iterator[Pair]:
    for distribution in _installed():
        text = distribution.metadata.get_payload()
        yield from prose_pairs(distribution.name, text if isinstance(text, str) else "")
    for package, path in _files(".md"):
        yield from prose_pairs(package, path.read_text(encoding="utf-8", errors="replace"))


def prose_pairs(package: str, text: str) -> Iterator[Pair]:
    """Yield the headings of Markdown or reStructuredText, each with the first paragraph of prose below it."""
    heading = ""
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        lines = [line.rstrip() for line in block.strip("\n").splitlines()]
        if lines and (marked := _MARKED.match(lines[0])):
            heading, lines = marked["heading"], lines[1:]
        elif len(lines) > 1 and _UNDERLINE.match(lines[1]):
            heading, lines = lines[0], lines[2:]
        paragraph = _plain(" ".join(lines))
        question = _plain(heading)
        if heading and _is_prose(lines, paragraph) and len(question.split()) > 1:
            yield Pair(package, question, paragraph)
            heading = ""


def _is_prose(lines: list[str], paragraph: str) -> bool:
    sized = _SHORTEST_PARAGRAPH <= len(paragraph) <= _LONGEST_PARAGRAPH
    return sized and lines[0][:1].isalpha() and sum(map(str.isalpha, paragraph)) > 0.7 * len(paragraph)


def _plain(text: str) -> str:
    return " ".join(_MARKUP.sub(lambda match: next(filter(None, match.groups()), ""), text).split())


def _files(ending: str, packages: Collection[str] = ()) -> Iterator[tuple[str, Path]]:
    for distribution in _installed():
        if packages and distribution.name.casefold() not in packages:
            continue
        for file in distribution.files or ():
            if file.suffix == ending and ".." not in file.parts and "tests" not in file.parts:
                yield distribution.name, Path(str(distribution.locate_file(file)))


def _installed() -> list[Distribution]:
    return sorted(distributions(), key=lambda distribution: distribution.name.casefold())
