"""The blocks of a Markdown text: headings, fenced code, tables, paragraphs, marks of pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_PAGE = re.compile(r"<!--[ \t]*page[ \t]+(\d{1,6})[ \t]*-->")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(?:(=+)|-{2,})[ \t]*$")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})(.*)$")
_DELIMITERS = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*_`]+")
# Headings of more lines than that are paragraphs with a line below them.
_HEADING_LINES = 3


class Kind(Enum):
    """What a block is."""

    FRONT_MATTER = "front matter"
    HEADING = "heading"
    FENCE = "fence"
    TABLE = "table"
    PARAGRAPH = "paragraph"
    PAGE = "page"


@dataclass(frozen=True)
class Block:
    """A block of a text. level: 1 to 6 of a heading, the number of a page.

    opening, inside, closing: of fenced code and of tables, what begins each part of them, the lines that can be
    parted, what ends each part.
    """

    kind: Kind
    text: str
    level: int = 0
    title: str = ""
    opening: str = ""
    inside: str = ""
    closing: str = ""


def blocks(markdown: str) -> Iterator[Block]:
    """The blocks of a text in order, without blank ones and without the lines that only part sections."""
    lines = markdown.split("\n")
    place = _front_matter_end(lines)
    if place:
        yield Block(Kind.FRONT_MATTER, "\n".join(lines[:place]).strip())
    paragraph: list[str] = []
    while place < len(lines):
        line = lines[place]
        found = _fence(lines, place) or _table(lines, place) if not _is_plain(line) else None
        if found is not None:
            yield from _paragraph(paragraph)
            paragraph = []
            block, place = found
            yield block
            continue
        place += 1
        if paragraph and (heading := _underlined(paragraph, line)):
            yield from _marked(heading)
            paragraph = []
        elif (atx := _ATX.match(line)) and (atx[2] or "").strip():
            yield from _paragraph(paragraph)
            paragraph = []
            yield from _marked(Block(Kind.HEADING, line.strip(), len(atx[1]), _title(atx[2])))
        elif not line.strip() or _RULE.match(line):
            yield from _paragraph(paragraph)
            paragraph = []
        else:
            paragraph.append(line)
    yield from _paragraph(paragraph)


def _is_plain(line: str) -> bool:
    """Whether a line begins neither code nor a table; most do not."""
    return "|" not in line and "```" not in line and "~~~" not in line


def _front_matter_end(lines: list[str]) -> int:
    """How many lines are front matter."""
    if lines[0].rstrip() != "---":
        return 0
    ends = (number for number, line in enumerate(lines[1:], 2) if line.rstrip() in ("---", "..."))
    end = next(ends, 0)
    # Two rules with prose between them are no front matter.
    return end if end > 2 and any(":" in line for line in lines[1 : end - 1]) and lines[1].strip() else 0


def _fence(lines: list[str], place: int) -> tuple[Block, int] | None:
    """The fenced code that begins at a line, and the line after it; an open end is closed."""
    opened = _FENCE.match(lines[place])
    if opened is None or (opened[1][0] == "`" and "`" in opened[2]):
        return None
    mark = opened[1]
    end = place + 1
    while end < len(lines):
        closed = _FENCE.match(lines[end])
        if closed and closed[1].startswith(mark) and not closed[2].strip():
            break
        end += 1
    opening, inside = lines[place].strip(), "\n".join(lines[place + 1 : end])
    text = "\n".join([opening, *([inside] if inside else []), mark])
    return Block(Kind.FENCE, text, opening=opening, inside=inside, closing=mark), end + 1


def _table(lines: list[str], place: int) -> tuple[Block, int] | None:
    """The table whose head stands at a line, and the line after it."""
    if place + 1 >= len(lines) or "|" not in lines[place]:
        return None
    if "|" not in lines[place + 1] or not _DELIMITERS.match(lines[place + 1]):
        return None
    end = place + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    opening, inside = "\n".join(lines[place : place + 2]), "\n".join(lines[place + 2 : end])
    text = "\n".join(lines[place:end])
    return Block(Kind.TABLE, text, opening=opening, inside=inside), end


def _underlined(paragraph: list[str], line: str) -> Block | None:
    """The heading that a line makes of the lines above it."""
    underline = _UNDERLINE.match(line)
    if underline is None or len(paragraph) > _HEADING_LINES:
        return None
    if paragraph[0].lstrip().startswith(("- ", "* ", "+ ", ">")):
        return None
    title = " ".join(part.strip() for part in paragraph)
    level = 1 if underline[1] else 2
    return Block(Kind.HEADING, f"{'#' * level} {title}", level, _title(title))


def _title(text: str) -> str:
    """What a heading says, without the marks of links, of code and of emphasis."""
    return _MARKS.sub("", _LINK.sub(r"\1", _PAGE.sub(" ", text))).strip()


def _paragraph(lines: list[str]) -> Iterator[Block]:
    if lines:
        yield from _marked(Block(Kind.PARAGRAPH, "\n".join(lines)))


def _marked(block: Block) -> Iterator[Block]:
    """A block without the marks of pages in it; they come before it, or between the parts of a paragraph."""
    marks = list(_PAGE.finditer(block.text))
    if block.kind is Kind.HEADING:
        yield from (Block(Kind.PAGE, "", int(mark[1])) for mark in marks)
        text = _PAGE.sub(" ", block.text).strip()
        if text.strip("# "):
            yield Block(Kind.HEADING, text, block.level, block.title)
        return
    start = 0
    for mark in marks:
        yield from _worded(block.text[start : mark.start()])
        yield Block(Kind.PAGE, "", int(mark[1]))
        start = mark.end()
    yield from _worded(block.text[start:])


def _worded(text: str) -> Iterator[Block]:
    written = text.strip("\n").rstrip()
    if written:
        # Four blanks make code of a line.
        yield Block(Kind.PARAGRAPH, written if written.startswith(("    ", "\t")) else written.lstrip())
