"""Step 3: the product requirements."""

from __future__ import annotations

from typing import Any

from infra.local.model.blueprint import Ability
from infra.local.model.language.inflection import capital, cut, trim
from infra.local.model.language.tokens import clean
from infra.local.model.steps.given import Given, guess
from infra.local.model.steps.qualify import audiences

MOST_REQUIREMENTS = 20
SECOND_RULES = {
    "create": "After saving, the new {label} is listed without reloading the page.",
    "update": "The value before and who changed it are kept.",
    "transition": "Any other state of the {label} does not offer this step.",
    "delete": "Nothing is removed without a second confirmation.",
    "search": "Without a match the page says so and keeps the words typed.",
    "filter": "Lifting the filter shows every {label} again.",
    "summarise": "The page names the moment the figures were taken.",
    "compare": "Values that differ are marked in words, not by colour alone.",
    "export": "The file is UTF-8, has a heading line and opens in a spreadsheet.",
    "notify": "A note that could not be delivered is shown as such.",
}


def draft(given: Given) -> dict[str, Any]:
    """Return the answer of `specify`; every accepted feature is covered."""
    plan = given.plan
    fill, kind = plan.words.fill, plan.archetype
    accepted = given.answers.get("qualify", {})
    goals = [
        cut(clean(str(goal)).replace("\n", " "), 400)
        for goal in accepted.get("goals", [])
        if clean(str(goal))
    ]
    return {
        "problem": cut(fill(kind.problem, full=True), 800),
        "goals": goals[:7] if len(goals) >= 3 else [cut(fill(goal, full=True), 400) for goal in kind.goals],
        "audiences": audiences(given),
        "functional_requirements": _requirements(given),
        "non_functional_requirements": _qualities(given),
        "out_of_scope": [cut(fill(item), 400) for item in kind.out_of_scope],
        "success_metrics": [
            {
                "name": trim(fill(name, full=True), 120),
                "target": target,
                "unit": trim(plan.words.lower(unit), 60),
                "within": within,
            }
            for name, target, unit, within in kind.metrics
        ],
        "risks": _risks(given),
        "open_questions": _questions(given),
    }


def _requirements(given: Given) -> list[dict[str, Any]]:
    """One requirement for each feature in its order, with the abilities that support it behind the first features."""
    plan = given.plan
    features = given.part("qualify", "features")
    by_name = {one.name.casefold(): one for one in plan.abilities}
    made: list[tuple[Ability, list[str]]] = []
    covered: dict[str, str] = {}
    for feature in features:
        known = by_name.get(str(feature.get("name", "")).casefold())
        ability = known or guess(plan, feature)
        made.append((ability, [str(feature.get("id"))]))
        covered[ability.name.casefold()] = str(feature.get("id"))
    for one in plan.abilities:
        if one.name.casefold() in covered or len(made) >= MOST_REQUIREMENTS or not made:
            continue
        alike = [
            ids for ability, ids in made if ability.entity == one.entity and ability.priority != "support"
        ]
        same = [ids for ability, ids in made if ability.screen == one.screen and ability.entity == one.entity]
        made.append((one, [(same or alike or [made[0][1]])[0][0]]))
    return [_requirement(given, number, one, ids) for number, (one, ids) in enumerate(made, 1)]


def _requirement(given: Given, number: int, one: Ability, features: list[str]) -> dict[str, Any]:
    label = given.plan.entity(one.entity)["label"].lower()
    return {
        "id": f"FR-{number}",
        "title": one.name,
        "statement": one.statement,
        "actor": capital(trim(one.actor.removeprefix("an ").removeprefix("a "), 80)),
        "features": features,
        "acceptance": [
            cut(f"Given {one.given}, when {one.when}, then {one.then}.", 400),
            cut(SECOND_RULES[one.kind].format(label=label), 400),
        ],
    }


def _qualities(given: Given) -> list[dict[str, Any]]:
    plan = given.plan
    lines = [*plan.archetype.qualities, *plan.sector.qualities]
    qualifiers = {word.casefold() for word in plan.idea.qualifiers}
    if qualifiers & {"mobile", "mobile-first"}:
        lines.append(
            (
                "usability",
                "Every task of {doers} can be done with one thumb on a phone.",
                360.0,
                "px screen width",
            )
        )
    if qualifiers & {"offline-first", "local-first"}:
        lines.append(
            ("availability", "{A main} can be read and written without a network.", 24.0, "hours offline")
        )
    if qualifiers & {"ai-powered", "ai-based", "ai-driven", "ai", "smart", "intelligent", "automated"}:
        lines.append(
            (
                "usability",
                "Every value of {a main} that a machine suggests is marked and can be corrected in one step.",
                100.0,
                "percent of suggestions",
            )
        )
    if qualifiers & {"real-time", "realtime"}:
        lines.append(("performance", "A change of {a main} is seen by others.", 2.0, "seconds at p95"))
    kept = {quality for quality, *_ in lines}
    if "accessibility" not in kept:
        lines.append(
            ("accessibility", "All screens for {mains} meet WCAG 2.2 level AA.", 0.0, "known violations")
        )
    if "security" not in kept:
        lines.append(
            (
                "security",
                "Only signed-in {doers} and {offices} reach {a main} that is not public.",
                0.0,
                "unauthorised reads in tests",
            )
        )
    return [
        {
            "id": f"NFR-{n}",
            "quality": quality,
            "statement": cut(plan.words.fill(text, full=True), 400),
            "target": target,
            "unit": trim(plan.words.lower(unit), 60),
        }
        for n, (quality, text, target, unit) in enumerate(lines[:12], 1)
    ]


def _risks(given: Given) -> list[dict[str, str]]:
    plan = given.plan
    lines = [*plan.archetype.risks, *plan.sector.risks]
    return [
        {
            "text": cut(plan.words.fill(text, full=True), 400),
            "likelihood": likelihood,
            "impact": impact,
            "mitigation": cut(plan.words.fill(answer), 400),
        }
        for text, likelihood, impact, answer in lines[:8]
    ]


def _questions(given: Given) -> list[str]:
    plan = given.plan
    questions = [*plan.archetype.questions, *plan.sector.questions]
    if not plan.idea.audiences:
        questions.insert(0, "Who exactly are the first {doers}, and where can ten of them be met?")
    if not any(plan.constraints.get(key) for key in ("budget", "timeline")):
        questions.append("What may the first release cost, and by when is it needed?")
    return [cut(plan.words.fill(question, full=True), 400) for question in questions[:8]]
