"""`docs/functions.md` is the catalog."""

from __future__ import annotations

from dataclasses import replace

from infra.catalog import CATALOG, Use
from infra.catalog_page import PAGE, callers, page, right, table


def test_the_page_in_the_repository_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m infra.catalog_page`"


def test_the_page_names_everything() -> None:
    text = page()

    for thing in (*CATALOG.functions, *CATALOG.queues, *CATALOG.buckets, *CATALOG.rules, *CATALOG.secrets):
        assert f"`{thing.name}`" in text or f"### {thing.name}\n" in text
    for function in CATALOG.functions:
        assert function.purpose in text
        assert function.handler in text


def test_every_function_is_called_by_something() -> None:
    assert [function.name for function in CATALOG.functions if not callers(function, CATALOG)] == []


def test_a_function_that_nothing_calls_says_nothing() -> None:
    alone = replace(CATALOG.functions[0], name="agency.alone")

    assert callers(alone, CATALOG) == []


def test_rights_read_as_words() -> None:
    assert right(Use("bucket:assets", "read")) == "reads bucket `assets`"
    assert right(Use("bucket:knowledge", "delete")) == "hides objects of bucket `knowledge`"
    assert right(Use("workflow:proto_v1", "answer")) == "answers workflow `proto_v1`"
    assert right(Use("workflow:index_document", "run")) == "runs workflow `index_document`"
    assert right(Use("embeddings", "invoke")) == "asks for embeddings"


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert table(["a", "b"], [["x|y", ""]]) == "| a | b |\n|---|---|\n| x\\|y | – |\n"
