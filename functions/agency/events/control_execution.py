"""Starts, stops and releases executions of proto_v1. Edge zone: it sees no table.

An execution has the name of its run, so that starting twice is starting once; a run that is retried, or whose
execution ended without a word, goes on under the next generation's name.
"""

from __future__ import annotations

import json
from typing import Any

from shared.batch import each_message
from shared.bootstrap import container
from shared.observability import logger, observed
from shared.settings import WorkflowSettings

# An execution that was lost this often is not started a further time: a person must look.
_MOST_REVIVALS = 10
_GONE = ("TaskDoesNotExist", "TaskTimedOut", "InvalidToken", "ExecutionDoesNotExist")


def execution_name(run_id: str, generation: int) -> str:
    """Return the name of a run's execution: the run's id, with the generation from the second on."""
    return run_id if generation == 1 else f"{run_id}-{generation}"


def _execution_arn(machine_arn: str, name: str) -> str:
    return machine_arn.replace(":stateMachine:", ":execution:") + f":{name}"


def _start(client: Any, machine_arn: str, detail: dict[str, Any]) -> None:
    run_id, generation = str(detail["run_id"]), int(detail["generation"])
    payload = json.dumps({"run_id": run_id, "tenant_id": detail["tenant_id"]})
    for revival in range(_MOST_REVIVALS):
        # Revivals count in hundreds, so that they never meet the generation of a later retry.
        name = execution_name(run_id, generation + 100 * revival)
        try:
            client.start_execution(stateMachineArn=machine_arn, name=name, input=payload)
            return
        except client.exceptions.ExecutionAlreadyExists:
            found = client.describe_execution(executionArn=_execution_arn(machine_arn, name))
            if found["status"] == "RUNNING":
                return
    logger().error("execution lost too often")


def _stop(client: Any, machine_arn: str, detail: dict[str, Any]) -> None:
    for revival in range(_MOST_REVIVALS):
        name = execution_name(str(detail["run_id"]), int(detail["generation"]) + 100 * revival)
        try:
            client.stop_execution(
                executionArn=_execution_arn(machine_arn, name),
                error="RunCancelled",
                cause="The run was cancelled.",
            )
        except client.exceptions.ExecutionDoesNotExist:
            return


def _release(client: Any, detail: dict[str, Any]) -> None:
    try:
        client.send_task_success(taskToken=detail["task_token"], output="{}")
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
        # The execution is gone; the run is revived and finds its approval granted.
        logger().warning("nothing waits for this approval any more")


def _control(detail: dict[str, Any]) -> None:
    own = container()
    machine_arn = own.settings(WorkflowSettings).proto_v1_arn
    if detail["event_type"] == "run_requested":
        _start(own.executions, machine_arn, detail)
    elif detail["event_type"] == "run_cancelled":
        _stop(own.executions, machine_arn, detail)
    else:
        _release(own.executions, detail)


@observed("agency.control_execution")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Obey each message of the batch."""
    del context
    return each_message(event, _control)
