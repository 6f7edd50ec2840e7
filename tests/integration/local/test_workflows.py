"""Step Functions on one machine: what the product's workflow relies on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import WORKFLOW, System, eventually, together


def _start(system: System, path: str, name: str) -> str:
    arn: str = system.aws("stepfunctions").start_execution(
        stateMachineArn=WORKFLOW, name=name, input=json.dumps({"path": path})
    )["executionArn"]
    return arn


def _end(system: System, arn: str) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = system.aws("stepfunctions").describe_execution(executionArn=arn)
        return None if found["status"] == "RUNNING" else found

    found: dict[str, Any] = eventually(ended)
    return found


def test_a_named_error_is_tried_again(system: System, tag: str) -> None:
    end = _end(system, _start(system, "retry", tag))

    assert end["status"] == "SUCCEEDED"
    assert json.loads(end["output"]) == {"tries": 3}
    assert len(system.calls("flaky", tag, 3)) == 3


def test_a_named_error_is_caught_and_told(system: System, tag: str) -> None:
    end = _end(system, _start(system, "catch", tag))

    assert end["status"] == "SUCCEEDED"
    error = json.loads(end["output"])["error"]
    assert error["Error"] == "Refused"
    assert json.loads(error["Cause"])["errorMessage"] == "not this"


def test_a_timeout_of_a_function_is_caught(system: System, tag: str) -> None:
    end = _end(system, _start(system, "timeout", tag))

    assert end["status"] == "SUCCEEDED"
    assert json.loads(end["output"])["error"]["Error"] == "Sandbox.Timedout"
    system.invoke("release", {"tag": tag})


def test_branches_run_and_join(system: System, tag: str) -> None:
    end = _end(system, _start(system, "parallel", tag))

    assert json.loads(end["output"]) == [{"side": "left"}, {"side": "right"}]


def test_many_parallel_executions_all_end_well(system: System, tag: str) -> None:
    arns = together(lambda index: _start(system, "parallel", f"{tag}-{index}"), 10)

    assert {_end(system, arn)["status"] for arn in arns} == {"SUCCEEDED"}


def test_an_execution_waits_for_its_token(system: System, tag: str) -> None:
    arn = _start(system, "token", tag)
    token = system.calls("token", tag)[0]["event"]["token"]
    assert system.aws("stepfunctions").describe_execution(executionArn=arn)["status"] == "RUNNING"

    system.aws("stepfunctions").send_task_success(taskToken=token, output='{"approved": true}')

    end = _end(system, arn)
    assert end["status"] == "SUCCEEDED"
    assert json.loads(end["output"]) == {"approved": True}


def test_an_execution_that_waits_can_be_stopped(system: System, tag: str) -> None:
    arn = _start(system, "token", tag)
    system.calls("token", tag)

    system.aws("stepfunctions").stop_execution(executionArn=arn)

    assert _end(system, arn)["status"] == "ABORTED"


def test_starting_a_name_twice_at_once_starts_it_once(system: System, tag: str) -> None:
    arns = together(lambda _: _start(system, "token", tag), 8)

    assert len(set(arns)) == 1
    assert len(system.calls("token", tag, count=2, seconds=0.5)) == 1
    system.aws("stepfunctions").stop_execution(executionArn=arns[0])


def test_the_name_of_an_ended_execution_is_taken(system: System, tag: str) -> None:
    _end(system, _start(system, "parallel", tag))

    with pytest.raises(ClientError) as refused:
        _start(system, "parallel", tag)

    assert refused.value.response["Error"]["Code"] == "ExecutionAlreadyExists"


def test_an_execution_without_a_name_gets_one(system: System) -> None:
    states = system.aws("stepfunctions")
    first, second = (
        states.start_execution(stateMachineArn=WORKFLOW, input="{}")["executionArn"] for _ in "12"
    )

    assert first != second
    assert not first.endswith(":None")


def test_history_tells_the_states_in_order(system: System, tag: str) -> None:
    arn = _start(system, "catch", tag)
    _end(system, arn)

    events = system.aws("stepfunctions").get_execution_history(executionArn=arn)["events"]

    names = [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e]
    assert names == ["Which path", "Fail by name", "Done"]
