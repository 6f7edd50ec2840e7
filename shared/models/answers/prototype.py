"""Step 6: the things of the product and what can be done with them.

The answer is a specification, never markup or code: `functions.agency.artifacts.prototype` turns it into one
self-contained page and `functions.studio` into a code project, so nothing a model writes is executed.
"""

from __future__ import annotations

import re
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from shared.models.answers.base import (
    Answer,
    AnswerContext,
    Part,
    RequirementId,
    Sentence,
    faults,
    not_in,
    repeated,
    uncovered,
)
from shared.models.base import line

# No exponents: 1E+5000 is a number that no form and no database takes.
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
Identifier = Annotated[str, line(40)]
FieldType = Literal[
    "text", "long_text", "number", "money", "date", "time", "email", "phone", "choice", "boolean"
]
ActionKind = Literal[
    "create",  # a form that adds a row
    "update",  # a form that changes a row's `fields`
    "transition",  # moves a row from one of `from_states` to `to_state`
    "delete",  # removes a row after confirmation
    "search",  # finds rows by the text of `fields`
    "filter",  # narrows rows by the choice in `fields[0]`
    "summarise",  # totals: count of rows by state, and sum of number and money `fields`
    "compare",  # two rows side by side over `fields`
    "export",  # rows as CSV
    "notify",  # puts a message about a row into the in-product inbox
]


class EntityField(Part):
    """An attribute of an entity. `choices` only for choice; `minimum`/`maximum` for number and money."""

    name: Identifier = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Annotated[str, line(60)]
    type: FieldType
    required: bool
    choices: list[Annotated[str, line(60)]] = Field(max_length=8)
    minimum: float | None
    maximum: float | None
    unit: Annotated[str, line(20, 0)]

    def accepts(self, value: str) -> bool:
        """Whether `value`, as text, is valid for this field. Empty text is "not given"."""
        if value == "":
            return not self.required
        match self.type:
            case "number" | "money":
                if not _PLAIN_NUMBER.fullmatch(value):
                    return False
                number = Decimal(value)
                low = self.minimum is None or number >= Decimal(str(self.minimum))
                return low and (self.maximum is None or number <= Decimal(str(self.maximum)))
            case "date" | "time":
                try:
                    (date if self.type == "date" else time).fromisoformat(value)
                except ValueError:
                    return False
                return True
            case "email":
                return value.count("@") == 1 and all(value.split("@")) and " " not in value
            case "choice":
                return value in self.choices
            case "boolean":
                return value in ("true", "false")
            case _:
                return True


class EntitySpec(Part):
    """A thing the product keeps.

    `rows` are sample data: one list of texts a row, in the order of `fields`, then the row's state when
    `states` is not empty. `states[0]` is where a new row starts. Dates are YYYY-MM-DD, times HH:MM,
    booleans true/false.
    """

    name: Identifier = Field(pattern=r"^[a-z][a-z0-9_]*$", description="singular, snake_case")
    label: Annotated[str, line(60)]
    plural: Annotated[str, line(60)]
    description: Sentence
    fields: list[EntityField] = Field(min_length=2, max_length=10)
    states: list[Annotated[str, line(40)]] = Field(max_length=8)
    rows: list[list[Annotated[str, line(200, 0)]]] = Field(min_length=3, max_length=8)

    def own_problems(self) -> list[str]:
        """Faults of the entity by itself: names, choices, states, sample rows."""
        found = [
            *faults(f"fields of {self.name} repeated", repeated(f.name for f in self.fields)),
            *faults(f"states of {self.name} repeated", repeated(self.states)),
        ]
        if {"id", "state"} & {item.name for item in self.fields}:
            found.append(f"{self.name}: id and state are kept by the product; do not list them")
        for item in self.fields:
            if item.minimum is not None and item.maximum is not None and item.minimum > item.maximum:
                found.append(f"{self.name}.{item.name}: the minimum is above the maximum")
            if (item.type == "choice") != bool(item.choices):
                found.append(f"{self.name}.{item.name}: choices go with type choice")
        width = len(self.fields) + bool(self.states)
        for number, row in enumerate(self.rows, 1):
            if len(row) != width:
                found.append(f"{self.name} row {number} has {len(row)} values, not {width}")
                continue
            found += [
                f"{self.name} row {number}: {value!r} is not valid for {item.name}"
                for item, value in zip(self.fields, row, strict=False)
                if not item.accepts(value)
            ]
            if self.states and row[-1] not in self.states:
                found.append(f"{self.name} row {number}: {row[-1]!r} is not a state")
        return found


class Action(Part):
    """Something a person does on a screen to realise one requirement."""

    id: Annotated[str, line(5)] = Field(pattern=r"^A-[1-9][0-9]?$")
    requirement: RequirementId
    label: Annotated[str, line(80)] = Field(description="the words on the button")
    screen: Annotated[str, line(60)]
    kind: ActionKind
    entity: Identifier
    fields: list[Identifier]
    from_states: list[Annotated[str, line(40)]]
    to_state: Annotated[str, line(40, 0)]
    message: Annotated[str, line(160)] = Field(description="what the person reads when it is done")


class PrototypeAnswer(Answer):
    """Entities and actions; every requirement has an action, every entity a way to make one."""

    entities: list[EntitySpec] = Field(min_length=2, max_length=6)
    actions: list[Action] = Field(min_length=5, max_length=40)

    def entity(self, name: str) -> EntitySpec:
        """Return the entity of that name; KeyError when there is none."""
        for entity in self.entities:
            if entity.name == name:
                return entity
        raise KeyError(name)

    def problems(self, given: AnswerContext) -> list[str]:
        """References resolve, samples are valid, every requirement has an action."""
        names = [entity.name for entity in self.entities]
        known = given.requirement_ids()
        found = [
            *faults("entity names repeated", repeated(names)),
            *faults("action ids repeated", repeated(action.id for action in self.actions)),
            *faults("unknown entities", not_in((a.entity for a in self.actions), names)),
            *faults("unknown screens", not_in((a.screen for a in self.actions), given.screen_ids())),
            *faults("unknown requirements", not_in((a.requirement for a in self.actions), known)),
            *faults(
                "requirements without an action",
                uncovered(known, (action.requirement for action in self.actions)),
            ),
        ]
        for entity in self.entities:
            found += entity.own_problems()
        for action in self.actions:
            if action.entity in names:
                found += self._problems_of(action)
        return found

    def _problems_of(self, action: Action) -> list[str]:
        entity = self.entity(action.entity)
        found = faults(
            f"{action.id} uses unknown fields of {entity.name}",
            not_in(action.fields, [field.name for field in entity.fields]),
        )
        if action.kind == "transition":
            states = [*action.from_states, action.to_state]
            found += faults(f"{action.id} uses unknown states", not_in(states, entity.states))
            if not action.from_states or action.to_state in action.from_states:
                found.append(f"{action.id} needs a state to leave and another to reach")
        kinds = {field.name: field.type for field in entity.fields}
        if action.kind == "filter" and [kinds.get(name) for name in action.fields] != ["choice"]:
            found.append(f"{action.id} filters by exactly one field of type choice")
        if action.kind in ("create", "update", "search", "compare") and not action.fields:
            found.append(f"{action.id} ({action.kind}) names no fields")
        required = [field.name for field in entity.fields if field.required]
        if action.kind == "create":
            found += faults(
                f"{action.id} creates {entity.name} without required fields",
                uncovered(required, action.fields),
            )
        return found
