"""The sample answers other tests stand on are themselves sound."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from shared.models.answers import ANSWERS, Component
from shared.models.answers.design import ComponentKind
from shared.models.answers.prototype import ActionKind, FieldType
from tests.samples import harbour


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
