"""What every way of cutting stands on: how long a chunk is, what can be stored, where a long text is cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

# About 200 words of prose or 30 lines of code: about one thing, and within what embedding models read.
CHUNK_CHARACTERS = 1200
# What is smaller shares a chunk with what stands beside it, where nothing else keeps them apart.
SMALL_CHARACTERS = 300
# A signature or a heading that is said again may take so much of each chunk.
REPEATED_CHARACTERS = CHUNK_CHARACTERS // 4
NAME_CHARACTERS = 120
# What a row takes; see knowledge.chunks.
_HEADING_CHARACTERS = 1000
_SEPARATOR = " > "

_LINE_ENDS = re.compile(r"\r\n?")
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NO_WORD = re.compile(r"\W")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_INDENTATION = re.compile(r"[ \t]*")
_EndOf = Callable[[str, int, int], int]
"""Where a piece of a text ends that begins at a place and may have so many characters."""
_SENTENCE_ENDS = (". ", "! ", "? ", "。", "！", "？")


def storable(text: str) -> str:
    """Return the text with line ends as `\\n`, a blank for each control character, U+FFFD for lone surrogates."""
    return _SURROGATES.sub("�", _UNSTORABLE.sub(" ", _LINE_ENDS.sub("\n", text)))


def shortened(text: str, size: int) -> str:
    """Return the text on one line, of at most `size` characters."""
    single = " ".join(text.split())
    return single if len(single) <= size else single[: size - 1].rstrip() + "…"


def heading_of(path: list[str] | tuple[str, ...]) -> str:
    """Return where something stands, outermost first; what is outermost goes where all of it is too long."""
    names = [shortened(name, NAME_CHARACTERS) for name in path if name.strip()]
    while len(_SEPARATOR.join(names)) > _HEADING_CHARACTERS:
        names.pop(0)
    return _SEPARATOR.join(names)


def prose_pieces(text: str, size: int) -> Iterator[str]:
    """The text in pieces of up to `size` characters, cut at the end of a line, of a sentence or of a word.

    A word that is longer than half a piece may be cut itself. No piece is blank.
    """
    for start, end in _ranges(text, 0, len(text), size, _end_in_prose):
        if piece := text[start:end].strip():
            yield piece


def line_ranges(text: str, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """The places of `text[start:end]` in pieces of up to `size` characters that follow upon each other.

    Cut before the line that is indented least, after a blank line if there is one, then at a blank, then between
    words: whole blocks stay together without knowing the language.
    """
    return _ranges(text, start, end, size, _end_in_code)


def _ranges(text: str, start: int, end: int, size: int, end_of: _EndOf) -> Iterator[tuple[int, int]]:
    while end - start > size:
        cut = end_of(text, start, size)
        yield start, cut
        start = cut
    if start < end:
        yield start, end


def _end_in_prose(text: str, start: int, size: int) -> int:
    half, limit = start + size // 2, start + size
    line = text.rfind("\n", half, limit)
    if line >= 0:
        return line + 1
    sentence = max(
        place + len(mark) if (place := text.rfind(mark, half, limit)) >= 0 else -1 for mark in _SENTENCE_ENDS
    )
    if sentence >= 0:
        return min(sentence, limit)
    blank = max(text.rfind(mark, half, limit) for mark in (" ", "\t"))
    return blank + 1 if blank >= 0 else _between_words(text, start + size // 2, limit)


def _end_in_code(text: str, start: int, size: int) -> int:
    limit = start + size
    for begin in (start + size // 2, start):
        best, least = -1, 2 * size + 4
        place = text.find("\n", begin, limit)
        while place >= 0:
            indentation = _INDENTATION.match(text, place + 1)
            at = indentation.end() if indentation else place + 1
            # Among lines of one depth, one after a blank line begins something new.
            deep = 2 * (at - place) + (0 if text.startswith("\n", place - 1) else 1)
            if deep <= least and not text.startswith("\n", at):
                best, least = place + 1, deep
            place = text.find("\n", place + 1, limit)
        if best > start:
            return best
    blanks = max(text.rfind(mark, start + size // 2, limit) for mark in (" ", ";", ",", "\t"))
    return blanks + 1 if blanks >= 0 else _between_words(text, start + size // 2, limit)


def _between_words(text: str, half: int, limit: int) -> int:
    """The last place where no word is cut; the limit where a word goes on all the way."""
    return max((found.end() for found in _NO_WORD.finditer(text, half, limit)), default=limit)
