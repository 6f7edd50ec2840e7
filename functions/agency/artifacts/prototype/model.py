"""What the page knows: the answers of the agents, resolved so that the script only has to draw them."""

from __future__ import annotations

import re
from typing import Any, Final

from functions.agency.artifacts.prototype.hosting import Placed, place
from shared.models.answers import (
    Action,
    DesignAnswer,
    EntityField,
    EntitySpec,
    PrototypeAnswer,
    Screen,
    SpecifyAnswer,
)
from shared.models.answers.design import ComponentKind

FORMAT: Final = 1
"""Raised when the stored state of an older page could no longer be read."""

COLUMNS: Final = 12
_SPANS: Final[dict[ComponentKind, int]] = {
    "text": 8,
    "stat": 4,
    "form": 6,
    "detail": 6,
    "chart": 5,
    "calendar": 7,
}
_BIDI_CONTROLS: Final = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_NAMING: Final = frozenset({"name", "title", "subject", "full_name"})
_NUMERIC: Final = ("number", "money")
_SHORT: Final = ("text", "choice", "number", "money", "date", "time")
# The sum of prices or rates means nothing to anybody; their mean does.
_RATE: Final = re.compile(r"\b(price|rate|per|score|rating|age|share|percent|average|temperature)\b|%", re.I)


def page_model(
    *,
    name: str,
    tagline: str,
    specify: SpecifyAnswer,
    design: DesignAnswer,
    prototype: PrototypeAnswer,
    drafted_by: str,
) -> dict[str, Any]:
    """Return the data of the page as plain JSON: product, requirements, entities, screens, actions."""
    model = {
        "format": FORMAT,
        "product": {"name": name, "tagline": tagline, "drafted_by": drafted_by},
        "requirements": {
            item.id: {"title": item.title, "statement": item.statement}
            for item in specify.functional_requirements
        },
        "entities": [_entity(entity, prototype.entities) for entity in prototype.entities],
        "actions": [action.model_dump(mode="json") for action in prototype.actions],
        "screens": [_screen(screen, design, prototype) for screen in design.screens],
    }
    cleaned: dict[str, Any] = without_bidi_controls(model)
    return cleaned


def without_bidi_controls(value: Any) -> Any:
    """Return JSON without the characters that turn the direction of the text around them.

    They would reverse the words of the page that stand beside them; right-to-left scripts need none of them.
    """
    if isinstance(value, str):
        return value.translate(_BIDI_CONTROLS)
    if isinstance(value, list):
        return [without_bidi_controls(item) for item in value]
    if isinstance(value, dict):
        return {key: without_bidi_controls(item) for key, item in value.items()}
    return value


def _entity(entity: EntitySpec, others: list[EntitySpec]) -> dict[str, Any]:
    made = entity.model_dump(mode="json")
    made["title"] = title_fields(entity)
    for item, made_field in zip(entity.fields, made["fields"], strict=True):
        made_field["mean"] = bool(_RATE.search(f"{item.label} {item.name.replace('_', ' ')} {item.unit}"))
        made_field["suggests"] = _suggests(item, entity, others)
    return made


def title_fields(entity: EntitySpec) -> list[str]:
    """Return the names of the fields that tell one row from another: a name, or the first few short ones."""
    for item in entity.fields:
        if item.name in _NAMING or item.name == f"{entity.name}_name":
            return [item.name]
    if entity.fields[0].type == "text":
        return [entity.fields[0].name]
    short = [item.name for item in entity.fields if item.type in _SHORT]
    return short[:3] or [entity.fields[0].name]


def _suggests(item: EntityField, entity: EntitySpec, others: list[EntitySpec]) -> str:
    """Return the entity whose rows a text field may name (the field `lot` of a bid), else empty."""
    if item.type != "text":
        return ""
    words = {item.name.removesuffix("_name"), item.label.casefold()}
    for other in others:
        if other.name != entity.name and words & {other.name, other.label.casefold()}:
            return other.name
    return ""


def _screen(screen: Screen, design: DesignAnswer, prototype: PrototypeAnswer) -> dict[str, Any]:
    actions = [action for action in prototype.actions if action.screen == screen.id]
    placed, left = place(screen, actions, prototype.entities)
    spans = spread([_SPANS.get(item.part.kind, COLUMNS) for item in placed])
    links = [link for link in design.navigation if link.from_screen == screen.id]
    return {
        "id": screen.id,
        "title": screen.title,
        "purpose": screen.purpose,
        "actor": screen.actor,
        "components": [_component(item, span, prototype) for item, span in zip(placed, spans, strict=True)],
        "left": _in_order(left, prototype),
        "links": [{"to": link.to_screen, "label": link.label} for link in links],
    }


def _component(item: Placed, span: int, prototype: PrototypeAnswer) -> dict[str, Any]:
    part = item.part
    fields, state = _fields(item, prototype) if item.entity else ([], False)
    return {
        "id": part.id,
        "kind": part.kind,
        "label": part.label,
        "entity": item.entity,
        "fields": fields,
        "shows_state": state,
        "words": part.fields,
        "goes_to": part.goes_to,
        "requirements": item.requirements(),
        "actions": _in_order(item.actions, prototype),
        "span": span,
    }


def _in_order(actions: list[Action], prototype: PrototypeAnswer) -> list[str]:
    chosen = {action.id for action in actions}
    return [action.id for action in prototype.actions if action.id in chosen]


def _fields(item: Placed, prototype: PrototypeAnswer) -> tuple[list[str], bool]:
    """Return the names of the fields a component asked for by label, and whether it asked for the state."""
    entity = prototype.entity(item.entity)
    known = {field.name.replace("_", " ").casefold(): field.name for field in entity.fields}
    known |= {field.label.casefold(): field.name for field in entity.fields}
    wanted = [word.replace("_", " ").casefold() for word in item.part.fields]
    chosen = list(dict.fromkeys(known[word] for word in wanted if word in known))
    return chosen, bool(entity.states) and bool({"state", "status"} & set(wanted))


def spread(spans: list[int]) -> list[int]:
    """Return the widths of components laid in rows of twelve columns, each row filled to its end."""
    rows: list[list[int]] = []
    for span in spans:
        if rows and sum(rows[-1]) + span <= COLUMNS:
            rows[-1].append(span)
        else:
            rows.append([span])
    filled = []
    for row in rows:
        spare = COLUMNS - sum(row)
        share, rest = divmod(spare, len(row))
        filled += [span + share + (index < rest) for index, span in enumerate(row)]
    return filled
