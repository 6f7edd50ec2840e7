"""Cuts Markdown by its headings; code and tables stay whole where they fit and are opened again where they do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from functions.knowledge.chunk import Chunk
from functions.knowledge.cutting.blocks import Block, Kind, blocks
from functions.knowledge.cutting.text import CHUNK_CHARACTERS, heading_of, prose_pieces


def cut_markdown(markdown: str, size: int = CHUNK_CHARACTERS) -> list[Chunk]:
    """Return the chunks of a storable text in order, each of up to `size` characters; none for a blank text.

    A heading begins a chunk; one that continues its section begins with the heading again. `Chunk.heading` is the
    way to the section, outermost first; payload `page` is the page a chunk begins on, where pages are marked.
    """
    writer = _Writer(size)
    for block in blocks(markdown):
        if block.kind is Kind.PAGE:
            writer.page = block.level
        elif block.kind is Kind.HEADING and len(block.text) <= size // 4:
            writer.begin_section(block)
        else:
            writer.write(block)
    return writer.finish()


@dataclass
class _Writer:
    """The chunks so far, and the one at hand: the headings that it begins with, and what stands below them.

    told: whether a chunk with these headings has been written already.
    """

    size: int
    page: int | None = None
    chunks: list[Chunk] = field(default_factory=list)
    path: list[tuple[int, str]] = field(default_factory=list)
    heads: str = ""
    told: bool = False
    body: str = ""
    began_on: int | None = None

    def begin_section(self, block: Block) -> None:
        """Begin a chunk; a heading under which nothing was said stays with the one that follows."""
        stacked = f"{self.heads}\n{block.text}"
        if self.heads and not self.told and not self.body and len(stacked) <= self.size // 2:
            self.heads = stacked
        else:
            self.finish()
            self.heads, self.told, self.began_on = block.text, False, self.page
        self.path = [(level, title) for level, title in self.path if level < block.level]
        self.path.append((block.level, block.title))

    def write(self, block: Block) -> None:
        """Put a block below what is there, or into chunks of its own where it does not fit."""
        room = self.size - len(self.heads) - 2 if self.heads else self.size
        for piece in _pieces(block, room):
            if self.body and len(self.body) + 2 + len(piece) > room:
                self._write_chunk()
            if not self.body and (self.told or not self.heads):
                self.began_on = self.page
            self.body = f"{self.body}\n\n{piece}" if self.body else piece

    def finish(self) -> list[Chunk]:
        """Write the chunk at hand, if it says anything; return all."""
        if self.body or (self.heads and not self.told):
            self._write_chunk()
        return self.chunks

    def _write_chunk(self) -> None:
        text = "\n\n".join(part for part in (self.heads, self.body) if part)
        payload: dict[str, Any] = {} if self.began_on is None else {"page": self.began_on}
        self.chunks.append(Chunk(text, heading_of([title for _, title in self.path]), payload))
        self.body, self.told = "", True


def _pieces(block: Block, room: int) -> Iterator[str]:
    """The text of a block in pieces of up to `room` characters."""
    if len(block.text) <= room:
        yield block.text
    elif block.kind in (Kind.FENCE, Kind.TABLE) and len(block.opening) + len(block.closing) + 2 <= room // 2:
        inside = room - len(block.opening) - len(block.closing) - 2
        for lines in _packed(block.inside.split("\n"), inside):
            yield "\n".join(part for part in (block.opening, lines, block.closing) if part)
    else:
        yield from prose_pieces(block.text, room)


def _packed(lines: Iterable[str], size: int) -> Iterator[str]:
    """The lines, as many together as fit; longer ones are cut. None is blank."""
    current: str | None = None
    for line in lines:
        for piece in [line] if len(line) <= size else prose_pieces(line, size):
            if current is not None and len(current) + 1 + len(piece) > size:
                if current.strip():
                    yield current
                current = None
            current = piece if current is None else f"{current}\n{piece}"
    if current and current.strip():
        yield current
