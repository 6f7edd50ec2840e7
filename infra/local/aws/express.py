"""Express workflows: run while their starter waits, as many at once as there are starters, and kept nowhere.

Source: docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html
"""

from __future__ import annotations

import functools
import importlib
import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from infra.local.aws.names import ACCOUNT, REGION
from infra.local.aws.wsgi import Answer, Environ, aws_error, json_answer, read_json

if TYPE_CHECKING:
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

EXPRESS = "EXPRESS"
_BACKEND = "moto.stepfunctions.parser.backend"
_MEMORY = 64
_MOST_INPUT = 256 * 1024


class ExpressExecutions:
    """Runs express state machines of moto's `backend` on the thread that asks. Safe for threads."""

    def __init__(self, backend: StepFunctionsParserBackend) -> None:
        self._backend = backend

    def answer(self, environ: Environ) -> Answer:
        """Answer StartSyncExecution when the execution has ended."""
        asked = read_json(environ)
        arn = str(asked.get("stateMachineArn", ""))
        machine: Any = next((each for each in list(self._backend.state_machines) if each.arn == arn), None)
        if machine is None:
            return aws_error(400, "StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
        if machine.type != EXPRESS:
            message = "This operation is not supported by this type of state machine"
            return aws_error(400, "StateMachineTypeNotSupported", message)
        given = str(asked.get("input") or "{}")
        try:
            json.loads(given)
        except ValueError:
            return aws_error(400, "InvalidExecutionInput", "Invalid State Machine Execution Input: not JSON")
        if len(given.encode()) > _MOST_INPUT:
            message = "1 validation error detected: Value at 'input' failed to satisfy constraint: too long"
            return aws_error(400, "ValidationException", message)
        return json_answer(
            200, _run(machine, given, str(asked.get("name") or uuid.uuid4())), "application/x-amz-json-1.0"
        )


def _run(machine: Any, given: str, name: str) -> dict[str, Any]:
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:express:{machine.name}:{name}:{uuid.uuid4()}"
    execution = _execution_class()(
        name=name,
        sm_type=EXPRESS,
        role_arn=machine.roleArn,
        exec_arn=arn,
        account_id=ACCOUNT,
        region_name=REGION,
        state_machine=machine,
        start_date=datetime.now(UTC),
        cloud_watch_logging_session=None,
        input_data=given,
        trace_header=None,
        activity_store={},
    )
    execution.start()
    answer = {
        "executionArn": arn,
        "stateMachineArn": machine.arn,
        "name": name,
        "startDate": execution.start_date.timestamp(),
        "stopDate": execution.stop_date.timestamp(),
        "status": execution.sync_execution_status.value,
        "input": given,
        "inputDetails": {"included": True},
        "billingDetails": {
            "billedMemoryUsedInMB": _MEMORY,
            "billedDurationInMilliseconds": int(
                (execution.stop_date - execution.start_date).total_seconds() * 1000
            ),
        },
    }
    if answer["status"] == "SUCCEEDED":
        output = json.dumps(execution.output, separators=(",", ":"))
        return answer | {"output": output, "outputDetails": {"included": True}}
    return answer | {"error": execution.error or "States.Timeout", "cause": execution.cause or ""}


@functools.cache
def _execution_class() -> Any:
    """moto's synchronous execution, which reads a definition once: that takes longer than to run it.

    Made when it is needed: `interpreter.load` imports what it stands on first.
    """
    executions: Any = importlib.import_module(f"{_BACKEND}.execution")
    workers: Any = importlib.import_module(f"{_BACKEND}.execution_worker")

    class Worker(workers.SyncExecutionWorker):  # type: ignore[misc]
        def _get_evaluation_entrypoint(self) -> Any:
            return _program(self._evaluation_details.state_machine_details.definition)

    class Execution(executions.SyncExecution):  # type: ignore[misc]
        def _get_start_execution_worker(self) -> Any:
            details = importlib.import_module("moto.stepfunctions.parser.asl.eval.evaluation_details")
            return Worker(
                evaluation_details=details.EvaluationDetails(
                    aws_execution_details=self._get_start_aws_execution_details(),
                    execution_details=self.get_start_execution_details(),
                    state_machine_details=self.get_start_state_machine_details(),
                ),
                exec_comm=self._get_start_execution_worker_comm(),
                cloud_watch_logging_session=None,
                activity_store=self._activity_store,
            )

    return Execution


@functools.lru_cache(maxsize=32)
def _program(definition: str) -> Any:
    """A definition as moto evaluates it. It holds no state of an execution, so that many share it."""
    parser: Any = importlib.import_module("moto.stepfunctions.parser.asl.parse.asl_parser")
    return parser.AmazonStateLanguageParser.parse(definition)[0]
