"""Markdown out of untrusted text: what a model or a lead wrote is shown, never interpreted.

`escape` makes a text inert wherever a line of it may stand (paragraph, list item, heading, table cell), for
CommonMark 0.31 and the GitHub extensions (tables, strikethrough, autolinks, maths).
Source: https://spec.commonmark.org/0.31.2/#backslash-escapes, https://github.github.com/gfm/#autolinks-extension-
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ACTIVE = re.compile(r"([\\`*_\[\]|~$@])")
_BLOCK_START = re.compile(r"^(#|\+|-|=|:)")
_ORDERED_START = re.compile(r"^(\d+)([.)])(?=\s|$)")
_SCHEME = re.compile(r"(?i)(https?|ftp|mailto|xmpp):")
_WWW = re.compile(r"(?i)www\.")
# Overrides and isolates reorder the text around them, so that a reader sees another sentence than is stored.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str) -> str:
    """Return `text` on one line: whitespace collapsed, control and bidirectional characters dropped."""
    kept = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or (unicodedata.category(character) != "Cc" and character not in _BIDI)
    )
    return " ".join("".join(kept).split())


def escape(text: str) -> str:
    """Return `text` as one line of Markdown that renders as exactly these characters and as nothing else.

    No heading, list, table cell, code, emphasis, link, image or HTML can come out of it. A renderer that
    links bare e-mail addresses after parsing may still do that.
    """
    safe = _ACTIVE.sub(r"\\\1", one_line(text)).translate(_ENTITIES)
    safe = _SCHEME.sub(r"\1\\:", safe)
    safe = _WWW.sub(lambda found: found.group()[:-1] + "\\.", safe)
    safe = _BLOCK_START.sub(r"\\\1", safe)
    return _ORDERED_START.sub(r"\1\\\2", safe)


def heading(level: int, text: str) -> str:
    """Return a heading; a run of `#` at the end of `text` is kept, not taken for the mark that closes it."""
    words = one_line(text)
    body = words.rstrip("#")
    space = " " if body.endswith(" ") else ""
    return f"{'#' * level} {escape(body)}{space}" + "\\#" * (len(words) - len(body))


def bullets(texts: Iterable[str]) -> str:
    """Return a bullet list of escaped texts."""
    return "\n".join(f"- {escape(text)}" for text in texts)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a GitHub table; every cell is escaped, an empty one is shown as a dash."""
    lines = [_row(header), "|" + " --- |" * len(header)]
    lines += [_row(row) for row in rows]
    return "\n".join(lines)


def number(value: float) -> str:
    """Return a number as a person writes it: `99.5`, `800`, `5,000,000`."""
    return f"{value:,.10g}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escape(cell) or "–" for cell in cells) + " |"
