"""Every archetype, topic and sector is complete and sound: slots, states, screens and names."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from infra.local.model.language.parser import parse
from infra.local.model.library import Archetype, archetypes, pools, sectors, topics
from infra.local.model.nouns import words_for
from infra.local.model.phrases import SLOT
from shared.models.answers.prototype import ActionKind, FieldType
from shared.models.base import SECTORS

ALL = list(archetypes().values())
THING = re.compile(r"\{(?:[Aa]n? |[Tt]he )?(?:[Mm]ain|[Ii]tem|[Oo]bject)s?(?:'s)?\}")


def test_there_are_at_least_24_archetypes_and_every_sector() -> None:
    assert len(ALL) >= 24
    assert set(sectors()) == set(SECTORS)
    assert len(topics()) >= 30
    assert len(pools()["given"]) >= 16


@pytest.mark.parametrize("archetype", ALL, ids=lambda one: str(one.key))
def test_capabilities_name_existing_things_screens_states_and_fields(archetype: Archetype) -> None:
    screens = {screen.key for screen in archetype.screens}
    for item in archetype.capabilities:
        thing = archetype.things[item.thing]
        assert item.kind in get_args(ActionKind), item.name
        assert item.at in screens, item.name
        assert item.role in archetype.roles, item.name
        assert set(item.from_states) | ({item.to_state} - {""}) <= set(thing.states), item.name
        assert (item.kind == "transition") == bool(item.to_state), item.name
        assert item.to_state not in item.from_states
        assert set(item.fields) <= {field.label for field in thing.fields}, item.name
    used = {item.at for item in archetype.capabilities}
    assert screens == used, f"screens nobody uses: {screens - used}"


@pytest.mark.parametrize("archetype", ALL, ids=lambda one: str(one.key))
def test_every_name_and_text_carries_a_word_of_the_idea(archetype: Archetype) -> None:
    for item in archetype.capabilities:
        assert THING.search(item.name), item.name
        assert SLOT.search(item.text), item.name


@pytest.mark.parametrize("archetype", ALL, ids=lambda one: str(one.key))
def test_archetypes_are_complete(archetype: Archetype) -> None:
    features = [item for item in archetype.capabilities if item.priority != "support"]
    assert 6 <= len(features) <= 10
    assert any(item.priority == "must" for item in features)
    assert len({item.name for item in archetype.capabilities}) == len(archetype.capabilities)
    assert 4 <= len(archetype.screens) <= 8
    assert len(archetype.things) >= 2
    assert {item.thing for item in archetype.capabilities if item.kind == "create"} == set(archetype.things)
    assert len(archetype.goals) >= 3
    assert all(
        re.search(r"\d|[Hh]alf|[Nn]ine|[Tt]wo|[Ss]even|[Ee]ight|[Ee]ach|[Ee]very|[Oo]ne |within", goal)
        for goal in archetype.goals
    )
    assert len(archetype.epics) == 3
    assert len(archetype.risks) >= 2
    assert len(archetype.qualities) >= 2
    assert len(archetype.metrics) >= 2
    assert len(archetype.out_of_scope) >= 2
    assert len(archetype.questions) >= 1


@pytest.mark.parametrize("archetype", ALL, ids=lambda one: str(one.key))
def test_every_template_fills_and_every_field_type_is_known(archetype: Archetype) -> None:
    words = words_for(parse("Reindeer calendar for Sami herders"), archetype)
    texts = [archetype.problem, archetype.promise, archetype.pricing, *archetype.goals, *archetype.questions]
    texts += [
        text
        for item in archetype.capabilities
        for text in (
            item.name,
            item.text,
            item.benefit,
            item.given,
            item.when,
            item.then,
            item.button,
            item.done,
        )
    ]
    texts += [name for name, _, _, _ in (*archetype.metrics,)]
    texts += [text for line in (*archetype.epics, *archetype.risks) for text in line[:3]]
    texts += [*archetype.out_of_scope, *(screen.title + screen.purpose for screen in archetype.screens)]
    for text in texts:
        filled = words.fill(text, full=True)
        assert filled
        assert "{" not in filled
        assert "}" not in filled
        assert "<" not in filled
    for thing in archetype.things.values():
        assert {field.type for field in thing.fields} <= set(get_args(FieldType))


def test_likelihood_and_impact_of_risks_are_known_words() -> None:
    lines = [line for one in (*ALL, *sectors().values()) for line in one.risks]
    assert {line[1] for line in lines} | {line[2] for line in lines} <= {"low", "medium", "high"}
