"""Python source out of untrusted text: literals, docstrings and expressions laid out as ruff would.

Text of a model reaches a generated file only through `literal` (a string that evaluates to exactly that text)
or `docstring` (prose that cannot end its quotes); everything else is made of names from `naming`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LINE_LENGTH = 110


def width(text: str) -> int:
    """Return how many columns `text` takes: wide East Asian characters take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def literal(text: str) -> str:
    """Return a one-line string literal of `text`, in the quotes that need fewer escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escaped(character, quote) for character in text) + quote


def _escaped(character: str, quote: str) -> str:
    if character == quote or character == "\\":
        return f"\\{character}"
    # Not printable includes the bidi controls, which would show the reader other code than runs.
    return character if character.isprintable() else repr(character)[1:-1]


def prose(text: str) -> str:
    """Return `text` as one line of printable characters, whitespace collapsed."""
    kept = (" " if character.isspace() else character for character in text)
    return " ".join("".join(character for character in kept if character.isprintable()).split())


def docstring(paragraphs: Iterable[str], indent: int = 0) -> str:
    """Return an indented docstring, ending in a newline; each paragraph is wrapped to the line length."""
    margin = " " * indent
    shown = [_wrapped(_inert(prose(text)), LINE_LENGTH - indent - 3) for text in paragraphs if prose(text)]
    lines = [line for number, block in enumerate(shown) for line in (*([""] if number else []), *block)]
    if len(lines) == 1:
        ending = " " if lines[0].endswith('"') else ""
        return f'{margin}"""{_spaced(lines[0])}{ending}"""\n'
    body = "".join(f"{margin}{line}\n" if line else "\n" for line in lines[1:])
    return f'{margin}"""{_spaced(lines[0])}\n{body}{margin}"""\n'


def _inert(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _spaced(line: str) -> str:
    return f" {line}" if line.startswith('"') else line


def _wrapped(text: str, limit: int) -> list[str]:
    lines: list[str] = []
    # Leave room for closing quotes on a line of their own or after a single line.
    for word in text.split():
        if lines and width(lines[-1]) + 1 + width(word) <= limit - 4:
            lines[-1] += f" {word}"
        else:
            lines += _pieces(word, limit - 4)
    return lines


def _pieces(word: str, limit: int) -> list[str]:
    pieces = [""]
    for character in word:
        # An escape of `_inert` must not be torn apart.
        last = pieces[-1]
        torn = (len(last) - len(last.rstrip("\\"))) % 2 == 1
        if width(last) + width(character) > limit and not torn:
            pieces.append("")
        pieces[-1] += character
    return pieces


@dataclass(frozen=True)
class Words:
    """A string in an expression; one that does not fit a line is split between words."""

    text: str
    prefix: str = ""


@dataclass(frozen=True)
class Group:
    """A bracketed list in an expression: a call, a tuple, a dict, a signature."""

    opening: str
    items: Sequence[Node]
    closing: str


Node = str | Words | Group


def strings(texts: Iterable[str], prefix: str = "") -> Group:
    """Return a tuple of strings."""
    items = [Words(text) for text in texts]
    return Group(f"{prefix}(", items, ",)" if len(items) == 1 else ")")


def layout(node: Node, indent: int = 0, ending: str = "") -> str:
    """Return the source of `node` from column `indent` on: on one line where it fits, else one item a line."""
    flat = _flat(node) + ending
    if indent + width(flat) <= LINE_LENGTH or isinstance(node, str):
        return f"{' ' * indent}{flat}\n"
    margin = " " * indent
    if isinstance(node, Words):
        inner = "".join(
            f"{margin}    {piece}\n" for piece in _split_literal(node.text, LINE_LENGTH - indent - 4)
        )
        return f"{margin}{node.prefix}(\n{inner}{margin}){ending}\n"
    inner = "".join(layout(item, indent + 4, ",") for item in node.items)
    return f"{margin}{node.opening}\n{inner}{margin}{node.closing.removeprefix(',')}{ending}\n"


def import_names(module: str, names: Iterable[str]) -> str:
    """Return `from module import …`, sorted as isort does (constants, classes, the rest), wrapped when long."""
    ordered = sorted(set(names), key=_import_order)
    flat = f"from {module} import {', '.join(ordered)}"
    return (
        f"{flat}\n" if width(flat) <= LINE_LENGTH else layout(Group(f"from {module} import (", ordered, ")"))
    )


def _import_order(name: str) -> tuple[int, str]:
    constant = name.isupper() and len(name) > 1
    return (0 if constant else 1 if name[0].isupper() else 2, name)


def _flat(node: Node) -> str:
    if isinstance(node, str):
        return node
    if isinstance(node, Words):
        return node.prefix + literal(node.text)
    return node.opening + ", ".join(_flat(item) for item in node.items) + node.closing


def _split_literal(text: str, limit: int) -> list[str]:
    """Return literals of at most `limit` columns that make up `text`, split behind spaces where it has any."""
    pieces, room = [""], limit - 2
    for word in text.split(" "):
        token = f"{word} "
        # At worst every quote of either kind is escaped.
        taken = [width(_escaped(character, '"')) + (character == "'") for character in token]
        if sum(taken) > room and pieces[-1]:
            pieces, room = [*pieces, ""], limit - 2
        if sum(taken) <= room:
            pieces[-1] += token
            room -= sum(taken)
            continue
        for character, columns in zip(token, taken, strict=True):
            if columns > room:
                pieces, room = [*pieces, ""], limit - 2
            pieces[-1] += character
            room -= columns
    pieces[-1] = pieces[-1][:-1]
    return [literal(piece) for piece in pieces if piece]
