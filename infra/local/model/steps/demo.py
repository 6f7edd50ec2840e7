"""Step 7: the script of the demo: a day with the product, from the first entry to the figures."""

from __future__ import annotations

from typing import Any

from infra.local.model.blueprint import Ability
from infra.local.model.language.inflection import capital, cut, trim
from infra.local.model.steps.given import Given

ORDER = (
    "create",
    "transition",
    "search",
    "compare",
    "notify",
    "update",
    "filter",
    "summarise",
    "export",
    "delete",
)
MOST_SCENES = 7


def draft(given: Given) -> dict[str, Any]:
    """Return the answer of `demo`: one scene a screen in the order of the story."""
    plan = given.plan
    by_id = {str(item["id"]): one for item, one in given.requirements()}
    screens = given.part("design", "screens")
    scenes: list[dict[str, Any]] = []
    if screens:
        scenes.append(_opening(given, screens[0]))
    for screen in screens[1:] or screens:
        served = [item for part in screen.get("components", []) for item in part.get("requirements", [])]
        abilities = [by_id[item] for item in served if item in by_id]
        best = min(abilities, key=lambda one: ORDER.index(one.kind), default=None)
        if len(scenes) < MOST_SCENES:
            scenes.append(_scene(screen, best))
    while scenes and len(scenes) < 4:
        scenes.append(dict(scenes[len(scenes) % 2]))
    promise = plan.words.lower(plan.archetype.promise)
    return {
        "title": trim(f"{given.name}: {plan.words.lower('{mains}', full=True)} in a minute", 80),
        "scenes": scenes,
        "closing": cut(f"{given.name}: {promise}", 90),
    }


def _opening(given: Given, screen: dict[str, Any]) -> dict[str, Any]:
    plan = given.plan
    problem = plan.words.fill(plan.archetype.problem).split(". ")[0]
    return {
        "screen": str(screen["id"]),
        "caption": cut(capital(plan.words.lower(plan.archetype.promise)), 90),
        "narration": cut(f"{problem.rstrip('.')}. This is {given.name}.", 400),
        "seconds": 6,
    }


def _scene(screen: dict[str, Any], one: Ability | None) -> dict[str, Any]:
    if one is None:
        return {
            "screen": str(screen["id"]),
            "caption": cut(str(screen["title"]), 90),
            "narration": cut(str(screen["purpose"]), 400),
            "seconds": 5,
        }
    caption = one.name if len(one.name) > 50 else f"{one.name}: {one.benefit}"
    return {
        "screen": str(screen["id"]),
        "caption": one.name if len(caption) > 90 else caption,
        "narration": cut(f"{capital(one.actors)} {one.do}, so that {one.benefit}.", 400),
        "seconds": 6,
    }
