"""The functions and classes of a source file, as tree-sitter sees them.

The tree is gone through with its cursor, never by recursion: how deep a file nests is up to who wrote it. Every node
is seen once; nodes are never asked for their parents or siblings, which they would look for from the root.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from functions.knowledge.cutting.imports import imported
from functions.knowledge.cutting.languages import GRAMMARS, Grammar, parser_of
from functions.knowledge.cutting.names import assigned_name, own_name

if TYPE_CHECKING:
    from tree_sitter import Node

FUNCTION = "function"
CLASS = "class"
SCOPE = "scope"
MODULE = "module"
# Of a file with more in it that the grammar cannot make sense of, the lines tell more than the tree.
_LARGEST_ERRORS = 0.5
_IMPORTS_AT_MOST = 40
# No one nests deeper by hand, and some grammars take minutes for brackets that are never closed.
_DEEPEST = 500
_NAMES_AT_MOST = 20
_BRACKETS = re.compile(r"[()\[\]{}]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
# `struct Quota *next;` uses what is defined elsewhere.
_USED_AS_TYPES = frozenset({"struct_specifier", "class_specifier"})
# `T&& value` is no condition.
_REFERENCES = frozenset({"reference_declarator", "abstract_reference_declarator"})

# What may hold several declarations, and what assigns its last part.
_LISTS = frozenset(
    {"lexical_declaration", "variable_declaration", "expression_statement", "type_declaration"}
)
_ASSIGNMENTS = frozenset(
    {"variable_declarator", "assignment_expression", "pair", "field_definition", "public_field_definition"}
)


@dataclass
class Part:
    """A function, a class, a scope, or the module around them.

    word: `class`, `struct` …; start, end: its place with the comments above it; head: where its signature begins;
    body: where its body begins, the end where it has none; cuts: where the statements or members in its body begin;
    complexity: cyclomatic, of functions: 1 + conditions, loops, cases, handlers and boolean operators in it, those of
    functions within it too; names: qualified by what it is in, outermost first.
    """

    kind: str
    word: str
    names: tuple[str, ...]
    headings: tuple[str, ...]
    start: int
    end: int
    head: int
    body: int
    complexity: int = 1
    cuts: list[int] = field(default_factory=list)
    members: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class Outline:
    """What a file consists of, and the modules that it imports, in order."""

    module: Part
    imports: list[str]


class _Frame(NamedTuple):
    """A node on the way from the root to the one at hand. part: what it opened; is_body: it holds statements."""

    node: Node
    kind: str
    part: Part | None
    is_body: bool


def outline(language: str, text: str) -> Outline | None:
    """Return the outline of a file in one of GRAMMARS; None where the tree says nothing about most of it.

    Places are characters. Importing tree-sitter happens here.
    """
    if _depth(text) > _DEEPEST:
        return None
    # One letter for each character beyond ASCII: the grammar counts bytes, and so bytes are characters. Names are
    # read from the text itself.
    root = parser_of(language).parse(_NOT_ASCII.sub("x", text).encode()).root_node
    walk = _Walk(GRAMMARS[language], text)
    walk.through(root)
    return None if walk.errors > _LARGEST_ERRORS * len(text) else Outline(walk.module, list(walk.imports))


def _depth(text: str) -> int:
    """How many brackets are open at once, at most; those in strings are counted too."""
    steps = (1 if bracket in "([{" else -1 for bracket in _BRACKETS.findall(text))
    return max(accumulate(steps), default=0)


class _Walk:
    def __init__(self, grammar: Grammar, text: str) -> None:
        self.module = Part(MODULE, "", (), (), 0, len(text), 0, 0)
        self.imports: dict[str, None] = {}
        self.errors = 0
        self._grammar = grammar
        self._text = text
        self._frames: list[_Frame] = []
        self._owners = [self.module]
        # By the last line of each comment that begins its line: where it begins, and on which line.
        self._comments: dict[int, tuple[int, int]] = {}
        self._errors_until = 0

    def through(self, root: Node) -> None:
        """Visit every node, parents before their children."""
        cursor = root.walk()
        self._enter(cursor.node, None)
        while True:
            if cursor.goto_first_child():
                self._enter(cursor.node, cursor.field_name)
                continue
            self._leave()
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return
                self._leave()
            self._enter(cursor.node, cursor.field_name)

    def _leave(self) -> None:
        frame = self._frames.pop()
        if frame.part is not None:
            self._owners.pop()

    def _enter(self, node: Node | None, field_name: str | None) -> None:
        if node is None:  # the type of a cursor allows for it; one that stands on a tree has a node
            return
        kind, grammar = node.type, self._grammar
        owner = self._owners[-1]
        above = self._frames[-1] if self._frames else None
        if not node.is_named:
            if kind in grammar.keywords and (above is None or above.kind not in _REFERENCES):
                owner.complexity += 1
            self._frames.append(_Frame(node, kind, None, False))
            return
        if kind in grammar.branches:
            owner.complexity += 1
        if kind in grammar.comments:
            self._note_comment(node)
            if above is not None and above.part is owner and self._text.startswith("#", node.start_byte):
                # Python and Ruby: it stands between a signature and its body.
                owner.body = min(owner.body, node.start_byte)
        elif kind == "ERROR" and node.start_byte >= self._errors_until:
            self.errors += node.end_byte - node.start_byte
            self._errors_until = node.end_byte
        if kind in grammar.imports and len(self.imports) < _IMPORTS_AT_MOST:
            self.imports |= dict.fromkeys(imported(grammar.module, node, self._text))
        if above is not None and above.is_body and kind not in grammar.within:
            owner.cuts.append(node.start_byte)
        part = self._part(node, kind, owner) if owner.kind != FUNCTION else None
        is_body = above is None or (
            (above.part is owner and field_name == "body") or (above.is_body and kind in grammar.within)
        )
        self._frames.append(_Frame(node, kind, part, is_body))
        if part is not None:
            owner.members.append(part)
            self._owners.append(part)

    def _note_comment(self, node: Node) -> None:
        begin, end = node.start_point, node.end_point
        if not self._text[node.start_byte - begin.column : node.start_byte].strip():
            # Some grammars count the line end to the comment.
            last = end.row - 1 if end.column == 0 and end.row > begin.row else end.row
            self._comments[last] = (node.start_byte, begin.row)

    def _part(self, node: Node, kind: str, owner: Part) -> Part | None:
        """The function, class or scope that a node is; None for any other."""
        grammar = self._grammar
        word = grammar.classes.get(kind) or grammar.scopes.get(kind, "")
        if not word and kind not in grammar.functions and kind not in grammar.assigned:
            return None
        type_ = FUNCTION if not word else SCOPE if kind in grammar.scopes else CLASS
        body = node.child_by_field_name("body")
        outer = self._wrapped(node)
        name = "" if kind in grammar.assigned else own_name(grammar.module, node, self._text)
        if not name and kind not in grammar.functions:
            name = assigned_name([frame.node for frame in outer], self._text)
        if not name or (body is None and (type_ != CLASS or kind in _USED_AS_TYPES)):
            return None
        whole = outer[0].node if outer else node
        head = node if whole.type == "decorated_definition" else whole
        return Part(
            type_,
            word,
            (*owner.names, name)[-_NAMES_AT_MOST:],
            (*owner.headings, f"{word} {name}" if word else name)[-_NAMES_AT_MOST:],
            self._lead(whole),
            whole.end_byte,
            head.start_byte,
            body.start_byte if body is not None else node.end_byte,
        )

    def _wrapped(self, node: Node) -> list[_Frame]:
        """The nodes around one that belong to it, outermost first."""
        found = len(self._frames)
        child = node
        while found:
            frame = self._frames[found - 1]
            if frame.kind not in self._grammar.wrappers or not _is_alone(frame.node, child):
                break
            child, found = frame.node, found - 1
        return self._frames[found:]

    def _lead(self, node: Node) -> int:
        """Where the comments begin that stand directly above a node."""
        start, (row, column) = node.start_byte, node.start_point
        if self._text[start - column : start].strip():
            return start
        while (above := self._comments.get(row - 1)) is not None:
            start, row = above
        return start


def _is_alone(wrapper: Node, child: Node) -> bool:
    """Whether a wrapper encloses one declaration, and its value is the child."""
    if wrapper.type in _LISTS:
        return wrapper.named_child_count == 1
    if wrapper.type in _ASSIGNMENTS:
        return wrapper.named_child(wrapper.named_child_count - 1) == child
    return True
