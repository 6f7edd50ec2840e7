"""Where the keys and items of a JSON or YAML text begin and end.

Places, not values: what is indexed is what was written, with its comments, and an alias that repeats itself a billion
times is one word. Nothing here recurses, and a text that does not parse has places as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from functions.knowledge.cutting.text import CHUNK_CHARACTERS, NAME_CHARACTERS, SMALL_CHARACTERS, shortened

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+|"')
_LINE = re.compile(r"([ \t]*)([^\n]*)\n?")
_KEY = re.compile(
    r"""(?:"((?:[^"\\]|\\.){1,200})"|'([^'\n]{1,200})'|([^\s"'#&*!|>%@`\[{][^#\n]{0,199}?))[ \t]*:(?=\s|$)"""
)
_DASHES = re.compile(r"(?:-[ \t]+)+")
_BLOCK_SCALAR = re.compile(r"(?:^|[\s:])[|>][-+0-9]{0,2}(?:[ \t]+#.*)?$")


@dataclass(frozen=True)
class Node:
    """A key with its value, or an item. label: the key, the number of the item, or how it begins; may be blank.

    children: those of a node that is too long for one chunk; in order, and none overlaps another.
    """

    start: int
    end: int
    label: str
    children: list[Node] = field(default_factory=list)


@dataclass
class _Level:
    """The nodes within one that is still open, and the one of them at hand. depth: its indentation."""

    depth: int = -1
    nodes: list[Node] = field(default_factory=list)
    start: int | None = None
    label: str = ""
    key: str = ""
    children: list[Node] = field(default_factory=list)
    count: int = 0

    def begin(self, start: int, label: str) -> None:
        self.start, self.label, self.children = start, label, []
        self.count += 1

    def close(self, end: int) -> None:
        """End the node at hand. Small ones in a row become one, so that a million numbers are few nodes."""
        if self.start is None:
            return
        node = Node(self.start, end, self.label, self.children if end - self.start > CHUNK_CHARACTERS else [])
        last = self.nodes[-1] if self.nodes else None
        if last and not last.children and not node.children and end - last.start <= SMALL_CHARACTERS:
            self.nodes[-1] = Node(last.start, end, "")
        else:
            self.nodes.append(node)
        self.start = None


def json_nodes(text: str) -> list[Node]:
    """Return the values of a JSON text, one if it is valid."""
    levels = [_Level()]
    for found in _TOKEN.finditer(text):
        written, level = found[0], levels[-1]
        if written in ("}", "]"):
            if len(levels) > 1:
                _leave(levels, found.start())
            continue
        if written == ",":
            level.close(found.end())
            continue
        if level.start is None:
            level.begin(found.start(), str(level.count) if len(levels) > 1 else "")
            level.key = written
        elif written == ":" and level.key.startswith('"'):
            level.label, level.key = shortened(level.key.strip('"'), NAME_CHARACTERS), ""
        if written in ("{", "["):
            levels.append(_Level())
    return _all(levels, len(text))


def yaml_nodes(text: str) -> list[Node]:
    """Return the keys or items of a YAML text. What they hold is told by the indentation of its lines."""
    levels = [_Level()]
    comment: int | None = None
    scalar: int | None = None
    for found in _LINE.finditer(text):
        written = found[2]
        if not written.strip():
            continue
        # An item may stand as deep as the key that it belongs to.
        depth = 2 * len(found[1]) + (1 if written.startswith(("- ", "-\n")) or written == "-" else 0)
        if scalar is not None and depth > scalar:
            continue
        scalar = depth if _BLOCK_SCALAR.search(written) else None
        if written.startswith("#"):
            comment = found.start() if comment is None else comment
            continue
        start, comment = found.start() if comment is None else comment, None
        while len(levels) > 1 and levels[-1].depth > depth:
            _leave(levels, start)
        if depth > levels[-1].depth and levels[-1].start is not None:
            levels.append(_Level(depth))
        level = levels[-1]
        level.depth = max(level.depth, depth) if len(levels) > 1 else depth
        level.close(start)
        level.begin(start, _label(written))
    return _all(levels, len(text))


def _label(line: str) -> str:
    dashes = _DASHES.match(line)
    key = _KEY.match(line, dashes.end() if dashes else 0)
    if key is None:
        return ""
    name = key[1] or key[2] or key[3]
    # Which of many items it is, its first line says.
    return shortened(line if dashes else name, NAME_CHARACTERS)


def _leave(levels: list[_Level], end: int) -> None:
    """End the innermost level: its nodes belong to the node at hand of the one around it."""
    level = levels.pop()
    level.close(end)
    levels[-1].children = level.nodes


def _all(levels: list[_Level], end: int) -> list[Node]:
    while len(levels) > 1:
        _leave(levels, end)
    levels[0].close(end)
    return levels[0].nodes
