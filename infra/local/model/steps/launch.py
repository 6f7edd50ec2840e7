"""Step 8: the campaign and what to do next."""

from __future__ import annotations

from typing import Any

from infra.local.model.language.inflection import cut, listed, trim
from infra.local.model.steps.given import Given

DAYS = (0, 3, 7)


def draft(given: Given) -> dict[str, Any]:
    """Return the answer of `launch`."""
    plan, name = given.plan, given.name
    mains = plan.words.lower("{mains}", full=True)
    return {
        "summary": cut(
            f"This kit for {name} holds a market analysis, requirements, a plan, a wireframe, a prototype to "
            f"click through, a code project and a short film about {mains}. It was drafted offline from "
            "templates and rules, without a language model: read it as a first draft and correct what does not fit.",
            800,
        ),
        "mails": [_first(given, mains), _second(given), _third(given)],
        "next_steps": _next(given),
    }


def _first(given: Given, mains: str) -> dict[str, Any]:
    plan, name = given.plan, given.name
    makes = [one for one in plan.features if one.kind == "create"][:2]
    tried = listed([f"“{one.name}”" for one in makes]) or "the first screen"
    return {
        "day": DAYS[0],
        "subject": trim(f"{name}: your launch kit is ready", 78),
        "preheader": trim(f"A prototype for {mains}, the plan and the numbers", 120),
        "paragraphs": [
            cut(
                f"You wrote to us about {_idea(given)}. From that we made a kit under the working name {name}.",
                800,
            ),
            cut(
                f"Begin with the prototype: try {tried} and see where it feels wrong. "
                "What you type there stays in your browser.",
                800,
            ),
            "Every file of the kit says what it rests on, so you can see what is yours, what was found "
            "and what is assumed.",
        ],
        "call_to_action": "Open the prototype",
    }


def _second(given: Given) -> dict[str, Any]:
    plan, name = given.plan, given.name
    rivals = [str(item.get("name", "")) for item in given.part("research", "competitors")][:3]
    gap = next((str(item.get("gap", "")) for item in given.part("research", "competitors")), "")
    doers = plan.words["doer"].phrase(full=True, many=True)
    named = f"We compared {name} with {listed(rivals)}." if rivals else f"We looked for products like {name}."
    paragraphs = [cut(named + (f" About {rivals[0]}: {gap}" if rivals and gap else ""), 800)]
    paragraphs.append(cut(plan.words.fill(plan.archetype.problem), 800))
    paragraphs.append(
        cut(f"Does that match what you hear from {doers}? One line in reply helps more than a survey.", 800)
    )
    return {
        "day": DAYS[1],
        "subject": trim(f"What others leave open for {doers}", 78),
        "preheader": trim(f"{len(rivals)} comparable products and where {name} differs", 120),
        "paragraphs": paragraphs,
        "call_to_action": "Read the market analysis",
    }


def _third(given: Given) -> dict[str, Any]:
    plan, name = given.plan, given.name
    epics = [str(item.get("title", "")) for item in given.part("plan", "epics")]
    stories = given.part("plan", "stories")
    points = sum(int(story.get("story_points", 0)) for story in stories)
    first = epics[0] if epics else plan.words.fill("{mains}")
    return {
        "day": DAYS[2],
        "subject": trim(f"{name}: the first two weeks of building", 78),
        "preheader": trim(f"{len(stories)} stories, {points} points, and what to build first", 120),
        "paragraphs": [
            cut(
                f"The plan has {len(epics)} epics and {len(stories)} stories ({points} points). "
                f"It begins with “{first}”.",
                800,
            ),
            cut(f"The open question that decides most: {_question(given)}", 800),
            "Reply with a day that suits you and we go through the plan together; an hour is enough.",
        ],
        "call_to_action": "See the plan",
    }


def _idea(given: Given) -> str:
    plan = given.plan
    return trim(plan.words.lower(f"{plan.archetype.title} for {{mains}}", full=True), 120)


def _question(given: Given) -> str:
    questions = given.answers.get("specify", {}).get("open_questions") or []
    return str(questions[0]) if questions else given.plan.words.fill("who are the first ten {doers}?")


def _next(given: Given) -> list[str]:
    plan = given.plan
    fill = plan.words.fill
    risk = next(iter(given.part("specify", "risks")), {})
    steps = [
        fill("Show the prototype to three {doers} and write down where they hesitate.", full=True),
        f"Answer the first open question: {_question(given)}",
        f"Act on the first risk: {risk.get('mitigation')}"
        if risk.get("mitigation")
        else "Name the largest risk and who watches it.",
        fill("Choose one {office} for the pilot and agree on how to tell that it works."),
        "Push the code project and bring its first story to a test address.",
    ]
    return [cut(step, 400) for step in steps]
