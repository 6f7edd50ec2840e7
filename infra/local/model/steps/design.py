"""Step 5: the wireframe."""

from __future__ import annotations

import colorsys
from itertools import pairwise
from typing import Any

from infra.local.model.blueprint import Ability, ScreenPlan
from infra.local.model.language.inflection import capital, cut, trim
from infra.local.model.steps.given import Given

MOST_COMPONENTS = 10
CONTRAST = 5.2


def draft(given: Given) -> dict[str, Any]:
    """Return the answer of `design`; every requirement stands on the component that realises it."""
    plan = given.plan
    screens = {screen.id: screen for screen in plan.screens}
    first = plan.screens[0].id
    placed: dict[str, list[tuple[str, Ability]]] = {key: [] for key in screens}
    for item, one in given.requirements():
        placed[one.screen if one.screen in screens else first].append((str(item["id"]), one))
    homes = _homes(placed)
    made = [_screen(given, screen, placed[screen.id], homes) for screen in plan.screens]
    return {
        "screens": made,
        "navigation": _navigation(plan.screens),
        "accent": accent(plan.sector.hue, plan.seed),
    }


def _homes(placed: dict[str, list[tuple[str, Ability]]]) -> dict[str, str]:
    """Where each entity is made, so that lists and buttons lead there."""
    homes: dict[str, str] = {}
    for screen, items in placed.items():
        for _, one in items:
            if one.kind == "create":
                homes.setdefault(one.entity, screen)
    return homes


class _Page:
    """Collects the components of one screen; the same kind for the same entity is one component."""

    def __init__(self, given: Given, screen: ScreenPlan, homes: dict[str, str]) -> None:
        self.given = given
        self.screen = screen
        self.homes = homes
        self.parts: dict[str, dict[str, Any]] = {}

    def add(
        self,
        kind: str,
        entity: str,
        label: str,
        requirement: str = "",
        fields: list[str] | None = None,
        goes_to: str = "",
    ) -> None:
        """Add a component or the requirement to the one that is there; on a full screen the last one carries it."""
        key = f"{kind}-{entity.replace('_', '-')}".strip("-")[:50]
        if kind == "button":
            key = f"{key}-{requirement.lower()}"
        if key not in self.parts:
            if len(self.parts) >= MOST_COMPONENTS:
                key = next(reversed(self.parts))
            else:
                self.parts[key] = {
                    "id": key,
                    "kind": kind,
                    "label": trim(label, 100),
                    "entity": self.given.plan.entity(entity)["label"] if entity else "",
                    "fields": (fields or [])[:10],
                    "goes_to": goes_to if goes_to != self.screen.id else "",
                    "requirements": [],
                }
        if requirement and requirement not in self.parts[key]["requirements"]:
            self.parts[key]["requirements"].append(requirement)


def _labels(entity: dict[str, Any], names: tuple[str, ...] | list[str]) -> list[str]:
    return [field["label"] for field in entity["fields"] if field["name"] in names]


def _columns(entity: dict[str, Any]) -> list[str]:
    return [field["label"] for field in entity["fields"] if field["type"] != "long_text"][:5]


def _screen(
    given: Given, screen: ScreenPlan, items: list[tuple[str, Ability]], homes: dict[str, str]
) -> dict[str, Any]:
    plan = given.plan
    page = _Page(given, screen, homes)
    page.add("text", "", _intro(given, screen, items))
    shown = [one.entity for _, one in items] or [plan.entities[0]["name"]]
    if "stat" in screen.extras:
        for entity in dict.fromkeys([plan.entities[0]["name"], *shown]):
            page.add("stat", entity, plan.entity(entity)["plural"])
    for requirement, one in items:
        _place(page, requirement, one)
    for entity in dict.fromkeys(shown):
        _list(page, plan.entity(entity), homes)
    for extra in screen.extras:
        _extra(page, extra, plan.entity(shown[0]))
    if len(page.parts) < 3:
        page.add("notice", "", _notice(given, items))
    return {
        "id": screen.id,
        "title": screen.title,
        "purpose": screen.purpose,
        "actor": screen.actor,
        "components": list(page.parts.values()),
    }


def _place(page: _Page, requirement: str, one: Ability) -> None:
    entity = page.given.plan.entity(one.entity)
    match one.kind:
        case "create":
            page.add("form", one.entity, one.name, requirement, _labels(entity, one.fields))
        case "transition":
            page.add("board", one.entity, f"{entity['plural']} by state", requirement, _columns(entity)[:3])
        case "search":
            page.add(
                "search",
                one.entity,
                f"Find among {entity['plural'].lower()}",
                requirement,
                _labels(entity, one.fields),
            )
        case "filter":
            page.add("table", one.entity, entity["plural"], requirement, _columns(entity))
        case "compare":
            page.add(
                "table",
                one.entity,
                f"{entity['plural']} side by side",
                requirement,
                _labels(entity, one.fields)[:6],
            )
        case "summarise":
            page.add(
                "stat", one.entity, f"{entity['plural']} in total", requirement, _labels(entity, one.fields)
            )
            page.add(
                "chart",
                one.entity,
                f"{entity['plural']} by state" if entity["states"] else entity["plural"],
                requirement,
                _labels(entity, one.fields)[:1],
            )
        case "update" | "delete":
            page.add("detail", one.entity, entity["label"], requirement, _columns(entity))
        case "export" | "notify":
            page.add("button", one.entity, one.button, requirement)


def _list(page: _Page, entity: dict[str, Any], homes: dict[str, str]) -> None:
    """Show the rows of an entity unless the screen already does."""
    name = str(entity["name"])
    kinds = {part["kind"] for part in page.parts.values() if part["entity"] == entity["label"]}
    if kinds & {"table", "board", "cards"}:
        return
    people = any(field["type"] == "email" for field in entity["fields"]) and not entity["states"]
    page.add(
        "cards" if people else "table", name, entity["plural"], "", _columns(entity), homes.get(name, "")
    )


def _extra(page: _Page, extra: str, entity: dict[str, Any]) -> None:
    dates = [field["label"] for field in entity["fields"] if field["type"] == "date"]
    if extra == "calendar" and dates:
        page.add("calendar", entity["name"], f"{entity['plural']}: {dates[0].lower()}", "", dates[:1])
    elif extra == "chart":
        choice = [field["label"] for field in entity["fields"] if field["type"] == "choice"][:1]
        label = f"{entity['plural']} by {choice[0].lower()}" if choice else entity["plural"]
        page.add("chart", entity["name"], label, "", choice)
    elif extra == "cards":
        page.add("cards", entity["name"], entity["plural"], "", _columns(entity))


def _intro(given: Given, screen: ScreenPlan, items: list[tuple[str, Ability]]) -> str:
    """The sentence at the top: the promise on the first screen, then what the screen is good for."""
    plan = given.plan
    if screen.id == plan.screens[0].id or not items:
        return cut(capital(plan.words.lower(plan.archetype.promise)) + ".", 100)
    return cut(capital(items[0][1].benefit) + ".", 100)


def _notice(given: Given, items: list[tuple[str, Ability]]) -> str:
    """A rule of the screen in words, so that nobody is surprised by it."""
    if not items:
        return given.plan.words.fill("Changes to {a main} are kept with their date.")
    one = items[0][1]
    rule = f"Good to know: when {one.when}, {one.then}."
    return rule if len(rule) <= 100 else cut(capital(one.then) + ".", 100)


def _navigation(screens: tuple[ScreenPlan, ...]) -> list[dict[str, str]]:
    first = screens[0]
    links = [{"from_screen": first.id, "to_screen": one.id, "label": one.title} for one in screens[1:]]
    for before, after in pairwise(screens[1:]):
        links.append({"from_screen": before.id, "to_screen": after.id, "label": one_label(after)})
    links.append({"from_screen": screens[-1].id, "to_screen": first.id, "label": one_label(first)})
    return links


def one_label(screen: ScreenPlan) -> str:
    """The words on a link to a screen."""
    return trim(f"Open “{screen.title}”", 120)


def accent(hue: int, seed: int) -> str:
    """Return a colour near the sector's hue, shifted by the idea, with at least 5:1 contrast to white text."""
    shifted = ((hue + seed % 61 - 30) % 360) / 360
    lightness = 0.42
    while lightness > 0.1:
        rgb = colorsys.hls_to_rgb(shifted, lightness, 0.62)
        if 1.05 / (_luminance(rgb) + 0.05) >= CONTRAST:
            break
        lightness -= 0.01
    return "#" + "".join(f"{round(part * 255):02x}" for part in rgb)


def _luminance(rgb: tuple[float, float, float]) -> float:
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
