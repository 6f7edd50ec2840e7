"""Step 4: epics, stories, tasks and the cloud."""

from __future__ import annotations

from typing import Any

from infra.local.model.blueprint import Ability, Blueprint
from infra.local.model.language.idea import noun_kind
from infra.local.model.language.inflection import a, capital, cut, trim
from infra.local.model.steps.given import Given

POINTS = {
    "create": 5,
    "update": 3,
    "transition": 3,
    "delete": 2,
    "search": 3,
    "filter": 2,
    "summarise": 3,
    "compare": 2,
    "export": 2,
    "notify": 3,
}
TASKS: dict[str, tuple[tuple[str, int], ...]] = {
    "create": (
        ("Table and migration for {many}", 5),
        ("Form for {one} with its checks", 8),
        ("API to store {one} and tests", 6),
    ),
    "update": (("Change of {one} with its history", 6), ("Form and tests for the change", 5)),
    "transition": (
        ("States of {one} and who may change them", 5),
        ("Step “{button}” on the page", 4),
        ("Tests of every refused step", 3),
    ),
    "delete": (("Removal of {one} with confirmation", 4), ("Test that nothing else is lost", 2)),
    "search": (("Index over {many}", 5), ("Search box and list on a phone", 6)),
    "filter": (("Filter of {many} by choice", 4), ("Count of what is shown", 2)),
    "summarise": (("Totals of {many} by state", 5), ("Figures and chart on the page", 6)),
    "compare": (("Two {many} side by side", 6),),
    "export": (("Columns of the file agreed with its reader", 3), ("Export of {many} as CSV", 5)),
    "notify": (("Inbox and message about {one}", 6), ("Mail for those who are away", 5)),
}
PRIORITIES = ("critical", "high", "medium", "medium", "low")


def draft(given: Given) -> dict[str, Any]:
    """Return the answer of `plan`: every requirement and every epic has stories, nothing waits in a circle."""
    plan = given.plan
    pairs = given.requirements()
    groups = _groups(plan, [one for _, one in pairs])
    epics: list[dict[str, Any]] = []
    numbers: dict[int, int] = {}
    for position, (title, description, value) in enumerate(plan.archetype.epics):
        if position not in groups:
            continue
        numbers[position] = len(epics) + 1
        epics.append(
            {
                "id": f"E-{len(epics) + 1}",
                "title": trim(plan.words.fill(title, full=True), 160),
                "description": cut(plan.words.fill(description, full=True), 400),
                "business_value": cut(plan.words.fill(value), 400),
                "priority": PRIORITIES[len(epics)],
            }
        )
    order = sorted(
        range(len(pairs)), key=lambda index: (groups[index], pairs[index][1].kind != "create", index)
    )
    stories: list[dict[str, Any]] = []
    makers: dict[str, str] = {}
    for index in order:
        item, one = pairs[index]
        stories.append(
            _story(plan, len(stories) + 1, f"E-{numbers[groups[index]]}", str(item["id"]), one, makers)
        )
    return {"epics": epics, "stories": stories, "usage": usage(given), "services": _services(given)}


class _Groups(dict[int, int]):
    """Index of a requirement → position of its epic; `position in groups` asks whether an epic is used."""

    def __contains__(self, position: object) -> bool:
        return position in self.values()


def _groups(plan: Blueprint, abilities: list[Ability]) -> _Groups:
    """Main things belong to the first epic, what answers them to the second, people and figures to the third."""
    names = [entity["name"] for entity in plan.entities]
    last = len(plan.archetype.epics) - 1
    groups = _Groups()
    for index, one in enumerate(abilities):
        place = names.index(one.entity) if one.entity in names else 0
        group = last if one.kind in ("summarise", "export") or place >= 2 else min(place, last)
        groups[index] = group
    if len(set(groups.values())) < 2:
        for index in range(len(abilities) // 2, len(abilities)):
            groups[index] = last if groups[index] != last else 0
    return groups


def _story(
    plan: Blueprint, number: int, epic: str, requirement: str, one: Ability, makers: dict[str, str]
) -> dict[str, Any]:
    entity = plan.entity(one.entity)
    label, many = entity["label"], entity["plural"]
    needs = [makers[one.entity]] if one.entity in makers else []
    main = plan.entities[0]["name"]
    if one.kind == "create":
        if (
            one.entity != main
            and main in makers
            and one.entity == plan.entities[min(1, len(plan.entities) - 1)]["name"]
        ):
            needs = [makers[main]]
        makers.setdefault(one.entity, f"S-{number}")
    points = POINTS[one.kind] + (3 if one.kind == "create" and len(entity["fields"]) > 7 else 0)
    words = {"one": f"the {label.lower()}", "many": many.lower(), "button": one.button}
    return {
        "id": f"S-{number}",
        "epic": epic,
        "title": trim(one.name, 160),
        "as_a": trim(one.actor.removeprefix("an ").removeprefix("a "), 120),
        "i_want": cut(f"to {one.do}", 400),
        "so_that": cut(one.benefit, 400),
        "acceptance_criteria": [
            {"given": cut(one.given, 400), "when": cut(one.when, 400), "then": cut(one.then, 400)},
            _refusal(one, label.lower(), many.lower()),
        ],
        "story_points": points,
        "requirements": [requirement],
        "depends_on": needs,
        "tasks": [
            {"title": trim(capital(title.format_map(words)), 160), "hours": hours}
            for title, hours in TASKS[one.kind]
        ],
    }


def _refusal(one: Ability, label: str, many: str) -> dict[str, str]:
    """The second criterion: what must not happen."""
    match one.kind:
        case "create":
            return {
                "given": f"{a(label)} with every required field",
                "when": "it is sent twice by a double click",
                "then": f"one {label} is stored",
            }
        case "transition":
            leaving = " or ".join(one.from_states)
            return {
                "given": f"{a(label)} that is not {leaving}",
                "when": f"“{one.button}” is asked for",
                "then": f"it is refused and the {label} stays as it was",
            }
        case "update":
            return {
                "given": f"two people with the same {label} open",
                "when": "both save",
                "then": "the second is told what changed in between",
            }
        case "search" | "filter":
            return {
                "given": f"no {label} that matches",
                "when": f"{many} are looked for",
                "then": "the page says so and offers to lift the search",
            }
        case "summarise" | "compare":
            return {
                "given": f"no {many} yet",
                "when": "the page is opened",
                "then": "it says what would be shown here",
            }
        case "export":
            return {
                "given": f"{many} with commas and accents",
                "when": "the file is opened",
                "then": "every value stands in its own column",
            }
        case _:
            return {
                "given": "somebody who is not signed in",
                "when": f"“{one.button}” is asked for",
                "then": "the sign-in page is shown and nothing happens",
            }


def usage(given: Given) -> dict[str, int]:
    """What a month would see: the idea's own number of people when it gives one, else what such products see."""
    plan = given.plan
    people, requests = plan.archetype.usage
    counted = [
        count for noun, count in plan.idea.numbers.items() if count >= 10 and noun_kind(noun)[0] == "person"
    ]
    people = max(1, min(max(counted) if counted else people, 5_000_000))
    return {
        "monthly_active_users": people,
        "requests_per_user": requests,
        "storage_gb": max(2, people // 150),
        "egress_gb": max(1, people * requests // 9_000),
        "emails": people * 6,
        "background_jobs": people * 12,
    }


def _services(given: Given) -> list[dict[str, str]]:
    plan = given.plan
    lower = plan.words.lower
    many = [entity["plural"].lower() for entity in plan.entities]
    kinds = {one.kind for _, one in given.requirements()}
    made = {
        "api_gateway": lower("One address for {doers} and {offices}."),
        "lambda": lower("Runs the API and the nightly check of {mains}."),
        "rds_postgres": f"Keeps {', '.join(many[:-1])} and {many[-1]}."
        if len(many) > 1
        else f"Keeps {many[0]}.",
        "s3": lower("Static pages, attachments to {a main} and exported files."),
        "cloudfront": lower("Brings the pages to {doers} quickly wherever they are."),
        "cognito": lower("Sign-in of {doers}, {others} and {offices}."),
    }
    if "notify" in kinds or "create" in kinds:
        made["ses"] = lower("Confirmations and notes about {a main} by mail.")
    if "transition" in kinds:
        made["eventbridge"] = lower("Tells other parts when {a main} changes its state.")
    if "export" in kinds:
        made["sqs"] = lower("Queues the making of {main} files, so that pages stay quick.")
    return [{"service": key, "purpose": cut(capital(text), 400)} for key, text in made.items()]
