"""What a search may be narrowed by, and what is said of what it may not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.knowledge.collections import COLLECTIONS
from functions.knowledge.filters import fields_of, match_of
from shared.adapters.vectors import Range, check_match
from shared.errors import Invalid

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
conditions = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.just("2027-01-31T12:00:00Z"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["gte", "gt", "lte", "lt", "x"]), inner, max_size=3)
    ),
    max_leaves=4,
)


@pytest.mark.parametrize(
    ("collection", "given", "made"),
    [
        ("doc_chunks", {"doc_type": "plan"}, {"doc_type": "plan"}),
        ("doc_chunks", {"doc_type": ["plan", "prd"]}, {"doc_type": ["plan", "prd"]}),
        ("campaign_history", {"audience_size": 10}, {"audience_size": 10}),
        ("campaign_history", {"audience_size": [10, 20]}, {"audience_size": [10, 20]}),
        ("campaign_history", {"audience_size": {"gte": 1.5}}, {"audience_size": Range(gte=1.5)}),
        ("campaign_history", {"performance_score": 1}, {"performance_score": Range.exactly(1)}),
        (
            "campaign_history",
            {"performance_score": {"gt": 0.5, "lte": 1}},
            {"performance_score": Range(gt=0.5, lte=1)},
        ),
        (
            "knowledge_base",
            {"created_at": {"lt": "2027-01-31T13:00:00+01:00"}},
            {"created_at": Range(lt=NOON)},
        ),
        ("knowledge_base", {"created_at": "2027-01-31T12:00:00Z"}, {"created_at": Range.exactly(NOON)}),
    ],
    ids=["value", "any-of", "whole", "any-whole", "whole-range", "float", "range", "moments", "moment"],
)
def test_a_condition_becomes_what_the_store_knows(
    collection: str, given: dict[str, Any], made: dict[str, Any]
) -> None:
    assert match_of([collection], given) == made


@pytest.mark.parametrize(
    "condition",
    [1, True, None, "", "x" * 301, "\x00", "\ud800", [], [1], ["x"] * 51, [["x"]], {"gte": "a"}, {}],
    ids=[
        "number",
        "bool",
        "null",
        "blank",
        "long",
        "nul",
        "surrogate",
        "none",
        "mixed",
        "many",
        "nested",
        "range",
        "object",
    ],
)
def test_a_condition_of_another_kind_is_pointed_at(condition: Any) -> None:
    with pytest.raises(Invalid) as told:
        match_of(["doc_chunks"], {"doc_type": condition})

    (problem,) = told.value.problems
    assert problem.pointer == "/filter/doc_type"
    assert "a text or a list of texts" in problem.detail


@pytest.mark.parametrize("name", ["tenant_id", "document_id", "surprise", "a/b~c", "chunk_text"])
def test_an_unknown_field_is_told_which_there_are(name: str) -> None:
    with pytest.raises(Invalid) as told:
        match_of(["doc_chunks"], {name: "x", "doc_type": "plan"})

    (problem,) = told.value.problems
    assert problem.pointer == "/filter/" + name.replace("~", "~0").replace("/", "~1")
    assert all(field in problem.detail for field in COLLECTIONS["doc_chunks"].indexes)


def test_of_several_collections_all_must_have_the_field() -> None:
    assert set(fields_of(["marketing_knowledge", "knowledge_base"])) == {"source", "category", "tags"}
    with pytest.raises(Invalid):
        match_of(["knowledge_base", "doc_chunks"], {"tags": "x"})


def test_a_field_is_of_one_kind_wherever_it_is() -> None:
    kinds: dict[str, set[str]] = {}
    for collection in COLLECTIONS.values():
        for name, kind in collection.indexes.items():
            kinds.setdefault(name, set()).add(kind)

    assert not {name: found for name, found in kinds.items() if len(found) > 1}


@given(st.sampled_from(sorted(COLLECTIONS)), st.data())
def test_whatever_is_sent_is_refused_or_fits_the_store(collection: str, data: st.DataObject) -> None:
    indexes = COLLECTIONS[collection].indexes
    given = data.draw(st.dictionaries(st.sampled_from(sorted(indexes)), conditions, max_size=3))
    try:
        match = match_of([collection], given)
    except Invalid as error:
        refused = {problem.pointer.removeprefix("/filter/") for problem in error.problems}
    else:
        refused = set()
        check_match(indexes, match)
        assert set(match) == set(given)
    assert refused <= set(given)
