"""Whatever a passage says, in a prompt it is data."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.knowledge.quoting import (
    CLOSING,
    OPENING,
    estimated_tokens,
    quoted,
    tokens_of,
    within_budget,
)
from functions.knowledge.search import Passage
from tests.unit.knowledge.hostile import HOSTILE, passage

texts = st.text(alphabet=st.characters(), max_size=60) | st.sampled_from(HOSTILE)
passages = st.lists(st.builds(passage, text=texts, name=texts, heading=texts), max_size=4)


def as_json(text: str) -> str:
    """Return a text as JSON has it: two halves of a pair of surrogates are the character that they stand for."""
    return str(json.loads(json.dumps(text)))


@given(passages)
def test_no_text_closes_its_quotation(given: list[Passage]) -> None:
    opening, *lines, closing = quoted(given).split("\n")

    assert (opening, closing) == (OPENING, CLOSING)
    assert not any(character in line for line in lines for character in "<>&`")
    read = [json.loads(line) for line in lines]
    assert [each["text"] for each in read] == [as_json(each.text) for each in given]
    assert [each["document"] for each in read] == [as_json(each.name) for each in given]
    assert [each["id"] for each in read] == [f"p{number}" for number in range(1, len(given) + 1)]


@given(passages)
def test_nothing_hides_in_a_quotation(given: list[Passage]) -> None:
    lines = quoted(given).split("\n")

    assert len(lines) == len(quoted(given).splitlines()) == len(given) + 2
    hidden = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    assert not [
        character for line in lines for character in line if unicodedata.category(character) in hidden
    ]


def test_what_a_reader_can_read_stays_readable() -> None:
    assert "Größe: 5 € · 漁業権 🎣" in quoted([passage(text="Größe: 5 € · 漁業権 🎣")])


@given(passages, st.integers(0, 400))
def test_a_budget_holds(given: list[Passage], budget: int) -> None:
    kept = within_budget(given, budget)

    assert not kept or tokens_of(kept) <= budget
    left = iter(given)
    assert all(any(each == other for other in left) for each in kept), "in another order"
    assert within_budget(given, 1_000_000) == given


def test_a_passage_too_long_leaves_room_for_the_next() -> None:
    long, short = passage(text="word " * 1000), passage(text="short")

    assert within_budget([long, short], 100) == [short]
    assert within_budget([long, short], 0) == []


@given(texts, texts)
def test_an_estimate_never_grows_by_putting_texts_together(one: str, other: str) -> None:
    assert estimated_tokens(one + other) <= estimated_tokens(one) + estimated_tokens(other) + 1


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("Refunds take five days.", 3 + 2 + 2 + 2 + 1),
        ("x = 10", 1 + 1 + 2),
        ("a        b", 1 + 2 + 1),
        ("漁業", 4),
        ("🎣", 3),
        ("λ", 1),
        ("\ud800", 2),
    ],
    ids=["blank", "prose", "code", "indent", "chinese", "emoji", "greek", "surrogate"],
)
def test_what_a_text_is_taken_to_cost(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens
