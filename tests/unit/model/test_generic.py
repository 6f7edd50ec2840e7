"""Any JSON schema is filled with valid values, and foreign answers of earlier steps are worked with."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from infra.local.model.drafting import draft
from infra.local.model.generic import fill, paragraph
from shared.models.answers import ANSWERS, AnswerContext
from tests.samples import harbour
from tests.unit.model.chain import COMPARABLES

TEXT = "Sort the support tickets of the museum shop by urgency; the label is high or low."
SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "properties": {"label": {"enum": ["low", "medium", "high"]}}, "required": ["label"]},
    {"type": "array", "items": {"type": "integer", "minimum": 7, "maximum": 9}, "minItems": 4, "maxItems": 4},
    {
        "type": "object",
        "properties": {"at": {"type": "string", "format": "date-time"}, "ok": {"type": "boolean"}},
    },
    {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 12, "maxLength": 20}]},
    {
        "type": "object",
        "required": ["free"],
        "properties": {"id": {"type": "string", "pattern": "^T-[0-9]+$"}},
    },
    {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1},
    {"const": "fixed"},
    {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
    {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                },
            }
        },
    },
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: json.dumps(schema)[:40])
def test_a_schema_is_filled_with_valid_values(schema: dict[str, Any]) -> None:
    made = json.loads(fill(schema, TEXT))
    assert list(Draft202012Validator(schema).iter_errors(made)) == []


def test_values_are_made_of_the_words_of_the_prompt() -> None:
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "label": {"enum": ["low", "high"]}},
    }
    made = json.loads(fill(schema, TEXT))
    assert any(word in made["title"].casefold() for word in ("sort", "support", "tickets", "museum"))
    assert made["label"] in ("low", "high")


def test_a_paragraph_says_how_it_was_made_and_an_empty_prompt_gets_one() -> None:
    assert "Drafted offline" in paragraph(TEXT)
    assert "museum" in paragraph(TEXT)
    assert "nothing to read" in paragraph("")


@pytest.mark.parametrize("step", ["specify", "plan", "design", "prototype", "demo", "launch"])
def test_answers_somebody_else_wrote_are_built_upon(step: str) -> None:
    answers = copy.deepcopy(harbour.answers())
    kept = {name: answers[name] for name in list(ANSWERS)[: list(ANSWERS).index(step)]}
    brief = {"idea": harbour.IDEA, "sector": harbour.SECTOR, "constraints": {}, "company": None}
    context = AnswerContext(
        idea=harbour.IDEA, sector=harbour.SECTOR, comparable_ids=harbour.COMPARABLE_IDS, answers=kept
    )
    answer = ANSWERS[step].model_validate(draft(step, brief, COMPARABLES, kept))
    assert answer.problems(context) == []
