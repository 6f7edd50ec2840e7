"""Which lines of a file a part of it stands on."""

from __future__ import annotations

import re
from bisect import bisect_right

_WORD = re.compile(r"\S")
_INDENTATION = re.compile(r"[ \t]*")


class Lines:
    """The lines of a text, counted from 1."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def number(self, place: int) -> int:
        """Return the line that a character stands on."""
        return bisect_right(self._starts, place)

    def start(self, place: int) -> int:
        """Return the place before the indentation of what begins at `place`; itself when it begins no line."""
        begin = self._starts[self.number(place) - 1]
        indentation = _INDENTATION.match(self._text, begin)
        return begin if indentation and indentation.end() >= place else place

    def span(self, start: int, end: int) -> dict[str, int]:
        """Return first_line and last_line of what is written between two places; it must not be blank."""
        written = self._text[start:end]
        first = _WORD.search(written)
        begin = start + (first.start() if first else 0)
        last = start + max(len(written.rstrip()) - 1, 0)
        return {"first_line": self.number(begin), "last_line": self.number(max(begin, last))}
