"""The paths of proto_v1 through Step Functions' interpreter on one machine, as a table of stories."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.integration.local.conftest import ACCOUNT, System, eventually
from tests.workflows.scripts import CALLS, STEPS, STORIES, Story

TENANT = "00000000-0000-7000-8000-000000000001"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:robo-local-proto-v1"


@pytest.fixture(scope="module")
def machine(scripted: System) -> System:
    """The system with every story begun: they wait side by side."""
    for story in STORIES:
        scripted.aws("stepfunctions").start_execution(
            stateMachineArn=MACHINE,
            name=story.name,
            input=json.dumps({"run_id": story.name, "tenant_id": TENANT}),
        )
    return scripted


def arn(story: Story) -> str:
    return MACHINE.replace(":stateMachine:", ":execution:") + f":{story.name}"


def ended(machine: System, story: Story) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        execution: dict[str, Any] = machine.aws("stepfunctions").describe_execution(executionArn=arn(story))
        return None if execution["status"] == "RUNNING" else execution

    execution: dict[str, Any] = eventually(found, 60)
    return execution


def journal(machine: System, story: Story) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = machine.invoke("journal", {"run_id": story.name})["json"]
    return calls


def states(machine: System, story: Story) -> list[str]:
    pages = (
        machine.aws("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn(story))
    )
    events = [event for page in pages for event in page["events"]]
    return [
        event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event
    ]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_ends_as_it_should(machine: System, story: Story) -> None:
    assert ended(machine, story)["status"] == story.status

    calls = journal(machine, story)
    assert Counter(call["call"] for call in calls) == Counter(CALLS) - Counter(story.fewer) + Counter(
        story.more
    )
    passed = states(machine, story)
    assert set(story.passes) <= set(passed)
    assert not set(story.avoids) & set(passed)
    assert {(call["event"]["run_id"], call["event"]["tenant_id"]) for call in calls} == {(story.name, TENANT)}


@pytest.mark.parametrize("story", [story for story in STORIES if story.error], ids=lambda story: story.name)
def test_a_run_that_stops_is_told_why_and_where(machine: System, story: Story) -> None:
    from functions.agency.steps.closing import reason_of

    assert story.error is not None
    name, step, message = story.error
    execution = ended(machine, story)

    (closing,) = [call for call in journal(machine, story) if call["call"] == "close_run"]
    reason = reason_of(closing["event"]["error"])
    assert (reason.name, reason.step, reason.message) == (name, step, message)
    assert execution["error"] == name


def story_of(name: str) -> Story:
    return next(story for story in STORIES if story.name == name)


def test_the_steps_follow_each_other_and_two_branches_run_side_by_side(machine: System) -> None:
    story = story_of("nothing-happens")
    ended(machine, story)

    order = [call["call"] for call in journal(machine, story)]
    place = {call: number for number, call in enumerate(order)}
    for chain in (
        ("qualify", "research", "specify", "plan", "launch"),
        ("specify", "design", "prototype", "demo", "launch"),
    ):
        calls = [call for step in chain for call in (f"prepare_{step}", f"think:{step}", f"apply_{step}")]
        assert [place[call] for call in calls] == sorted(place[call] for call in calls)
    assert place["prepare_design"] < place["apply_demo"]
    assert place["prepare_plan"] < place["apply_demo"]


def test_the_gateway_is_told_the_step(machine: System) -> None:
    story = story_of("nothing-happens")
    ended(machine, story)

    asked = [call["event"]["step"] for call in journal(machine, story) if call["call"].startswith("think")]
    assert sorted(asked) == sorted(STEPS)


def test_what_waits_for_approval_has_a_token(machine: System) -> None:
    story = story_of("somebody-must-approve")
    ended(machine, story)

    (asked,) = [call for call in journal(machine, story) if call["call"] == "request_approval"]
    assert asked["event"]["task_token"]
    calls = [call["call"] for call in journal(machine, story)]
    assert calls[-2:] == ["request_approval", "apply_launch"]
