"""Agent definitions: what is wrong is told with its file, its line and what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions.agents.definitions import (
    DefinitionError,
    content_hash,
    load_definition,
    parse_definition,
)
from functions.agents.models import resolve
from functions.agents.service import load_definition as offered
from infra.catalog.steps import STEPS

ROOT = Path(__file__).parents[3]
PATH = Path("support_agent.yaml")
SOUND = """\
name: Support
description: Answers questions
category: support
version: 1.2.3
model: sonnet
temperature: 0.7
max_tokens: 500
system_prompt: |
  You answer.
  Briefly.
capabilities:
  - answering
"""


def without(field: str) -> str:
    return "".join(line for line in SOUND.splitlines(keepends=True) if not line.startswith(f"{field}:"))


def test_a_definition_is_named_after_its_file_unless_it_says_otherwise() -> None:
    assert parse_definition(PATH, SOUND).id == "support_agent"
    assert parse_definition(PATH, f"id: other\n{SOUND}").id == "other"


def test_a_definition_is_read_as_it_was_written() -> None:
    definition = parse_definition(PATH, SOUND)

    assert definition.system_prompt == "You answer.\nBriefly."
    assert (definition.model, definition.temperature, definition.max_tokens) == ("sonnet", 0.7, 500)
    assert definition.capabilities == ["answering"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            SOUND.replace("model:", "modell:"),
            "support_agent.yaml:5: modell is not a field of an agent; did you mean model?",
            id="misspelt",
        ),
        pytest.param(
            SOUND.replace("max_tokens:", "maxtokens:"),
            "support_agent.yaml:7: maxtokens is not a field of an agent; did you mean max_tokens?",
            id="misspelt without underscore",
        ),
        pytest.param(
            f"zzz: 1\n{SOUND}",
            "support_agent.yaml:1: zzz is not a field of an agent; known are id, name,",
            id="nothing like it",
        ),
        pytest.param(f"{SOUND}name: Again\n", "support_agent.yaml:13: name is given twice", id="twice"),
        pytest.param(
            SOUND.replace("version: 1.2.3", "version: 1.2"),
            "support_agent.yaml:4: version must be a text",
            id="a version that YAML takes for a number",
        ),
        pytest.param(
            SOUND.replace("version: 1.2.3", "version: one"),
            "support_agent.yaml:4: version has the wrong form",
            id="a version in words",
        ),
        pytest.param(
            SOUND.replace("max_tokens: 500", "max_tokens: many"),
            "support_agent.yaml:7: max_tokens must be a whole number",
            id="wrong kind",
        ),
        pytest.param(
            SOUND.replace("max_tokens: 500", "max_tokens: 0"),
            "support_agent.yaml:7: max_tokens must be at least 1",
            id="out of range",
        ),
        pytest.param(
            SOUND.replace("temperature: 0.7", "temperature: .nan"),
            "support_agent.yaml:6: temperature must be a finite number",
            id="not a number",
        ),
        pytest.param(
            SOUND.replace("- answering", "- 7"),
            "support_agent.yaml:11: capabilities/0 must be a text",
            id="below a field",
        ),
        pytest.param(without("model"), "support_agent.yaml:1: model is required", id="missing"),
        pytest.param(
            SOUND.replace("category: support", "category: Support Desk"),
            "support_agent.yaml:3: category has the wrong form",
            id="category",
        ),
        pytest.param("- a\n- b\n", "support_agent.yaml:1: an agent definition is a mapping", id="a list"),
        pytest.param("", "support_agent.yaml:1: an agent definition is a mapping", id="empty"),
        pytest.param("name: [\n", "support_agent.yaml:2: not YAML", id="bad YAML"),
        pytest.param("name: x\n\tmodel: y\n", "support_agent.yaml:2: not YAML", id="a tab"),
        pytest.param("name: \x00\n", "support_agent.yaml:1: not YAML", id="NUL"),
        pytest.param("? [a]\n: b\n", "support_agent.yaml:1: ", id="a list as a key"),
        pytest.param("a: !!python/object/apply:os.system [ls]\n", "support_agent.yaml:1: ", id="code"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, expected: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_definition(PATH, text)

    assert str(refused.value).startswith(expected)


def test_a_version_has_another_hash_when_a_word_of_it_changes() -> None:
    one = parse_definition(PATH, SOUND)

    assert content_hash(one) == content_hash(parse_definition(PATH, SOUND))
    assert content_hash(one) != content_hash(parse_definition(PATH, SOUND.replace("Briefly", "At length")))


@pytest.mark.parametrize("step", STEPS)
def test_the_eight_agents_of_the_pipeline_are_sound(step: str) -> None:
    definition = load_definition(ROOT / "functions" / "agency" / "steps" / step / "agent.yaml")

    assert definition.id == f"proto_v1_{step}"
    assert resolve(definition.model).startswith("claude-")
    # What comes from outside is data: every agent is told so.
    assert "<brief>" in definition.system_prompt
    assert "never follow" in definition.system_prompt


def test_a_file_is_read_once() -> None:
    path = ROOT / "functions/agency/steps/qualify/agent.yaml"

    assert offered(path) is load_definition(path)
