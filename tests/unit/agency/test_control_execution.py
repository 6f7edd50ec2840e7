"""Executions are started, stopped and released; asking twice is asking once."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from functions.agency.events.control_execution import execution_name, handler
from shared import bootstrap
from shared.bootstrap import Container

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:proto-v1"
RUN = "0199c0de-0000-7000-8000-000000000002"


class ClientError(Exception):
    """What boto3 raises."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


class ExecutionAlreadyExists(ClientError):
    """The name is taken."""


class ExecutionDoesNotExist(ClientError):
    """There is no such name."""


class States:
    """Step Functions as far as this function knows it: executions by name, tokens that are waited for."""

    exceptions = SimpleNamespace(
        ClientError=ClientError,
        ExecutionAlreadyExists=ExecutionAlreadyExists,
        ExecutionDoesNotExist=ExecutionDoesNotExist,
    )

    def __init__(self) -> None:
        self.executions: dict[str, str] = {}
        self.inputs: list[dict[str, Any]] = []
        self.released: list[str] = []
        self.token_error: str | None = None

    def _name(self, arn: str) -> str:
        name = arn.removeprefix(MACHINE.replace(":stateMachine:", ":execution:") + ":")
        if name not in self.executions:
            raise ExecutionDoesNotExist("ExecutionDoesNotExist")
        return name

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> None:
        assert stateMachineArn == MACHINE
        if name in self.executions:
            raise ExecutionAlreadyExists("ExecutionAlreadyExists")
        self.executions[name] = "RUNNING"
        self.inputs.append(json.loads(input))

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:
        return {"status": self.executions[self._name(executionArn)]}

    def stop_execution(self, *, executionArn: str, error: str, cause: str) -> None:
        assert error == "RunCancelled"
        assert cause
        self.executions[self._name(executionArn)] = "ABORTED"

    def send_task_success(self, *, taskToken: str, output: str) -> None:
        assert json.loads(output) == {}
        if self.token_error is not None:
            raise ClientError(self.token_error)
        self.released.append(taskToken)


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> States:
    """The state machines behind the function."""
    made, own = States(), Container()
    own.__dict__["executions"] = made
    monkeypatch.setenv("PROTO_V1_ARN", MACHINE)
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    monkeypatch.setattr(bootstrap, "_environment", SimpleNamespace(container=own))
    return made


def send(kind: str, **detail: Any) -> list[str]:
    """Send one message; return the ids of those that failed."""
    body = {"detail": {"event_type": kind, "run_id": RUN, "tenant_id": "t", "generation": 1, **detail}}
    answer = handler({"Records": [{"messageId": "m", "body": json.dumps(body)}]}, None)
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def test_a_run_is_started_under_its_own_name(states: States) -> None:
    assert send("run_requested") == []

    assert states.executions == {RUN: "RUNNING"}
    assert states.inputs == [{"run_id": RUN, "tenant_id": "t"}]


def test_asking_twice_starts_once(states: States) -> None:
    send("run_requested")
    send("run_requested")

    assert list(states.executions) == [RUN]


def test_a_later_generation_has_its_number(states: States) -> None:
    send("run_requested")
    send("run_requested", generation=2)

    assert list(states.executions) == [RUN, f"{RUN}-2"]
    assert execution_name(RUN, 1) == RUN


def test_an_execution_that_ended_without_a_word_goes_on_under_a_new_name(states: States) -> None:
    send("run_requested")
    for number in range(1, 15):
        states.executions = dict.fromkeys(states.executions, "FAILED")
        assert send("run_requested") == []
        # After ten a person must look.
        assert len(states.executions) == min(number + 1, 10)

    assert list(states.executions)[:3] == [RUN, f"{RUN}-101", f"{RUN}-201"]


def test_every_execution_of_a_cancelled_run_is_stopped(states: States) -> None:
    send("run_requested")
    states.executions[RUN] = "FAILED"
    send("run_requested")

    assert send("run_cancelled") == []
    assert states.executions[f"{RUN}-101"] == "ABORTED"


def test_cancelling_what_never_started_is_fine(states: States) -> None:
    assert send("run_cancelled") == []


def test_an_approval_releases_its_token(states: States) -> None:
    assert send("run_approved", task_token="token-1") == []

    assert states.released == ["token-1"]


@pytest.mark.parametrize(
    "code", ["TaskDoesNotExist", "TaskTimedOut", "InvalidToken", "ExecutionDoesNotExist"]
)
def test_a_token_that_nobody_waits_for_is_no_failure(states: States, code: str) -> None:
    states.token_error = code

    assert send("run_approved", task_token="token-1") == []


def test_a_release_that_was_throttled_comes_again(states: States) -> None:
    states.token_error = "ThrottlingException"

    assert send("run_approved", task_token="token-1") == ["m"]


def test_a_message_that_cannot_be_read_fails_alone(states: States) -> None:
    good = {"detail": {"event_type": "run_requested", "run_id": RUN, "tenant_id": "t", "generation": 1}}
    records = [
        {"messageId": "bad", "body": "{"},
        {"messageId": "empty", "body": "{}"},
        {"messageId": "good", "body": json.dumps(good)},
    ]

    answer = handler({"Records": records}, None)

    assert [item["itemIdentifier"] for item in answer["batchItemFailures"]] == ["bad", "empty"]
    assert list(states.executions) == [RUN]
