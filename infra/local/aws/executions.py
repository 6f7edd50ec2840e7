"""Step Functions before moto: one change at a time, named executions, and a history that does not grow for ever."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.utils import TMP_THREADS

from infra.local.aws.express import ExpressExecutions
from infra.local.aws.wsgi import Answer, Call, Environ, aws_error, read_json, with_body
from infra.local.processes import wait_until

if TYPE_CHECKING:
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

KEEP_FOR = timedelta(minutes=30)
KEEP_MOST = 200


class Executions:
    """Answers requests for Step Functions."""

    def __init__(self, moto: Call, backend: StepFunctionsParserBackend) -> None:
        self._moto = moto
        self._backend = backend
        # moto looks a name up and starts it in two steps; two callers at once would start a run twice.
        self._lock = threading.RLock()
        self._ended: set[tuple[str, str]] = set()
        self._express = ExpressExecutions(backend)

    def answer(self, environ: Environ) -> Answer:
        """Answer a request."""
        action = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[2]
        if action == "StartSyncExecution":
            return self._express.answer(environ)  # takes as long as it runs
        with self._lock:
            if action == "StartExecution":
                return self._start(environ)
            if action == "StopExecution":
                return self._stop(environ)
            return self._moto(environ)

    def prune(
        self, now: datetime | None = None, keep_for: timedelta = KEEP_FOR, keep_most: int = KEEP_MOST
    ) -> int:
        """Forget executions that ended over `keep_for` ago, and all but the last `keep_most` that ended; return how
        many. Their names stay taken, as on AWS.
        """
        before = (now or datetime.now(UTC)) - keep_for
        dropped = 0
        with self._lock:
            for machine in self._backend.state_machines:
                executions: list[Any] = machine.executions
                over = [execution for execution in executions if execution.stop_date is not None]
                over.sort(key=lambda execution: execution.stop_date)
                old = [e for e in over if e.stop_date < before]
                old += [e for e in over[: max(0, len(over) - keep_most)] if e not in old]
                for execution in old:
                    executions.remove(execution)
                    self._ended.add((machine.arn, str(execution.name)))
                dropped += len(old)
            TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]
        return dropped

    def recent(self, most: int = 20) -> list[dict[str, Any]]:
        """The last executions, newest first: name, workflow, status, started, ended."""
        with self._lock:
            found = [
                (machine.name, e) for machine in self._backend.state_machines for e in machine.executions
            ]
        found.sort(key=lambda pair: pair[1].start_date, reverse=True)
        return [
            {
                "name": execution.name,
                "workflow": name,
                "status": str(execution.status),
                "started": execution.start_date.isoformat(timespec="seconds"),
                "ended": execution.stop_date.isoformat(timespec="seconds") if execution.stop_date else None,
            }
            for name, execution in found[:most]
        ]

    def machine_of(self, token: str) -> str:
        """The ARN of the state machine that waits for a task token; empty when none does."""
        with self._lock:
            for machine in self._backend.state_machines:
                executions: list[Any] = machine.executions
                for execution in executions:
                    environment = execution.exec_worker.env
                    if environment is not None and environment.callback_pool_manager.get(token) is not None:
                        return str(machine.arn)
        return ""

    def _start(self, environ: Environ) -> Answer:
        asked = read_json(environ)
        if not asked.get("name"):  # moto would call it None
            asked["name"] = str(uuid.uuid4())
            with_body(environ, json.dumps(asked).encode())
        machine = str(asked.get("stateMachineArn", ""))
        if (machine, asked["name"]) in self._ended:
            arn = machine.replace(":stateMachine:", ":execution:")
            return aws_error(
                400, "ExecutionAlreadyExists", f"Execution Already Exists: '{arn}:{asked['name']}'"
            )
        return self._moto(environ)

    def _stop(self, environ: Environ) -> Answer:
        """Stop an execution at once, as AWS does; moto lets its present task end first, which for one that waits
        for a token may take a day.
        """
        execution = self._find(str(read_json(environ).get("executionArn", "")))
        running = execution is not None and execution.exec_status == ExecutionStatus.RUNNING
        if running:
            # Started a moment ago, it may not have the environment yet that carries the news of its end.
            wait_until(lambda: execution.exec_worker.env is not None, 2.0)
        answer = self._moto(environ)
        if running and answer.good:
            execution.exec_status = ExecutionStatus.ABORTED
            execution.stop_date = datetime.now(UTC)
            for endpoint in list(execution.exec_worker.env.callback_pool_manager._pool.values()):
                endpoint.interrupt_all()
        return answer

    def _find(self, arn: str) -> Any:
        executions = (e for machine in self._backend.state_machines for e in machine.executions)
        return next((e for e in executions if e.execution_arn == arn), None)
