"""Which words of a passage a query met: offsets into its text, by the same stems as the lexical search.

Source: `shared.adapters.lexical`. A word is met when it and the query share a stem; of an identifier the part that is
met is shown (`user` in `getUserName`), of a run of Chinese, Japanese or Korean the pairs of characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from shared.adapters.lexical import words

_RUN = re.compile(r"[^\W_]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True)
class Highlight:
    """A place in a text: from `start` up to and without `end`, in Unicode code points."""

    start: int
    end: int


def highlights(text: str, query: str) -> list[Highlight]:
    """Return the places in `text` that words of `query` met, in order and without overlaps.

    Empty when the passage was found by its meaning alone, or the query has nothing but stopwords.
    """
    wanted = frozenset(words(query))
    if not wanted:
        return []
    plain, places = _normalised(text)
    found: list[Highlight] = []
    for run in _RUN.finditer(plain):
        for start, end in _met(run[0], wanted):
            place = Highlight(places[run.start() + start][0], places[run.start() + end - 1][1])
            if found and place.start < found[-1].end:
                place = Highlight(found.pop().start, place.end)
            found.append(place)
    return found


def _met(run: str, wanted: frozenset[str]) -> list[tuple[int, int]]:
    """The parts of a run of letters and digits that the query met; the whole run when no part alone is."""
    if wanted.isdisjoint(words(run)):
        return []
    met = [place for place in _parts(run) if not wanted.isdisjoint(words(run[slice(*place)]))]
    return met or [(0, len(run))]


def _parts(run: str) -> Iterator[tuple[int, int]]:
    for part in _PART.finditer(run):
        if _UNSPACED.search(part[0]):
            yield from ((start, start + 2) for start in range(part.start(), part.end() - 1))
        else:
            yield part.span()


def _normalised(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text in NFKC, as the lexical search reads it, and where each of its characters stands in the original."""
    if unicodedata.is_normalized("NFKC", text):
        return text, [(index, index + 1) for index in range(len(text))]
    plain: list[str] = []
    places: list[tuple[int, int]] = []
    for start, end in _clusters(text):
        made = unicodedata.normalize("NFKC", text[start:end])
        plain.append(made)
        places += [(start, end)] * len(made)
    return "".join(plain), places


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a text that normalise on their own: a character and what joins it."""
    start = 0
    for index in range(1, len(text)):
        if not _joins(text[start:index], text[index]):
            yield start, index
            start = index
    if text:
        yield start, len(text)


def _joins(before: str, character: str) -> bool:
    if character.isascii():
        return False
    if unicodedata.combining(character):
        return True
    # A sign and a vowel, or halfwidth kana and its voicing mark, become one character although neither combines.
    apart = unicodedata.normalize("NFKC", before) + unicodedata.normalize("NFKC", character)
    return unicodedata.normalize("NFKC", before + character) != apart
