"""The paths of rebuild_vectors through Step Functions' interpreter on one machine, as a table of stories."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from infra.catalog.rebuild import REBUILD_VECTORS
from infra.local.aws.names import workflow_arn
from tests.integration.local.conftest import System, eventually
from tests.workflows.rebuild_scripts import STORIES, RebuildStory

MACHINE = workflow_arn(REBUILD_VECTORS)


@pytest.fixture(scope="module")
def machine(scripted: System) -> System:
    """The system with every story begun: they wait side by side."""
    for story in STORIES:
        scripted.aws("stepfunctions").start_execution(
            stateMachineArn=MACHINE, name=story.name, input=json.dumps({"run_id": story.name})
        )
    return scripted


def ended(machine: System, story: RebuildStory) -> dict[str, Any]:
    arn = MACHINE.replace(":stateMachine:", ":execution:") + f":{story.name}"

    def found() -> dict[str, Any] | None:
        execution: dict[str, Any] = machine.aws("stepfunctions").describe_execution(executionArn=arn)
        return None if execution["status"] == "RUNNING" else execution

    execution: dict[str, Any] = eventually(found, 60)
    history = machine.aws("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
    return {**execution, "events": [event for page in history for event in page["events"]]}


def calls(machine: System, story: RebuildStory) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = machine.invoke("journal", {"run_id": story.name})["json"]
    return found


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_ends_as_it_should(machine: System, story: RebuildStory) -> None:
    execution = ended(machine, story)

    assert (execution["status"], execution.get("error")) == (story.status, story.error)
    assert story.cause in execution.get("cause", "")
    called = Counter(call["call"] for call in calls(machine, story))
    # Of a map that fails, the other items may have begun.
    if story.error == "AppError":
        assert called.pop("index_batch") in (1, 2)
    assert called == Counter(story.calls)
    passed = {
        event["stateEnteredEventDetails"]["name"]
        for event in execution["events"]
        if "stateEnteredEventDetails" in event
    }
    assert set(story.passes) <= passed
    assert ("Everything is there again" in passed) == (story.status == "SUCCEEDED")


def test_a_batch_is_given_itself_and_planning_what_all_of_them_did(machine: System) -> None:
    (story,) = [story for story in STORIES if story.name == "rebuild-page-by-page"]
    ended(machine, story)
    found = calls(machine, story)

    batches = [call["event"]["number"] for call in found if call["call"] == "index_batch"]
    assert sorted(batches[:3]) == [0, 1, 2]
    assert sorted(batches[3:]) == [0, 1]
    planning = [call["event"]["results"] for call in found if call["call"] == "plan_rebuild"]
    assert [len(results) for results in planning] == [0, 3, 0, 2]
    assert sorted(result["documents"] for results in planning for result in results) == [0, 1, 2, 3, 4]


def test_the_output_is_what_comparing_answered(machine: System) -> None:
    (story,) = [story for story in STORIES if story.name == "rebuild-of-nothing"]

    output = json.loads(ended(machine, story)["output"])

    assert (output["run_id"], output["next"]) == (story.name, "done")


def test_a_page_takes_as_many_events_as_the_limit_counts_on(machine: System) -> None:
    """40 pages of 40 batches are 11,640 of the 25,000 events that an execution may have."""
    (story,) = [story for story in STORIES if story.name == "rebuild-page-by-page"]
    (empty,) = [story for story in STORIES if story.name == "rebuild-of-nothing"]

    more = len(ended(machine, story)["events"]) - len(ended(machine, empty)["events"])

    # Three pages of 5 batches together: 7 for each plan and choice, 4 for each map, 7 for each batch.
    assert more <= 3 * (7 + 4) + 5 * 7
