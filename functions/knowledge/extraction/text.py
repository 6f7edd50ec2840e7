"""Plain text and Markdown: both are prose as they stand."""

from __future__ import annotations

import re

from functions.knowledge.extraction.characters import bounded, one_line
from functions.knowledge.extraction.readable import Prose

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(\S.*?)[ \t]*#*[ \t]*$")
_FRONT_TITLE = re.compile(r"title:[ \t]*[\"']?(.*?)[\"']?[ \t]*$")
_SEARCHED_LINES = 200


def read_text(text: str, media_type: str) -> Prose:
    """Return a plain text as prose; it has no title. Raises Unreadable: `empty`, `too_much_text`."""
    return Prose(media_type, "", bounded(text))


def read_markdown(text: str, media_type: str) -> Prose:
    """Return Markdown as prose. Raises Unreadable: `empty`, `too_much_text`."""
    return Prose(media_type, title_of(text), bounded(text))


def title_of(markdown: str) -> str:
    """Return what the front matter says the title is, else the first heading within the first 200 lines; or blank."""
    lines = [line[:1000] for line in markdown[:200_000].split("\n", _SEARCHED_LINES)[:_SEARCHED_LINES]]
    front = lines[0].strip() == "---" and "---" in (line.strip() for line in lines[1:])
    fence = heading = ""
    for number, line in enumerate(lines):
        if front and number:
            if line.strip() == "---":
                front = False
            elif (title := _FRONT_TITLE.match(line)) and title[1]:
                return one_line(title[1])
            continue
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and fence and mark[1].startswith(fence):
            fence = ""
        elif not fence and (found := _HEADING.match(line)):
            heading = heading or found[1]
    return one_line(heading)
