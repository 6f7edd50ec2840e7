"""What the grammars call functions, classes, imports and branches, language by language.

Names of nodes are those of the grammars that are installed; tests/unit/knowledge/cutting has a file of each language.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser


@dataclass(frozen=True)
class Grammar:
    """A language. module, entry: the package of its grammar and the function in it that gives the grammar.

    functions: what is a function or method where it has a body. assigned: functions without a name of their own,
    which have that of what they are assigned to. classes: what has members, and the word for it. scopes: what
    only encloses, such as a namespace. wrappers: what encloses one of these and belongs to it, if it encloses
    nothing else. comments: what stands above a function and belongs to it. keywords, branches: the tokens and the
    nodes that count for complexity. within: nodes between a body and its statements.
    """

    module: str
    functions: frozenset[str]
    classes: Mapping[str, str] = field(default_factory=dict)
    scopes: Mapping[str, str] = field(default_factory=dict)
    assigned: frozenset[str] = frozenset()
    wrappers: frozenset[str] = frozenset()
    comments: frozenset[str] = frozenset({"comment"})
    imports: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()
    branches: frozenset[str] = frozenset()
    within: frozenset[str] = frozenset()
    entry: str = "language"


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_C_WORDS = _set("if for while case && ||")
_PREPROCESSOR = _set(
    "preproc_if preproc_ifdef preproc_else preproc_elif linkage_specification declaration_list"
)

_PYTHON = Grammar(
    "python",
    _set("function_definition"),
    {"class_definition": "class"},
    wrappers=_set("decorated_definition"),
    imports=_set("import_statement import_from_statement future_import_statement"),
    keywords=_set("if elif for while except except* case and or"),
)
_JAVASCRIPT = Grammar(
    "javascript",
    _set("function_declaration generator_function_declaration method_definition"),
    {"class_declaration": "class", "class": "class"},
    assigned=_set("arrow_function function_expression generator_function"),
    wrappers=_set(
        "variable_declarator lexical_declaration variable_declaration assignment_expression expression_statement "
        "pair field_definition public_field_definition export_statement"
    ),
    comments=_set("comment decorator"),
    imports=_set("import_statement export_statement call_expression"),
    keywords=_set("if for while case catch && || ??"),
    branches=_set("ternary_expression"),
)
_TYPESCRIPT = Grammar(
    "typescript",
    _JAVASCRIPT.functions,
    {
        **_JAVASCRIPT.classes,
        "abstract_class_declaration": "class",
        "interface_declaration": "interface",
        "enum_declaration": "enum",
    },
    {"internal_module": "namespace", "module": "namespace"},
    assigned=_JAVASCRIPT.assigned,
    wrappers=_JAVASCRIPT.wrappers,
    comments=_JAVASCRIPT.comments,
    imports=_JAVASCRIPT.imports,
    keywords=_JAVASCRIPT.keywords,
    branches=_JAVASCRIPT.branches,
    entry="language_typescript",
)
_TSX = replace(_TYPESCRIPT, entry="language_tsx")
_C = Grammar(
    "c",
    _set("function_definition"),
    {"struct_specifier": "struct"},
    imports=_set("preproc_include"),
    keywords=_C_WORDS,
    branches=_set("conditional_expression"),
    within=_PREPROCESSOR,
)
_CPP = Grammar(
    "cpp",
    _C.functions,
    {"class_specifier": "class", "struct_specifier": "struct"},
    {"namespace_definition": "namespace"},
    wrappers=_set("template_declaration"),
    imports=_C.imports,
    keywords=_C_WORDS | _set("catch and or"),
    branches=_C.branches,
    within=_PREPROCESSOR,
)
_CSHARP = Grammar(
    "c_sharp",
    _set(
        "method_declaration constructor_declaration destructor_declaration operator_declaration "
        "conversion_operator_declaration local_function_statement"
    ),
    {
        "class_declaration": "class",
        "struct_declaration": "struct",
        "interface_declaration": "interface",
        "enum_declaration": "enum",
        "record_declaration": "record",
    },
    {"namespace_declaration": "namespace"},
    wrappers=_set("global_statement"),
    imports=_set("using_directive"),
    keywords=_C_WORDS | _set("foreach catch ??"),
    branches=_set("conditional_expression switch_expression_arm"),
)
_GO = Grammar(
    "go",
    _set("function_declaration method_declaration"),
    {"type_spec": "type"},
    wrappers=_set("type_declaration"),
    imports=_set("import_spec"),
    keywords=_set("if for case && ||"),
    within=_set("statement_list"),
)
_JAVA = Grammar(
    "java",
    _set("method_declaration constructor_declaration compact_constructor_declaration"),
    {
        "class_declaration": "class",
        "interface_declaration": "interface",
        "enum_declaration": "enum",
        "record_declaration": "record",
        "annotation_type_declaration": "annotation",
    },
    comments=_set("line_comment block_comment"),
    imports=_set("import_declaration"),
    keywords=_C_WORDS | _set("catch"),
    branches=_set("ternary_expression"),
    within=_set("enum_body_declarations"),
)
_PHP = Grammar(
    "php",
    _set("function_definition method_declaration"),
    {
        "class_declaration": "class",
        "interface_declaration": "interface",
        "trait_declaration": "trait",
        "enum_declaration": "enum",
    },
    {"namespace_definition": "namespace"},
    imports=_set(
        "namespace_use_clause include_expression include_once_expression require_expression require_once_expression"
    ),
    keywords=_C_WORDS | _set("elseif foreach catch and or ??"),
    branches=_set("conditional_expression match_conditional_expression"),
    entry="language_php",
)
_RUBY = Grammar(
    "ruby",
    _set("method singleton_method"),
    {"class": "class", "module": "module"},
    imports=_set("call"),
    keywords=_set("if elsif unless while until for when rescue && || and or"),
    branches=_set("conditional in_clause"),
)
_RUST = Grammar(
    "rust",
    _set("function_item"),
    {
        "struct_item": "struct",
        "enum_item": "enum",
        "union_item": "union",
        "trait_item": "trait",
        "impl_item": "impl",
    },
    {"mod_item": "mod"},
    comments=_set("line_comment block_comment attribute_item"),
    imports=_set("use_declaration extern_crate_declaration"),
    keywords=_set("if while && ||"),
    branches=_set("for_expression loop_expression match_arm"),
)
_BASH = Grammar(
    "bash",
    _set("function_definition"),
    imports=_set("command"),
    keywords=_set("if elif for while until && ||"),
    branches=_set("case_item"),
)

GRAMMARS: Mapping[str, Grammar] = MappingProxyType(
    {
        "bash": _BASH,
        "c": _C,
        "cpp": _CPP,
        "csharp": _CSHARP,
        "go": _GO,
        "java": _JAVA,
        "javascript": _JAVASCRIPT,
        "php": _PHP,
        "python": _PYTHON,
        "ruby": _RUBY,
        "rust": _RUST,
        "tsx": _TSX,
        "typescript": _TYPESCRIPT,
    }
)
"""By the name of the language. Others are cut by their lines."""


@cache
def parser_of(language: str) -> Parser:
    """Return the parser of one of GRAMMARS; its package is imported now."""
    from tree_sitter import Language, Parser

    grammar = GRAMMARS[language]
    module = importlib.import_module(f"tree_sitter_{grammar.module}")
    return Parser(Language(getattr(module, grammar.entry)()))
