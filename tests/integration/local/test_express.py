"""Express workflows on one machine."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import EXPRESS, WORKFLOW, System, together


def _run(system: System, given: Any, arn: str = EXPRESS) -> dict[str, Any]:
    found: dict[str, Any] = system.aws("stepfunctions").start_sync_execution(
        stateMachineArn=arn, input=given if isinstance(given, str) else json.dumps(given)
    )
    return found


def test_whoever_runs_one_has_its_output(system: System, tag: str) -> None:
    ended = _run(system, {"path": "answer"})

    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"said": "yes"})
    assert ended["executionArn"].split(":")[5:7] == ["express", "robo-local-try-express"]
    assert ended["startDate"] <= ended["stopDate"]


def test_whoever_runs_one_has_its_error(system: System) -> None:
    ended = _run(system, {"path": "fail"})

    assert (ended["status"], ended["error"]) == ("FAILED", "Refused")
    assert json.loads(ended["cause"])["errorMessage"] == "not this"
    assert "output" not in ended


def test_many_run_at_once_and_hold_nobody_up(system: System, tag: str) -> None:
    """While all of them wait, others start and end; only then are they let go on."""
    with ThreadPoolExecutor(8) as pool:
        waiting = [
            pool.submit(_run, system, {"path": "wait", "tag": f"{tag}-{number}"}) for number in range(8)
        ]
        assert len(system.calls("blocked", tag, 8)) == 8
        assert _run(system, {"path": "answer"})["status"] == "SUCCEEDED"
        started = system.aws("stepfunctions").start_execution(
            stateMachineArn=WORKFLOW, name=tag, input=json.dumps({"path": "none"})
        )
        system.aws("stepfunctions").describe_execution(executionArn=started["executionArn"])
        for number in range(8):
            system.invoke("release", {"tag": f"{tag}-{number}"})

        assert {json.loads(task.result()["output"]) for task in waiting} == {"free"}


def test_one_definition_serves_executions_side_by_side(system: System) -> None:
    ended = together(lambda number: _run(system, {"path": "answer" if number % 2 else "fail"}), 10)

    assert [run["status"] for run in ended] == ["FAILED", "SUCCEEDED"] * 5


@pytest.mark.parametrize(
    ("arn", "given", "code"),
    [
        (WORKFLOW, {}, "StateMachineTypeNotSupported"),
        (f"{EXPRESS}-not", {}, "StateMachineDoesNotExist"),
        (EXPRESS, "{", "InvalidExecutionInput"),
        (EXPRESS, {"long": "x" * 262_144}, "ValidationException"),
    ],
    ids=["a standard one", "none", "no JSON", "too long"],
)
def test_what_cannot_run_is_refused(system: System, arn: str, given: Any, code: str) -> None:
    with pytest.raises(ClientError) as caught:
        _run(system, given, arn)

    assert caught.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(("function", "code"), [("run_express", ""), ("trespass", "AccessDeniedException")])
def test_who_may_run_one_runs_it_and_nobody_else(system: System, function: str, code: str) -> None:
    asked = {
        "service": "stepfunctions",
        "method": "start_sync_execution",
        "parameters": {"stateMachineArn": EXPRESS, "input": '{"path": "answer"}'},
    }

    assert system.invoke(function, asked)["json"]["Code"] == code


def test_who_may_run_an_express_workflow_may_start_no_other(system: System) -> None:
    asked = {
        "service": "stepfunctions",
        "method": "start_execution",
        "parameters": {"stateMachineArn": WORKFLOW, "input": "{}"},
    }

    assert system.invoke("run_express", asked)["json"]["Code"] == "AccessDeniedException"
