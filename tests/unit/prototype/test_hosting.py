"""Every action finds its place, and what a component shows is found by any of an entity's names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.agency.artifacts.prototype.hosting import find_entity, place
from functions.agency.artifacts.prototype.model import spread
from shared.models.answers import Component, Screen
from shared.models.answers.design import ComponentKind
from tests.samples import harbour

ENTITIES = harbour.PROTOTYPE.entities
KINDS: list[ComponentKind] = [
    "form",
    "table",
    "cards",
    "board",
    "detail",
    "chart",
    "search",
    "button",
    "stat",
]


def _screen(parts: list[Component]) -> Screen:
    return Screen(id="one", title="One", purpose="To try.", actor="Anybody", components=parts)


def _part(number: int, kind: ComponentKind, entity: str = "", requirement: str = "") -> Component:
    return Component(
        id=f"part-{number}",
        kind=kind,
        label=f"Part {number}",
        entity=entity,
        fields=[],
        goes_to="",
        requirements=[requirement] if requirement else [],
    )


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("quota_lot", "quota_lot"),
        ("Quota lot", "quota_lot"),
        ("LOTS", "quota_lot"),
        ("bids", "bid"),
        ("Skipper", "skipper"),
        ("open bid", "bid"),
        ("invoice", ""),
        ("", ""),
    ],
)
def test_an_entity_is_found_by_name_label_or_plural_in_any_case(words: str, name: str) -> None:
    assert find_entity(words, ENTITIES) == name


@given(
    st.lists(
        st.tuples(
            st.sampled_from(KINDS),
            st.sampled_from(["", "lot", "bid", "skipper"]),
            st.sampled_from(["", "FR-1", "FR-6", "FR-9"]),
        ),
        min_size=2,
        max_size=10,
    )
)
def test_no_action_is_lost_and_none_shows_another_entity(
    parts: list[tuple[ComponentKind, str, str]],
) -> None:
    screen = _screen([_part(index, *part) for index, part in enumerate(parts)])
    actions = harbour.PROTOTYPE.actions

    placed, left = place(screen, actions, ENTITIES)

    found = [action.id for item in placed for action in item.actions] + [action.id for action in left]
    assert set(found) == {action.id for action in actions}
    for item in placed:
        for action in item.actions:
            # A button may be about one thing and do what its requirement asks of another.
            assert item.part.kind == "button" or item.entity == action.entity
            assert action.requirement in item.requirements()
        if item.part.kind in ("form", "button"):
            assert len(item.actions) <= 1


def test_a_form_creates_and_a_table_changes_its_rows() -> None:
    screen = _screen([_part(1, "form", "lot"), _part(2, "table", "lot")])
    actions = [action for action in harbour.PROTOTYPE.actions if action.screen == "my-lots"]

    placed, left = place(screen, actions, ENTITIES)

    assert [action.id for action in placed[0].actions] == ["A-1"]
    assert [action.id for action in placed[1].actions] == ["A-2", "A-3", "A-4"]
    assert left == []


def test_of_two_tables_the_one_that_serves_the_requirement_carries_the_action() -> None:
    screen = _screen([_part(1, "table", "lot"), _part(2, "table", "lot", "FR-5")])
    compare = [action for action in harbour.PROTOTYPE.actions if action.kind == "compare"]

    placed, _ = place(screen, compare, ENTITIES)

    assert [len(item.actions) for item in placed] == [0, 1]


def test_an_idle_button_does_what_its_requirement_asks_for() -> None:
    screen = _screen([_part(1, "table", "bid"), _part(2, "button", "", "FR-6")])
    accept = [action for action in harbour.PROTOTYPE.actions if action.id == "A-9"]

    placed, _ = place(screen, accept, ENTITIES)

    assert [[action.id for action in item.actions] for item in placed] == [["A-9"], ["A-9"]]


@given(st.lists(st.integers(4, 12), min_size=1, max_size=10))
def test_components_fill_their_rows_and_keep_their_width(spans: list[int]) -> None:
    widths = spread(spans)

    assert all(wide >= span for wide, span in zip(widths, spans, strict=True))
    total = 0
    for wide in widths:
        total += wide
        assert total <= 12
        total %= 12
    assert total == 0
