"""PDF as Markdown: page by page in the order of its text, headings and paragraphs told by size and distance.

PDFium does the reading. It is built to take hostile files in a browser, but it is native code: see `child`.
"""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw

from functions.knowledge.extraction.characters import clean, one_line
from functions.knowledge.extraction.limits import MAX_PAGES, MAX_TEXT_CHARACTERS
from functions.knowledge.extraction.readable import Prose, Unreadable
from functions.knowledge.extraction.text import title_of

MEDIA_TYPE = "application/pdf"

# By how much a line must be larger than most of the text to be a heading, and how long it may be.
_HEADING_RATIO = 1.15
_HEADING_CHARACTERS = 150
_HEADING_LEVELS = 3
# From the bottom of a line to that of the next, in heights of the line: more is a new paragraph.
_PARAGRAPH_GAP = 1.75
# A hyphen at the end of a line: PDFium marks it so.
_HYPHENS = re.compile("[\ufffe\x02]\n?")
_MARKED = re.compile(r"^(\s*)(#{1,6}\s|[-=]{3,}\s*$|```|~~~)", re.MULTILINE)


@dataclass(frozen=True)
class _Line:
    """height: of its first character, in points, to the half; 0 where it is not known. bottom: above the page's."""

    text: str
    height: float
    bottom: float


def read_pdf(body: bytes) -> Prose:
    """Return a PDF as prose. Raises Unreadable: `damaged`, `encrypted`, `no_text`, `too_complex`, `too_much_text`."""
    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        protected = (pypdfium2.raw.FPDF_ERR_PASSWORD, pypdfium2.raw.FPDF_ERR_SECURITY)
        # The engine may say why it failed the last time; a file that is encrypted says so where nothing is.
        locked = error.err_code in protected and b"/Encrypt" in body
        raise Unreadable("encrypted" if locked else "damaged") from error
    try:
        if len(document) > MAX_PAGES:
            raise Unreadable("too_complex", f"The file has more than {MAX_PAGES:,} pages.")
        pages = list(_pages(document))
        title = one_line(document.get_metadata_value("Title"))
    except pypdfium2.PdfiumError as error:
        raise Unreadable("damaged") from error
    finally:
        document.close()
    if not any(pages):
        raise Unreadable("no_text")
    levels = _levels(pages)
    markdown = "\n\n".join(
        f"<!-- page {number} -->\n\n{_written(lines, levels)}"
        for number, lines in enumerate(pages, 1)
        if lines
    )
    return Prose(MEDIA_TYPE, title or title_of(markdown), markdown)


def _pages(document: pypdfium2.PdfDocument) -> Iterator[list[_Line]]:
    """Yield the lines of every page; a damaged page has none. Raises Unreadable: `damaged`, `too_much_text`."""
    left, broken = MAX_TEXT_CHARACTERS, 0
    for number in range(len(document)):
        try:
            page = document[number]
            text = page.get_textpage()
        except pypdfium2.PdfiumError:
            broken += 1
            yield []
            continue
        try:
            left -= text.count_chars()
            if left < 0:
                raise Unreadable("too_much_text")
            yield list(_lines(text))
        finally:
            text.close()
            page.close()
    if broken and broken == len(document):
        raise Unreadable("damaged")


def _lines(page: pypdfium2.PdfTextPage) -> Iterator[_Line]:
    place = 0
    for raw in page.get_text_range().split("\n"):
        said = raw.rstrip("\r")
        if (text := clean(said).strip()) and not text.isspace():
            # Text outside of the 16-bit characters counts twice there: a place may be a little early, never outside.
            first = place + len(said) - len(said.lstrip())
            yield _Line(_HYPHENS.sub("", text), *_box(page, first))
        place += len(raw) + 1


def _box(page: pypdfium2.PdfTextPage, text_index: int) -> tuple[float, float]:
    """Height and bottom of a character; zeros where it has no place."""
    index = pypdfium2.raw.FPDFText_GetCharIndexFromTextIndex(page.raw, text_index)
    box = pypdfium2.raw.FS_RECTF()
    if index < 0 or not pypdfium2.raw.FPDFText_GetLooseCharBox(page.raw, index, ctypes.byref(box)):
        return 0.0, 0.0
    return round(abs(box.top - box.bottom) * 2) / 2, box.bottom


def _levels(pages: list[list[_Line]]) -> dict[float, int]:
    """By height, of which level a heading is: what is larger than most of the text, the largest first."""
    written: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            written[line.height] += len(line.text)
    usual = written.most_common(1)[0][0]
    larger = sorted((height for height in written if height > usual * _HEADING_RATIO), reverse=True)
    return {height: min(level, _HEADING_LEVELS) for level, height in enumerate(larger, 1)} if usual else {}


def _written(lines: list[_Line], levels: dict[float, int]) -> str:
    """The lines of a page as Markdown: consecutive ones of the size of a heading are one."""
    parts: list[str] = []
    before: _Line | None = None
    for line in lines:
        level = levels.get(line.height, 0) if len(line.text) <= _HEADING_CHARACTERS else 0
        together = before is not None and before.height == line.height and _follows(before, line)
        if level and together and parts[-1].startswith("#") and len(parts[-1]) <= _HEADING_CHARACTERS:
            parts[-1] += f" {line.text}"
        elif level:
            parts += ["", f"{'#' * level} {line.text}", ""][0 if parts else 1 :]
        else:
            parts += [*([] if together or not parts else [""]), _plain(line.text)]
        if level and parts[-1] == "":
            parts.pop()
        before = line
    return "\n".join(parts)


def _follows(before: _Line, line: _Line) -> bool:
    """Whether a line stands close below another."""
    return 0 < before.bottom - line.bottom <= before.height * _PARAGRAPH_GAP


def _plain(text: str) -> str:
    """A line that is text even where Markdown would see a mark, or we our own."""
    return _MARKED.sub(r"\1\\\2", text.replace("<!--", "&lt;!--"))
