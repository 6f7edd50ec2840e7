"""The names of functions and classes, as the grammars hold them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.knowledge.cutting.text import NAME_CHARACTERS, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

_TYPE_ARGUMENTS = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")
_LAST_NAME = re.compile(r"\w+")
_EXPORTED = re.compile(r"^(?:module\.exports\.|exports\.|this\.|window\.)|\.prototype(?=\.)")
# What holds the name of a C function: pointers and parameters may stand around it.
_DECLARATORS = 50


def own_name(module: str, node: Node, text: str) -> str:
    """Return the name that a definition gives itself, with dots (`Quota.settle`); blank when it has none."""
    if module == "rust" and node.type == "impl_item":
        return _plain(_written(node.child_by_field_name("type"), text))
    if module in ("c", "cpp") and node.type == "function_definition":
        return _plain(_written(_declared(node), text))
    name = _plain(_written(node.child_by_field_name("name"), text))
    if module == "go" and (receiver := node.child_by_field_name("receiver")) is not None:
        of = _LAST_NAME.findall(_bare(_written(receiver, text)))
        return f"{of[-1]}.{name}" if of else name
    return name


def assigned_name(around: Iterable[Node], text: str) -> str:
    """Return the name that something is assigned to. around: what encloses it, outermost first."""
    for node in around:
        for field in ("name", "left", "key", "property"):
            if (found := node.child_by_field_name(field)) is not None:
                return _plain(_EXPORTED.sub("", _written(found, text)).strip("\"'"))
    return ""


def _declared(node: Node) -> Node | None:
    """The innermost declarator of a C or C++ function: its name."""
    found: Node | None = node.child_by_field_name("declarator")
    for _ in range(_DECLARATORS):
        if found is None:
            return None
        inner = found.child_by_field_name("declarator")
        if inner is None and found.type in ("reference_declarator", "parenthesized_declarator"):
            inner = found.named_child(found.named_child_count - 1)
        if inner is None:
            return found
        found = inner
    return None


def _written(node: Node | None, text: str) -> str:
    return "" if node is None else text[node.start_byte : node.end_byte]


def _bare(name: str) -> str:
    """The name without the arguments of its type, however deep they are."""
    while (less := _TYPE_ARGUMENTS.sub("", name)) != name:
        name = less
    return name


def _plain(name: str) -> str:
    """The name on one line, with dots between its parts."""
    return shortened(_bare(name[: 4 * NAME_CHARACTERS]).replace("::", ".").strip(". "), NAME_CHARACTERS)
