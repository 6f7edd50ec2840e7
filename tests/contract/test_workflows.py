"""What whoever runs an express workflow promises, and what Step Functions is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from shared.adapters.workflows import (
    EXPRESS_SECONDS,
    ExpressWorkflows,
    FakeWorkflows,
    WorkflowFailed,
    Workflows,
    express_client,
)
from shared.errors import AppError, DependencyUnavailable

ARN = "arn:aws:states:eu-central-1:123456789012:stateMachine:index"
TIMES = {"startDate": 1, "stopDate": 2}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    return express_client()


@pytest.fixture
def stub(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber


def expect(stub: Stubber, **answer: Any) -> None:
    """Step Functions is asked once and answers so."""
    expected = {"stateMachineArn": ARN, "input": '{"key": "a"}'}
    stub.add_response("start_sync_execution", {"executionArn": ARN, **TIMES, **answer}, expected)


def test_the_output_of_an_execution_comes_back(client: Any, stub: Stubber) -> None:
    expect(stub, status="SUCCEEDED", output='{"outcome": "indexed"}')
    given: list[dict[str, Any]] = []

    def machine(asked: dict[str, Any]) -> dict[str, Any]:
        given.append(asked)
        return {"outcome": "indexed"}

    runners: list[Workflows] = [ExpressWorkflows(client), FakeWorkflows({ARN: machine})]
    for workflows in runners:
        assert workflows.run(ARN, {"key": "a"}) == {"outcome": "indexed"}
    assert given == [{"key": "a"}]


def test_an_execution_that_failed_says_what_stopped_it(client: Any, stub: Stubber) -> None:
    expect(stub, status="FAILED", error="Unreadable", cause="damaged: The file is damaged.")

    def machine(_given: dict[str, Any]) -> dict[str, Any]:
        raise Unreadable("damaged: The file is damaged.")

    runners: list[Workflows] = [ExpressWorkflows(client), FakeWorkflows({ARN: machine})]
    for workflows in runners:
        with pytest.raises(WorkflowFailed, match=r"^Unreadable: damaged: The file is damaged\.$") as caught:
            workflows.run(ARN, {"key": "a"})
        assert caught.value.error == "Unreadable"


class Unreadable(Exception):
    """An error of a state."""


def test_an_execution_that_took_too_long_has_failed(client: Any, stub: Stubber) -> None:
    expect(stub, status="TIMED_OUT")

    with pytest.raises(WorkflowFailed) as caught:
        ExpressWorkflows(client).run(ARN, {"key": "a"})

    assert caught.value.error == "States.TIMED_OUT"


def test_a_workflow_that_is_not_there_is_our_fault(client: Any, stub: Stubber) -> None:
    stub.add_client_error("start_sync_execution", "StateMachineDoesNotExist")

    runners: list[Workflows] = [ExpressWorkflows(client), FakeWorkflows({})]
    for workflows in runners:
        with pytest.raises(AppError, match="StateMachineDoesNotExist"):
            workflows.run(ARN, {"key": "a"})


def test_a_service_that_is_busy_is_worth_another_attempt(client: Any, stub: Stubber) -> None:
    stub.add_client_error("start_sync_execution", "ThrottlingException", http_status_code=400)

    with pytest.raises(DependencyUnavailable):
        ExpressWorkflows(client).run(ARN, {"key": "a"})


def test_one_attempt_that_waits_longer_than_an_execution_lasts(client: Any) -> None:
    config = client.meta.config

    assert config.retries["total_max_attempts"] == 1
    assert config.read_timeout > EXPRESS_SECONDS


def test_an_execution_is_run_at_the_host_for_those_that_are_waited_for(client: Any) -> None:
    asked: list[str] = []

    def answer(request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        class Raw:
            def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
                yield json.dumps(
                    {**TIMES, "executionArn": ARN, "status": "SUCCEEDED", "output": "{}"}
                ).encode()

        asked.append(request.url)
        return AWSResponse(request.url, 200, {}, Raw())

    client.meta.events.register("before-send.sfn.StartSyncExecution", answer)

    assert ExpressWorkflows(client).run(ARN, {}) == {}
    assert asked == ["https://sync-states.eu-central-1.amazonaws.com/"]
