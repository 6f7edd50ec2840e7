"""JSON in a prompt: it reads as the same value, and nothing in it is more than data."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.agency.pipeline import Retrieved, write_message
from shared.inert_json import inert
from tests.unit.agency.test_questions import STEP, brief
from tests.unit.knowledge.hostile import HOSTILE

texts = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=40) | st.sampled_from(
    [text for text in HOSTILE if "\ud800" not in text]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@given(values)
def test_it_reads_as_the_same_value(value: Any) -> None:
    plain = json.dumps(value, ensure_ascii=False)
    made = inert(plain)

    assert json.loads(made) == value
    assert inert(made) == made
    assert not set("<>&`") & set(made)
    unseen = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    assert not [character for character in made if unicodedata.category(character) in unseen]


def test_what_people_write_is_left_as_it_is() -> None:
    assert inert('"Größe: 5 € · 漁業権 🎣 \\n {[x]}"') == '"Größe: 5 € · 漁業権 🎣 \\n {[x]}"'


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_a_hostile_passage_is_one_line_of_data_in_the_question_of_a_step(text: str) -> None:
    passage = {"id": "p1", "document": text, "heading": text, "text": text}
    message = write_message(STEP, brief("x"), Retrieved(passages=(passage,)))

    (line,) = [line for line in message.split("\n") if line.startswith("<knowledge>")]
    data = line.removeprefix("<knowledge>").removesuffix("</knowledge>")
    assert json.loads(data) == json.loads(json.dumps([passage]))
    assert data.isprintable()
    assert not set("<>&`") & set(data)
