"""Web pages as Markdown: title, headings, lists, tables, links and what else a reader sees."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from functions.knowledge.extraction.characters import bounded, clean
from functions.knowledge.extraction.readable import Prose
from functions.knowledge.extraction.text import title_of
from functions.knowledge.extraction.visible import visible

_EMPTY_LINES = re.compile(r"\n{3,}")


def read_html(page: str, media_type: str = "text/html") -> Prose:
    """Return a page as prose. Raises Unreadable: `empty`, `too_complex`, `too_much_text`."""
    title, markdown = markdown_of(page)
    return Prose(media_type, title or title_of(markdown), bounded(markdown))


def markdown_of(page: str) -> tuple[str, str]:
    """Return the title of a page and what of it is seen, as Markdown. Raises Unreadable: `too_complex`, …"""
    title, seen = visible(page)
    converter = MarkdownConverter(
        heading_style="ATX",
        bullets="-",
        # Names in code are searched for as they are written: `max_items`, not `max\\_items`.
        escape_asterisks=False,
        escape_underscores=False,
        code_language_callback=_language,
        table_infer_header=True,
    )
    markdown = clean(converter.convert_soup(BeautifulSoup(seen, "html.parser")))
    # Line by line: an expression would look at a run of spaces once from each of them.
    return title, _EMPTY_LINES.sub("\n\n", "\n".join(line.rstrip() for line in markdown.split("\n"))).strip(
        "\n"
    )


def _language(element: Tag) -> str:
    """The language of a block of code: its own class or that of the `code` in it."""
    for tag in (element, element.find("code")):
        classes = tag.get("class") if isinstance(tag, Tag) else None
        for name in classes or ():
            if str(name).startswith("language-"):
                return str(name).removeprefix("language-")
    return ""
