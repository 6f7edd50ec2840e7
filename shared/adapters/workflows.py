"""Express workflows: started, and waited for until they end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from shared.adapters.aws_errors import translated
from shared.errors import AppError

EXPRESS_SECONDS = 300
"""How long Step Functions lets an express workflow run."""


class WorkflowFailed(AppError):
    """An execution ended without a result. error: the name of what stopped it, as the state machine has it."""

    def __init__(self, error: str, cause: str) -> None:
        self.error = error
        super().__init__(f"{error}: {cause}"[:2000])


class Workflows(Protocol):
    """State machines of the express kind."""

    def run(self, arn: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Run a state machine to its end and return its output.

        Raises WorkflowFailed when it failed or took too long, DependencyUnavailable when it could not be started or
        nothing is known of its end, AppError otherwise.
        """
        ...


def express_client() -> Any:
    """Make boto3's client of Step Functions for executions that are waited for; one attempt, our callers repeat."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "stepfunctions",
        config=Config(connect_timeout=2, read_timeout=EXPRESS_SECONDS + 5, retries={"total_max_attempts": 1}),
    )


class ExpressWorkflows:
    """AWS Step Functions. client: from `express_client`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def run(self, arn: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Run a state machine to its end. Raises WorkflowFailed, DependencyUnavailable, AppError."""
        with translated("Step Functions"):
            answer = self._client.start_sync_execution(stateMachineArn=arn, input=json.dumps(dict(given)))
        if answer["status"] != "SUCCEEDED":
            raise WorkflowFailed(
                answer.get("error") or f"States.{answer['status']}", answer.get("cause") or ""
            )
        output: dict[str, Any] = json.loads(answer["output"])
        return output


class FakeWorkflows:
    """Express workflows as functions, by ARN; what a function raises, its execution fails with."""

    def __init__(self, machines: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]) -> None:
        self._machines = dict(machines)

    def run(self, arn: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Call the function. Raises WorkflowFailed, AppError."""
        if arn not in self._machines:
            raise AppError("Step Functions refused the request (StateMachineDoesNotExist).")
        crossing = json.dumps(dict(given))
        try:
            answer = self._machines[arn](json.loads(crossing))
        except Exception as error:
            raise WorkflowFailed(type(error).__name__, str(error)) from error
        output: dict[str, Any] = json.loads(json.dumps(answer))
        return output
