"""A first BMAD validation: is the plan complete, traceable and small enough to start?"""

from __future__ import annotations

from dataclasses import dataclass

from shared.models.answers import PlanAnswer, QualifyAnswer, SpecifyAnswer

VALIDATOR_VERSION = "1.0.0"
LARGEST_STORY = 8
_COST = {"error": 15, "warning": 5}


@dataclass(frozen=True)
class Finding:
    """What a rule found. severity: `error` (the plan is not valid) or `warning`."""

    severity: str
    rule: str
    message: str


@dataclass(frozen=True)
class Validation:
    """The verdict: score 0–100, findings, documents that are missing, what to do."""

    is_valid: bool
    score: int
    findings: tuple[Finding, ...]
    missing_documents: tuple[str, ...]
    recommendations: tuple[str, ...]


def _traceability(qualify: QualifyAnswer, specify: SpecifyAnswer, plan: PlanAnswer) -> list[Finding]:
    planned = {item for story in plan.stories for item in story.requirements}
    found = [
        Finding("error", "requirement-planned", f"{item.id} has no story.")
        for item in specify.functional_requirements
        if item.id not in planned
    ]
    musts = {feature.id for feature in qualify.features if feature.priority == "must"}
    high = {epic.id for epic in plan.epics if epic.priority in ("high", "critical")}
    for item in specify.functional_requirements:
        urgent = any(story.epic in high for story in plan.stories if item.id in story.requirements)
        if musts & set(item.features) and not urgent:
            found.append(
                Finding(
                    "warning", "musts-first", f"{item.id} serves a must but is in no epic of high priority."
                )
            )
    return found


def _stories(plan: PlanAnswer) -> list[Finding]:
    found = []
    for story in plan.stories:
        if story.story_points > LARGEST_STORY:
            words = f"{story.id} has {story.story_points} points; split what is over {LARGEST_STORY}."
            found.append(Finding("warning", "story-size", words))
        hours = sum(task.hours for task in story.tasks)
        if hours > story.story_points * 16:
            words = f"{story.id} has {hours} hours of tasks for {story.story_points} points."
            found.append(Finding("warning", "tasks-fit-points", words))
        if len(story.depends_on) > 3:
            words = f"{story.id} waits for {len(story.depends_on)} other stories."
            found.append(Finding("warning", "few-dependencies", words))
    if all(story.depends_on for story in plan.stories):
        found.append(Finding("error", "can-start", "Every story waits for another; none can be started."))
    return found


def validate_plan(qualify: QualifyAnswer, specify: SpecifyAnswer, plan: PlanAnswer) -> Validation:
    """Judge a plan. An error costs 15 points of 100, a warning 5; a plan with an error is not valid."""
    findings = [*_traceability(qualify, specify, plan), *_stories(plan)]
    # The documents of a first validation are the brief, the PRD and the plan: all three are in hand here.
    missing: tuple[str, ...] = () if specify.risks else ("risk register",)
    recommendations = tuple(dict.fromkeys(finding.message for finding in findings))[:10]
    return Validation(
        is_valid=not any(finding.severity == "error" for finding in findings),
        score=max(0, 100 - sum(_COST[finding.severity] for finding in findings)),
        findings=tuple(findings),
        missing_documents=missing,
        recommendations=recommendations,
    )
