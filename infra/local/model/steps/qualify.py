"""Step 1: goals, audiences, features and the score."""

from __future__ import annotations

from typing import Any

from infra.local.model.language.inflection import capital, cut, listed, plural, trim
from infra.local.model.steps.given import Given

BUDGET_WORDS = (
    "budget",
    "timeline",
    "deadline",
    "team",
    "team_size",
    "tech_stack",
    "target_users",
    "region",
    "country",
)


def draft(given: Given) -> dict[str, Any]:
    """Return the answer of `qualify`."""
    plan = given.plan
    words, kind = plan.words, plan.archetype
    score, reasons = scored(given)
    promise = words.lower(kind.promise, full=True)
    abilities = plan.features
    return {
        "project_name": trim(plan.name, 60),
        "tagline": cut(f"{plan.name}: {promise}", 140),
        "summary": _summary(given),
        "goals": [cut(words.fill(goal, full=True), 400) for goal in kind.goals],
        "audiences": audiences(given),
        "features": [
            {
                "id": f"F-{number}",
                "name": one.name,
                "description": one.description,
                "actor": capital(trim(_singular_actor(one.actor), 80)),
                "priority": one.priority,
            }
            for number, one in enumerate(abilities, 1)
        ],
        "score": score,
        "reasons": reasons,
    }


def _deed(name: str) -> str:
    """The name of a feature inside a sentence: "Offer a lot" → "offer a lot"."""
    first = name.split(" ")[0]
    return name if first.isupper() and len(first) > 1 else name[:1].lower() + name[1:]


def _deeds(given: Given, role: str, most: int) -> list[str]:
    actors = given.plan.words[role].phrase(full=True, many=True)
    return [_deed(one.name) for one in given.plan.features if one.actors == actors][:most]


def _summary(given: Given) -> str:
    """What the product is and what each role does in it, in two or three sentences."""
    plan = given.plan
    sentences = [f"{plan.name} is {plan.archetype.title} for {plan.words.lower('{mains}', full=True)}."]
    told: set[str] = set()
    for role, most in (("doer", 3), ("other", 2), ("office", 2)):
        actors = plan.words[role].phrase(full=True, many=True)
        deeds = _deeds(given, role, most)
        if deeds and actors not in told:
            told.add(actors)
            sentences.append(f"{capital(actors)} {listed(deeds)}.")
    return cut(" ".join(sentences), 600)


def _singular_actor(actor: str) -> str:
    return actor.removeprefix("an ").removeprefix("a ")


def audiences(given: Given) -> list[dict[str, str]]:
    """Who the product is for: each role once, with what it does in the product."""
    plan = given.plan
    made: dict[str, dict[str, str]] = {}
    for role in ("doer", "other", "office"):
        noun = plan.words[role]
        what = listed(_deeds(given, role, 3))
        if not what:
            continue
        name = capital(plural(noun.full))
        made.setdefault(name, {"name": trim(name, 120), "description": cut(f"They {what}.", 400)})
    for one in plan.idea.audiences:
        name = capital(plural(one.phrase))
        known = " ".join(made).casefold()
        if one.kind != "place" and one.phrase.split()[-1].casefold() not in known and len(made) < 5:
            text = plan.words.lower("{mains}", full=True)
            made[name] = {
                "name": trim(name, 120),
                "description": cut(f"Named in the idea: {text} concern them too.", 400),
            }
    return list(made.values())


def scored(given: Given) -> tuple[float, list[str]]:
    """Score the idea by rules: is there a thing, an audience, a verb, something to build on, a frame?"""
    plan = given.plan
    idea, thing = plan.idea, plan.words.lower("{mains}", full=True)
    if plan.junk:
        return 0.06, [
            "The text names no thing, no people and no activity, so there is no project to judge yet.",
            "One sentence of the form “X for Y, so that Z” would be enough to draft again.",
            "What follows is an empty frame: do not build from it.",
        ]
    score, reasons = 0.3, []
    if plan.archetype.key != "workspace":
        score += 0.14
        reasons.append(f"The kind of product is clear: {plan.archetype.title} around {thing}.")
    else:
        reasons.append(f"What people would do with {thing} is still open; the draft assumes a shared list.")
    people = [plural(one.phrase) for one in idea.audiences]
    if people:
        score += 0.14
        reasons.append(f"It says who it is for: {listed([trim(one, 80) for one in people[:3]])}.")
    else:
        reasons.append(f"It does not say who it is for; {plan.words.lower('{doers}')} are an assumption.")
    if idea.clauses:
        score += 0.08
        first = idea.clauses[0]
        reasons.append(
            f"It names what people do (“{cut(f'{first.verb} {first.rest}', 80)}”), so a first release can be cut."
        )
    if idea.numbers:
        score += 0.05
        noun, count = next(iter(idea.numbers.items()))
        reasons.append(f"It gives a number to plan with: {count:,} {plural(noun) if count > 1 else noun}.")
    frame = [key.replace("_", " ") for key in BUDGET_WORDS if plan.constraints.get(key)]
    if frame:
        score += 0.04 * min(4, len(frame))
        reasons.append(f"The frame is set by {listed(frame)}.")
    else:
        reasons.append("Budget and timeline are not given, so the size of the first release is open.")
    if len(idea.words) < 4:
        score -= 0.06
    score += min(len(set(idea.words)), 60) / 60 * 0.12
    return round(min(score, 0.93), 2), [cut(reason, 400) for reason in reasons[:6]]
