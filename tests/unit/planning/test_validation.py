"""A first BMAD validation: each rule finds its fault and no other."""

from __future__ import annotations

from typing import Any

import pytest

from functions.planning.service import plan_document, user_story
from functions.planning.validation import Validation, validate_plan
from shared.models.answers import PlanAnswer, SpecifyAnswer, Story, Task
from tests.samples.harbour import QUALIFY, SPECIFY
from tests.samples.harbour_plan import PLAN


def judged(plan: PlanAnswer, specify: SpecifyAnswer = SPECIFY) -> Validation:
    return validate_plan(QUALIFY, specify, plan)


def rules(validation: Validation) -> list[tuple[str, str]]:
    return [(finding.severity, finding.rule) for finding in validation.findings]


def with_story(number: int, **changes: Any) -> PlanAnswer:
    stories: list[Story] = list(PLAN.stories)
    stories[number] = stories[number].model_copy(update=changes)
    return PLAN.model_copy(update={"stories": stories})


BEFORE = rules(judged(PLAN))


def new(validation: Validation) -> list[tuple[str, str]]:
    """What a validation finds beyond what the sample plan has."""
    rest = rules(validation)
    for known in BEFORE:
        if known in rest:
            rest.remove(known)
    return rest


def test_a_sound_plan_is_valid() -> None:
    found = judged(PLAN)

    assert found.is_valid
    assert found.missing_documents == ()
    assert all(severity == "warning" for severity, _ in rules(found))


def test_a_requirement_without_a_story_makes_the_plan_invalid() -> None:
    lost = SPECIFY.functional_requirements[0].id
    stories = [
        story.model_copy(update={"requirements": [item for item in story.requirements if item != lost]})
        for story in PLAN.stories
    ]

    found = judged(PLAN.model_copy(update={"stories": stories}))

    assert not found.is_valid
    assert ("error", "requirement-planned") in new(found)
    assert f"{lost} has no story." in found.recommendations


def test_a_must_in_no_urgent_epic_is_a_warning() -> None:
    epics = [epic.model_copy(update={"priority": "low"}) for epic in PLAN.epics]

    found = judged(PLAN.model_copy(update={"epics": epics}))

    assert found.is_valid
    assert {rule for _, rule in new(found)} == {"musts-first"}


@pytest.mark.parametrize(("points", "rule"), [(8, []), (13, [("warning", "story-size")])])
def test_a_story_over_eight_points_is_to_be_split(points: int, rule: list[tuple[str, str]]) -> None:
    assert new(judged(with_story(0, story_points=points))) == rule


@pytest.mark.parametrize(("hours", "rule"), [(16, []), (17, [("warning", "tasks-fit-points")])])
def test_tasks_fit_the_points_of_their_story(hours: int, rule: list[tuple[str, str]]) -> None:
    plan = with_story(0, story_points=1, tasks=[Task(title="Do it", hours=hours)])

    assert new(judged(plan)) == rule


@pytest.mark.parametrize(("count", "rule"), [(3, []), (4, [("warning", "few-dependencies")])])
def test_a_story_waits_for_few_others(count: int, rule: list[tuple[str, str]]) -> None:
    others = [story.id for story in PLAN.stories[:count]]

    assert new(judged(with_story(-1, depends_on=others))) == rule


def test_a_plan_of_which_nothing_can_be_started_is_invalid() -> None:
    stories = [story.model_copy(update={"depends_on": ["S-1"]}) for story in PLAN.stories]

    found = judged(PLAN.model_copy(update={"stories": stories}))

    assert not found.is_valid
    assert ("error", "can-start") in new(found)


def test_risks_that_nobody_wrote_down_are_a_missing_document() -> None:
    assert judged(PLAN, SPECIFY.model_copy(update={"risks": []})).missing_documents == ("risk register",)


def test_the_score_falls_by_what_was_found_and_stops_at_nothing() -> None:
    before = judged(PLAN)
    one = judged(with_story(0, story_points=13))
    assert one.score == before.score - 5 == 100 - 5 * len(one.findings)

    worst = judged(
        PLAN.model_copy(update={"stories": [PLAN.stories[0].model_copy(update={"requirements": []})]})
    )
    assert worst.score == max(0, 100 - sum(15 if s == "error" else 5 for s, _ in rules(worst)))
    assert 0 <= worst.score < 60


def test_recommendations_are_the_first_ten_things_to_do() -> None:
    stories = [story.model_copy(update={"story_points": 13, "requirements": []}) for story in PLAN.stories]

    found = judged(PLAN.model_copy(update={"stories": stories}))

    assert len(found.findings) > 10
    assert len(found.recommendations) == 10
    assert list(found.recommendations) == [finding.message for finding in found.findings[:10]]


def test_the_document_holds_the_plan_its_totals_and_its_verdict() -> None:
    document = plan_document(PLAN, judged(PLAN), "a drafter")

    assert document["totals"] == {
        "epics": len(PLAN.epics),
        "stories": len(PLAN.stories),
        "story_points": sum(story.story_points for story in PLAN.stories),
        "task_hours": sum(task.hours for story in PLAN.stories for task in story.tasks),
    }
    assert [story["id"] for story in document["stories"]] == [story.id for story in PLAN.stories]
    assert document["stories"][0]["user_story"] == user_story(PLAN.stories[0])
    assert document["validation"]["is_valid"] is True
    assert document["validation"]["validator_version"] == "1.0.0"
    assert set(document["validation"]) >= {"score", "findings", "missing_documents", "recommendations"}


def test_a_user_story_is_one_sentence() -> None:
    story = PLAN.stories[0].model_copy(update={"as_a": "skipper", "i_want": "to sell", "so_that": "I earn"})

    assert user_story(story) == "As a skipper, I want to sell, so that I earn"
