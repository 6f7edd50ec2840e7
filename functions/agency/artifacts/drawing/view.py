"""What a component shows: its columns and rows, from sample data or, without any, as placeholders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from functions.agency.artifacts.drawing.theme import Theme
from functions.agency.artifacts.prototype.hosting import place
from functions.agency.artifacts.prototype.model import title_fields
from shared.models.answers import (
    Component,
    EntityField,
    EntitySpec,
    PrototypeAnswer,
    Screen,
)

PLACEHOLDER: Final = None
"""Stands for a value that is not known; it is drawn as a grey bar."""

Value = str | None
Bar = tuple[str, float, Value]
"""Label, size and words of a bar."""

_NUMERIC: Final = ("number", "money")
# The sum of prices or rates means nothing to anybody; their mean does.
_RATE: Final = re.compile(r"\b(price|rate|per|score|rating|age|share|percent|average|temperature)\b|%", re.I)
_COLUMNS: Final = 6


@dataclass(frozen=True)
class View:
    """A component ready to draw.

    `rows` has a value for each of `labels`, and a label that is not known is empty; `titles` and `states` have
    one for each row, and a state is empty where things have none. `buttons` are the words of what can be
    pressed; `bars` pairs a label with a number; `marks` pairs a date (YYYY-MM-DD) with words.
    """

    component: Component
    theme: Theme
    labels: list[str] = field(default_factory=list)
    rows: list[list[Value]] = field(default_factory=list)
    titles: list[Value] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    stats: list[tuple[str, Value]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    marks: list[tuple[str, str]] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)
    right_aligned: list[bool] = field(default_factory=list)
    leads_to: str = ""


def views_without_data(screen: Screen, theme: Theme, leads_to: dict[str, str]) -> list[View]:
    """Return the components of a screen with placeholders; `leads_to` maps screen ids to their names."""
    return [_placeholder(part, theme, leads_to.get(part.goes_to, "")) for part in screen.components]


def _placeholder(part: Component, theme: Theme, leads_to: str) -> View:
    labels = list(part.fields) or [""] * 3
    shown = labels[:_COLUMNS]
    is_board = part.kind == "board"
    columns = shown if is_board and part.fields else ["State 1", "State 2", "State 3"]
    count = 3 if part.kind in ("table", "cards", "board") else 1
    return View(
        component=part,
        theme=theme,
        labels=labels if part.kind in ("form", "detail") else shown,
        rows=[[PLACEHOLDER] * len(labels) for _ in range(count)],
        titles=[PLACEHOLDER] * count,
        states=columns[:count] if is_board else [""] * count,
        columns=columns,
        stats=[(label, PLACEHOLDER) for label in part.fields[:4]] or [(part.label, PLACEHOLDER)],
        bars=[("", share, PLACEHOLDER) for share in (0.9, 0.6, 0.75, 0.35)],
        buttons=[part.label] if part.kind in ("form", "button") else [],
        right_aligned=[False] * len(shown),
        leads_to=leads_to,
    )


def views_with_data(screen: Screen, theme: Theme, prototype: PrototypeAnswer) -> list[View]:
    """Return the components of a screen with the sample rows and actions of the prototype."""
    actions = [action for action in prototype.actions if action.screen == screen.id]
    placed, _left = place(screen, actions, prototype.entities)
    views = []
    for item in placed:
        buttons = [action.label for action in item.actions if action.kind not in ("search", "filter")]
        if item.part.kind in ("form", "button"):
            buttons = buttons[:1] or [item.part.label]
        if item.entity:
            views.append(_filled(item.part, theme, prototype.entity(item.entity), buttons))
        else:
            views.append(View(component=item.part, theme=theme, buttons=buttons))
    return views


def _filled(part: Component, theme: Theme, entity: EntitySpec, buttons: list[str]) -> View:
    fields = asked_fields(part, entity)
    if part.kind not in ("form", "detail"):
        # Long texts burst a table; a form and a detail list have room for them.
        fields = [item for item in fields if item.type != "long_text"][:_COLUMNS] or fields[:1]
    places = [entity.fields.index(item) for item in fields]
    states = [row[-1] if entity.states else "" for row in entity.rows]
    return View(
        component=part,
        theme=theme,
        labels=[item.label for item in fields],
        rows=[
            [shown(row[place], item) for place, item in zip(places, fields, strict=True)]
            for row in entity.rows
        ],
        titles=[_title(row, entity) for row in entity.rows],
        states=states,
        columns=[state for state in entity.states if state in states] or [entity.plural],
        stats=stats(part, entity),
        bars=bars(part, entity),
        marks=_marks(part, entity),
        choices=next((item.choices[:4] for item in fields if item.type == "choice"), []),
        buttons=buttons,
        right_aligned=[item.type in _NUMERIC for item in fields],
    )


def asked_fields(part: Component, entity: EntitySpec) -> list[EntityField]:
    """Return the fields that the component names by label or name; all of the entity when it names none."""
    known = {item.name.replace("_", " ").casefold(): item for item in entity.fields}
    known |= {item.label.casefold(): item for item in entity.fields}
    words = [word.replace("_", " ").casefold() for word in part.fields]
    return list({known[word].name: known[word] for word in words if word in known}.values()) or list(
        entity.fields
    )


def shown(value: str, item: EntityField) -> str:
    """Return a stored value as a person reads it: with its unit, a tick for true."""
    if value == "":
        return "–"
    if item.type == "boolean":
        return "✓" if value == "true" else "–"
    if item.type in _NUMERIC and item.unit:
        return f"{value} {item.unit}"
    return value


def stats(part: Component, entity: EntitySpec) -> list[tuple[str, Value]]:
    """Return label and value of up to four figures, computed from the sample rows.

    A numeric field is totalled (a price or rate is averaged), a state counted. A component that names
    neither gets the number of rows and of rows in each state.
    """
    found: list[tuple[str, Value]] = []
    by_label = {item.label.casefold(): item for item in entity.fields}
    by_label |= {item.name.replace("_", " ").casefold(): item for item in entity.fields}
    for word in part.fields:
        item = by_label.get(word.replace("_", " ").casefold())
        if item is not None and item.type in _NUMERIC:
            found.append((item.label, _total(entity, item)))
        elif word in entity.states:
            found.append((word, str(sum(row[-1] == word for row in entity.rows))))
    if not found:
        found = [(entity.plural, str(len(entity.rows)))]
        found += [
            (state, str(count))
            for state in entity.states
            if (count := sum(row[-1] == state for row in entity.rows))
        ]
    return found[:4]


def _numbers(entity: EntitySpec, item: EntityField) -> list[Decimal]:
    place = entity.fields.index(item)
    return [Decimal(row[place]) for row in entity.rows if row[place]]


def _total(entity: EntitySpec, item: EntityField) -> str:
    numbers = _numbers(entity, item)
    total = sum(numbers, Decimal(0))
    if numbers and _RATE.search(f"{item.label} {item.name.replace('_', ' ')} {item.unit}"):
        total = (total / len(numbers)).quantize(Decimal("0.01"))
    return f"{total:,} {item.unit}".strip()


def bars(part: Component, entity: EntitySpec) -> list[Bar]:
    """Return label, size and words of up to six bars: a numeric field by row, or rows by choice or state."""
    named = asked_fields(part, entity) if part.fields else []
    numeric = next((item for item in named if item.type in _NUMERIC), None)
    if numeric is not None:
        place = entity.fields.index(numeric)
        sized: list[Bar] = [
            (_title(row, entity), float(row[place]), shown(row[place], numeric))
            for row in entity.rows
            if row[place]
        ]
        return sized[:6]
    choice = next((item for item in named or entity.fields if item.type == "choice"), None)
    if choice is not None and (named or not entity.states):
        keys = [row[entity.fields.index(choice)] for row in entity.rows]
    elif entity.states:
        keys = [row[-1] for row in entity.rows]
    else:
        keys = [_title(row, entity) for row in entity.rows]
    counted: list[Bar] = [(key, keys.count(key), str(keys.count(key))) for key in dict.fromkeys(keys)]
    return counted[:6]


def _marks(part: Component, entity: EntitySpec) -> list[tuple[str, str]]:
    dated: Sequence[EntityField] = [item for item in asked_fields(part, entity) if item.type == "date"]
    dated = dated or [item for item in entity.fields if item.type == "date"]
    if not dated:
        return []
    place = entity.fields.index(dated[0])
    return sorted((row[place], _title(row, entity)) for row in entity.rows if row[place])


def _title(row: list[str], entity: EntitySpec) -> str:
    known = {item.name: (place, item) for place, item in enumerate(entity.fields)}
    chosen = [known[name] for name in title_fields(entity)]
    return ", ".join(shown(row[place], item) for place, item in chosen if row[place]) or entity.label
