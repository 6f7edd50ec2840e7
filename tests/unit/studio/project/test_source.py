"""Untrusted text as source: it evaluates to itself and to nothing else."""

from __future__ import annotations

import ast
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.studio.project import naming
from functions.studio.project.source import (
    LINE_LENGTH,
    Group,
    Words,
    docstring,
    import_names,
    layout,
    literal,
    prose,
    strings,
    width,
)

AWKWARD = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("\"'\\\n#{}%$ ().\u202e漢"))
) | st.sampled_from(
    [
        '"""',
        "'''",
        '\\"""',
        '""" + exec("x") + """',
        "\\",
        '"',
        "\\N{DASH}",
        "a" * 300,
        '\\"' * 200,
        "漢" * 200,
    ]
)


@given(AWKWARD)
def test_a_literal_evaluates_to_its_text(text: str) -> None:
    source = literal(text)
    assert ast.literal_eval(source) == text
    assert source.isprintable()


@given(AWKWARD, st.integers(0, 40))
def test_a_laid_out_string_evaluates_to_its_text_within_the_line(text: str, indent: int) -> None:
    source = layout(Words(text, "value = "), indent)
    assert ast.literal_eval(source.strip().removeprefix("value = ")) == text
    assert all(width(line) <= LINE_LENGTH for line in source.splitlines())


@given(st.lists(AWKWARD, max_size=5))
def test_a_tuple_of_strings_evaluates_to_them(texts: list[str]) -> None:
    assert ast.literal_eval(layout(strings(texts)).strip()) == tuple(texts)


@given(st.lists(AWKWARD, min_size=1, max_size=3), st.sampled_from([0, 4, 8]))
def test_a_docstring_holds_its_words_and_nothing_runs(texts: list[str], indent: int) -> None:
    if not any(prose(text) for text in texts):
        texts = [*texts, "Something."]
    source = docstring(texts, indent)
    (statement,) = ast.parse(
        "".join(line.removeprefix(" " * indent) for line in source.splitlines(True))
    ).body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Constant)
    shown = "".join(str(statement.value.value).split())
    assert shown == "".join("".join(prose(text).split()) for text in texts)
    assert all(width(line) <= LINE_LENGTH for line in source.splitlines())


def test_a_group_that_does_not_fit_has_one_item_a_line() -> None:
    call = Group("call(", [Words("x" * 60), Group("inner(", ["a", "b"], ")"), "y" * 60], ")")
    assert (
        layout(call, 4)
        == f'    call(\n        "{"x" * 60}",\n        inner(a, b),\n        {"y" * 60},\n    )\n'
    )


def test_imports_are_sorted_and_wrapped() -> None:
    assert (
        import_names("x", ["shown", "Route", "SCHEMA", "Csv"]) == "from x import SCHEMA, Csv, Route, shown\n"
    )
    assert import_names("x", ["A" * 60, "B" * 60]).count("\n") == 4


@given(AWKWARD)
def test_a_slug_is_a_plain_identifier(text: str) -> None:
    slug = naming.slug(text, "thing")
    assert slug.isidentifier()
    assert slug.isascii()
    assert slug == slug.lower()
    assert len(slug) <= 46


@pytest.mark.parametrize(
    ("title", "package"),
    [
        ("Quaymarket", "quaymarket"),
        ("Müller & Søn", "muller_son"),
        ("json", "json_app"),
        ("Telnetlib", "telnetlib_app"),
        ("class", "class_app"),
        ("match", "match_app"),
        ("tests", "tests_app"),
        ("LPT0", "lpt0_app"),
        ("Con", "con_app"),
        ("3 Harbours", "product_3_harbours"),
        ("日本", "product"),
        ("../../etc", "etc"),
    ],
)
def test_a_package_name_is_importable_and_hides_nothing(title: str, package: str) -> None:
    assert naming.package_name(title) == package


def test_names_are_handed_out_once_and_never_reserved_ones() -> None:
    names = naming.Names({"id"})
    taken = [names.take(wanted) for wanted in ["a", "a", "a_2", "id", "class", "sqlite_master"]]
    assert taken == ["a", "a_2", "a_2_2", "id_", "class_", "x_sqlite_master"]


def test_wide_characters_take_two_columns() -> None:
    assert width("ab漢") == 4
    assert unicodedata.east_asian_width("漢") == "W"
