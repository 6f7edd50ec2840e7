"""Cuts a document into passages that are embedded and found on their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

# About 200 words: small enough to be about one thing, well under what embedding models read.
CHUNK_CHARACTERS = 1200

_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_HEADING = re.compile(r"#{1,6} \S")


def chunk_text(text: str, size: int = CHUNK_CHARACTERS) -> list[str]:
    """Return passages of up to `size` characters, in order; none for a blank text.

    Markdown headings begin a passage, and one that continues a section repeats its heading. Paragraphs stay
    whole where they fit; longer ones are cut between lines, sentences or words.
    """
    chunks: list[str] = []
    heading, current = "", ""
    for block in _BLANK_LINES.split(text.strip()):
        first, _, below = block.partition("\n")
        if _HEADING.match(first) and len(first) <= size // 4:
            first = first.rstrip()
            stacked = f"{heading}\n{first}"
            if current and current == heading and len(stacked) <= size // 2:
                heading = stacked  # nothing was said under the one before: they belong together
            else:
                chunks += [current] if current else []
                heading = first
            current, block = heading, below
        for piece in _pieces(block, size - len(heading) - 2 if heading else size):
            joined = f"{current}\n\n{piece}" if current else piece
            if len(joined) <= size:
                current = joined
                continue
            chunks.append(current)
            current = f"{heading}\n\n{piece}" if heading else piece
    return [*chunks, current] if current else chunks


def _pieces(block: str, size: int) -> Iterator[str]:
    """The block, cut at the last line end, sentence end or space before `size` while it is longer."""
    rest = block.strip()
    while len(rest) > size:
        cuts = (rest.rfind(mark, size // 2, size) + len(mark.rstrip(" ")) for mark in ("\n", ". ", " "))
        cut = next((place for place in cuts if place > size // 2), size)
        yield rest[:cut].strip()
        rest = rest[cut:].strip()
    if rest:
        yield rest
