"""Which modules a file imports, as it names them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.knowledge.cutting.text import NAME_CHARACTERS, shortened

if TYPE_CHECKING:
    from tree_sitter import Node

# What is written of one statement is looked at so far.
_STATEMENT_CHARACTERS = 2000
_QUOTED = re.compile(r"""["'`<]([^"'`<>\n]+)["'`>]""")
_PHP_CLASS = re.compile(r"^(?:function\s+|const\s+)?([\w\\]+)")
_CSHARP_NAME = re.compile(r"([\w.]+)\s*;?\s*$")
_RUBY_REQUIRE = re.compile(r"""^(?:require|require_relative|load|autoload)\b[^"']*["']([^"'#]+)["']""")
_SCRIPT_REQUIRE = re.compile(r"""^(?:require|import)\s*\(\s*["'`]([^"'`$]+)["'`]\s*\)""")
_SHELL_SOURCE = re.compile(r"^(?:source|\.)\s+(\S+)")


def imported(module: str, node: Node, text: str) -> list[str]:
    """Return the modules that a node imports; none for one that imports nothing after all.

    module: the package of the grammar. The names are those of the file: `functions.knowledge` in Python,
    `java.util.*` in Java, `vector` in C++, `./prices` in TypeScript.
    """
    statement = text[node.start_byte : min(node.end_byte, node.start_byte + _STATEMENT_CHARACTERS)]
    if module == "python":
        return _clean(_python(node, text))
    pattern: re.Pattern[str] | None = None
    if module in ("c", "cpp", "go"):
        pattern = _QUOTED
    elif module in ("javascript", "typescript"):
        return _clean(_script(node, statement, text))
    elif module == "php":
        pattern = _PHP_CLASS if node.type == "namespace_use_clause" else _QUOTED
    elif module == "c_sharp":
        pattern = _CSHARP_NAME
    elif module == "ruby":
        pattern = _RUBY_REQUIRE
    elif module == "bash":
        pattern = _SHELL_SOURCE
    elif module == "java":
        return _clean([re.sub(r"^import\s+(?:static\s+)?", "", statement).rstrip(" ;")])
    elif module == "rust":
        return _clean(
            [re.sub(r"^(?:pub(?:\([^)]*\))?\s+)?(?:use|extern\s+crate)\s+", "", statement).rstrip(" ;")]
        )
    found = pattern.search(statement) if pattern else None
    return _clean([found[1]] if found else [])


def _python(node: Node, text: str) -> list[str]:
    """`import a.b as c, d` names a.b and d, `from .x import y` names .x."""
    if node.type == "future_import_statement":
        return ["__future__"]
    of = node.child_by_field_name("module_name")
    if of is not None:
        return [text[of.start_byte : of.end_byte]]
    found = []
    for name in node.children_by_field_name("name"):
        inner = name.child_by_field_name("name") if name.type == "aliased_import" else name
        if inner is not None:
            found.append(text[inner.start_byte : inner.end_byte])
    return found


def _script(node: Node, statement: str, text: str) -> list[str]:
    """`import`, `export … from`, `require("…")` and `import("…")`."""
    if node.type == "call_expression":
        called = _SCRIPT_REQUIRE.match(statement)
        return [called[1]] if called else []
    source = node.child_by_field_name("source")
    if source is not None:
        return [text[source.start_byte : source.end_byte].strip("\"'`")]
    required = _QUOTED.search(statement) if "import" in statement and "require" in statement else None
    return [required[1]] if required and node.type == "import_statement" else []


def _clean(names: list[str]) -> list[str]:
    return [name for written in names if (name := shortened(written, NAME_CHARACTERS))]
