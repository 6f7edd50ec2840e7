"""The sample answers other tests stand on are themselves sound."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from shared.models.answers import ANSWERS, Component
from shared.models.answers.design import ComponentKind
from shared.models.answers.prototype import ActionKind, FieldType
from tests.samples import harbour, hostile


@pytest.mark.parametrize("step", list(ANSWERS))
def test_an_answer_of_the_harbour_sample_has_no_problems(step: str) -> None:
    answer = ANSWERS[step].model_validate(harbour.answers()[step])

    assert answer == harbour.ANSWERS[step]
    assert answer.problems(harbour.context()) == []


def test_the_sample_uses_every_kind_of_component_action_and_field() -> None:
    parts: list[Component] = [part for screen in harbour.DESIGN.screens for part in screen.components]

    assert {part.kind for part in parts} == set(get_args(ComponentKind))
    assert {action.kind for action in harbour.PROTOTYPE.actions} == set(get_args(ActionKind))
    fields = [field for entity in harbour.PROTOTYPE.entities for field in entity.fields]
    assert {field.type for field in fields} == set(get_args(FieldType))


def test_the_answers_are_plain_json() -> None:
    assert json.loads(json.dumps(harbour.answers())) == harbour.answers()


@pytest.mark.parametrize("step", list(ANSWERS))
def test_an_answer_of_the_hostile_sample_is_valid_and_has_no_problems(step: str) -> None:
    answer = ANSWERS[step].model_validate(hostile.answers()[step])

    assert answer.problems(hostile.context()) == []


@pytest.mark.parametrize("step", list(ANSWERS))
def test_every_payload_family_reaches_the_hostile_answers(step: str) -> None:
    text = json.dumps(hostile.answers()[step], ensure_ascii=False)

    assert "alert(1)" in text
    assert sum(payload in text.replace('\\"', '"') for payload in hostile.PAYLOADS) >= 4
