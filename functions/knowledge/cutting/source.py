"""Cuts source code: a chunk a function or method, the heads of classes, and what stands around them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from functions.knowledge.chunk import Chunk
from functions.knowledge.cutting.languages import GRAMMARS
from functions.knowledge.cutting.lines import Lines
from functions.knowledge.cutting.outline import FUNCTION, SCOPE, Part, outline
from functions.knowledge.cutting.text import (
    CHUNK_CHARACTERS,
    REPEATED_CHARACTERS,
    SMALL_CHARACTERS,
    heading_of,
    line_ranges,
)

# Larger files were written by programs: they are cut by their lines.
_PARSED_AT_MOST = 1_000_000
_WORD = re.compile(r"\w")
_OMITTED = " …\n"
# What stands between two pieces of the rest of a module.
_APART = "\n\n"
_REST_OF_LINE = re.compile(r"[ \t]*[;,]?[ \t]*(?:(?://|#)[^\n]*)?(?=\n|$)")
_NAME_CHARACTERS = 300


def cut_source(language: str, text: str) -> list[Chunk]:
    """Return the chunks of a storable source file in order; none for a blank text.

    A function or method is a chunk with the comments, decorators and attributes above it; one that is too long is cut
    between its statements, and its signature is said again. A class is its head, with the signatures of what is
    chunks of their own. The rest of the module comes as it stands. Payload: language, imports (of the file),
    first_line, last_line and, of functions and classes, function_name; of functions complexity. `Chunk.heading`
    names the classes too. A language without a grammar is cut by its lines.
    """
    seen = outline(language, text) if language in GRAMMARS and len(text) <= _PARSED_AT_MOST else None
    of_file: dict[str, Any] = {"language": language}
    if seen is None:
        writer = _Writer(text, of_file)
        writer.write_rest([(0, len(text))], [])
        return writer.chunks()
    if seen.imports:
        of_file["imports"] = seen.imports
    writer = _Writer(text, of_file)
    parts, cuts = _unscoped(seen.module)
    for part in _every(parts):
        writer.write_part(part)
    writer.write_rest(writer.gaps(0, len(text), parts), cuts)
    return writer.chunks()


def _unscoped(module: Part) -> tuple[list[Part], list[int]]:
    """The outermost functions and classes, and where statements begin around them: scopes only name."""
    parts: list[Part] = []
    cuts: list[int] = []
    waiting = [module]
    while waiting:
        scope = waiting.pop()
        cuts += scope.cuts
        for member in scope.members:
            (waiting if member.kind == SCOPE else parts).append(member)
    return sorted(parts, key=lambda part: part.start), sorted(set(cuts))


def _every(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts and what they hold, however deep."""
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        yield part
        waiting += part.members


class _Piece(NamedTuple):
    """What goes into one chunk whole. told: what is written instead of what follows it."""

    start: int
    end: int
    told: str = ""


@dataclass(frozen=True)
class _Placed:
    start: int
    chunk: Chunk


class _Writer:
    def __init__(self, text: str, of_file: dict[str, Any]) -> None:
        self._text = text
        self._of_file = of_file
        self._lines = Lines(text)
        self._placed: list[_Placed] = []

    def chunks(self) -> list[Chunk]:
        """Return what was written, in the order of the file."""
        return [placed.chunk for placed in sorted(self._placed, key=lambda placed: placed.start)]

    def write_part(self, part: Part) -> None:
        """Write a function, or what a class is beside its members."""
        found: dict[str, Any] = {"function_name": ".".join(part.names)[-_NAME_CHARACTERS:]}
        if part.kind == FUNCTION:
            found["complexity"] = part.complexity
        start, end = self._extent(part)
        pieces = list(self._pieces(part, start, end))
        written = sum(piece.end - piece.start + len(piece.told) for piece in pieces)
        again = "" if written <= CHUNK_CHARACTERS else self._signature(part)
        self._write(self._groups(pieces, again), heading_of(part.headings), found, again)

    def write_rest(self, ranges: Iterable[tuple[int, int]], cuts: list[int]) -> None:
        """Write what stands outside of functions and classes; small pieces of it stand together."""
        pieces = [piece for start, end in ranges for piece in self._between(start, end, cuts)]
        self._write(self._groups(pieces, "", apart=True), "", {}, "")

    def gaps(self, start: int, end: int, parts: list[Part]) -> Iterator[tuple[int, int]]:
        """The places between two where none of some parts is."""
        for part in sorted(parts, key=lambda each: each.start):
            begin, stop = self._extent(part)
            if start < begin:
                yield start, begin
            start = max(start, stop)
        if start < end:
            yield start, end

    def _extent(self, part: Part) -> tuple[int, int]:
        """A part with the indentation before it and with what ends its last line."""
        rest = _REST_OF_LINE.match(self._text, part.end)
        return self._lines.start(part.start), rest.end() if rest else part.end

    def _pieces(self, part: Part, start: int, end: int) -> Iterator[_Piece]:
        """A function by its statements; a class by its members, of which some are signatures only."""
        cuts = sorted({self._lines.start(cut) for cut in part.cuts})
        place = start
        for member in sorted(part.members, key=lambda each: each.start):
            begin, stop = self._extent(member)
            yield from self._between(place, begin, cuts)
            head, body = self._lines.start(member.head), min(member.body, member.head + REPEATED_CHARACTERS)
            yield _Piece(head, self._end_of_signature(head, body), _OMITTED)
            place = max(place, stop)
        yield from self._between(place, end, cuts)

    def _between(self, start: int, end: int, cuts: list[int]) -> Iterator[_Piece]:
        """What is written between two places, by the statements that begin there."""
        place = start
        for cut in [*cuts[bisect_left(cuts, start + 1) : bisect_left(cuts, end)], end]:
            begin = max(place, self._lines.start(cut)) if cut < end else end
            if begin > place and self._text[place:begin].strip():
                yield _Piece(place, begin)
                place = begin
        if place < end and self._text[place:end].strip():
            yield _Piece(place, end)

    def _end_of_signature(self, start: int, body: int) -> int:
        written = self._text[start:body].rstrip()
        return start + len(written.removesuffix("{").rstrip())

    def _signature(self, part: Part) -> str:
        """What is said again in each chunk of a part after its first."""
        written = self._text[self._lines.start(part.head) : part.body].rstrip()
        if part.body >= part.end:  # without a body: the first line says what it is
            written = written.partition("\n")[0]
        if len(written) > REPEATED_CHARACTERS:
            written = written[: REPEATED_CHARACTERS - 1].rstrip() + "…"
        return written

    def _groups(self, pieces: Iterable[_Piece], again: str, apart: bool = False) -> Iterator[list[_Piece]]:
        """The pieces, as many together as fit. apart: what something else stands between, only where it is small."""
        room = CHUNK_CHARACTERS - (len(again) + 1 if again else 0)
        group: list[_Piece] = []
        size = 0
        for piece in self._fitting(pieces, room):
            length = piece.end - piece.start + len(_APART if apart else piece.told)
            severed = apart and bool(group) and group[-1].end < piece.start and size > SMALL_CHARACTERS
            if group and (size + length > room or severed):
                yield group
                group, size = [], 0
            group.append(piece)
            size += length
        if group:
            yield group

    def _fitting(self, pieces: Iterable[_Piece], room: int) -> Iterator[_Piece]:
        for piece in pieces:
            if piece.end - piece.start + len(piece.told) <= room:
                yield piece
            else:
                yield from (_Piece(*each) for each in line_ranges(self._text, piece.start, piece.end, room))

    def _write(self, groups: Iterable[list[_Piece]], heading: str, found: dict[str, Any], again: str) -> None:
        """Write a chunk for each group. again: what those after the first begin with."""
        first = True
        for group in groups:
            written = self._together(group).strip("\n").rstrip()
            if not _WORD.search(written):
                continue
            text = written if first or not again else f"{again}\n{written}"
            places = self._lines.span(group[0].start, group[-1].end)
            payload = {**self._of_file, **found, **places}
            self._placed.append(_Placed(group[0].start, Chunk(text, heading, payload)))
            first = False

    def _together(self, group: list[_Piece]) -> str:
        """The pieces of a group as they follow upon each other; where something was left out, a line is blank."""
        parts: list[str] = []
        before: _Piece | None = None
        for piece in group:
            written = self._text[piece.start : piece.end]
            if before is not None and not before.told and not piece.told and before.end < piece.start:
                parts[-1] = parts[-1].rstrip()
                parts += [_APART, written.lstrip("\n")]
            else:
                parts.append(written + piece.told)
            before = piece
        return "".join(parts)
