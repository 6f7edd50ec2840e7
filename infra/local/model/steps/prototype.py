"""Step 6: the things of the product and what can be done with them."""

from __future__ import annotations

import copy
from typing import Any

from infra.local.model.blueprint import Ability
from infra.local.model.language.inflection import cut, trim
from infra.local.model.steps.given import Given

MOST_ACTIONS = 40


def draft(given: Given) -> dict[str, Any]:
    """Return the answer of `prototype`; every requirement has an action on the screen that serves it."""
    plan = given.plan
    screens = given.part("design", "screens")
    actions: list[dict[str, Any]] = []
    for item, one in given.requirements():
        actions.append(_action(len(actions) + 1, str(item["id"]), one, _screen_of(screens, str(item["id"]))))
    for entity in plan.entities:
        made = any(action["kind"] == "create" and action["entity"] == entity["name"] for action in actions)
        near = next(
            (action for action in actions if action["entity"] == entity["name"]),
            actions[0] if actions else None,
        )
        if not made and near and len(actions) < MOST_ACTIONS:
            actions.append(_maker(len(actions) + 1, entity, near))
    pairs = given.requirements()
    position = 0
    while 0 < len(actions) < 5 and pairs:
        item, one = pairs[position % len(pairs)]
        actions.append(_action(len(actions) + 1, str(item["id"]), one, _screen_of(screens, str(item["id"]))))
        position += 1
    return {"entities": copy.deepcopy(list(plan.entities)), "actions": actions}


def _screen_of(screens: list[dict[str, Any]], requirement: str) -> str:
    for screen in screens:
        for part in screen.get("components", []):
            if requirement in part.get("requirements", []):
                return str(screen["id"])
    return str(screens[0]["id"]) if screens else "overview"


def _action(number: int, requirement: str, one: Ability, screen: str) -> dict[str, Any]:
    return {
        "id": f"A-{number}",
        "requirement": requirement,
        "label": trim(one.button, 80),
        "screen": screen,
        "kind": one.kind,
        "entity": one.entity,
        "fields": list(one.fields),
        "from_states": list(one.from_states),
        "to_state": one.to_state,
        "message": cut(one.done, 160),
    }


def _maker(number: int, entity: dict[str, Any], near: dict[str, Any]) -> dict[str, Any]:
    return near | {
        "id": f"A-{number}",
        "label": trim(f"Add {entity['label'].lower()}", 80),
        "kind": "create",
        "entity": entity["name"],
        "fields": [field["name"] for field in entity["fields"]],
        "from_states": [],
        "to_state": "",
        "message": cut(f"{entity['label']} saved.", 160),
    }
