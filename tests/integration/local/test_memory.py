"""What must not grow while a system runs for days."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from infra.local.aws.executions import Executions
from infra.local.aws.wsgi import Answer, Environ, with_body

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def _execution(name: str, ended: timedelta | None) -> Any:
    stop = None if ended is None else NOW - ended
    return SimpleNamespace(name=name, stop_date=stop, start_date=NOW - timedelta(hours=2), status="SUCCEEDED")


def _asked(name: str) -> Environ:
    body = json.dumps({"stateMachineArn": "arn:x:stateMachine:m", "name": name, "input": "{}"}).encode()
    environ: Environ = {"HTTP_X_AMZ_TARGET": "AWSStepFunctions.StartExecution"}
    with_body(environ, body)
    return environ


def _executions(*found: Any) -> tuple[Executions, list[Any]]:
    held = list(found)
    machine = SimpleNamespace(name="m", arn="arn:x:stateMachine:m", executions=held)
    backend = cast(Any, SimpleNamespace(state_machines=[machine]))
    return Executions(lambda _: Answer(200), backend), held


def test_old_executions_are_forgotten_and_running_ones_kept() -> None:
    executions, held = _executions(
        _execution("running", None),
        _execution("old", timedelta(hours=1)),
        _execution("new", timedelta(minutes=1)),
    )

    assert executions.prune(NOW) == 1

    assert [execution.name for execution in held] == ["running", "new"]


def test_only_the_last_ones_are_kept_when_there_are_many() -> None:
    many = [_execution(str(number), timedelta(seconds=number)) for number in range(10)]
    executions, held = _executions(*many)

    assert executions.prune(NOW, keep_most=3) == 7

    assert [execution.name for execution in held] == ["0", "1", "2"]


def test_the_name_of_a_forgotten_execution_stays_taken() -> None:
    executions, _ = _executions(_execution("old", timedelta(hours=1)))
    executions.prune(NOW)

    refused = executions.answer(_asked("old"))
    taken = executions.answer(_asked("other"))

    assert refused.status == 400
    assert json.loads(refused.body)["__type"] == "ExecutionAlreadyExists"
    assert taken.status == 200


def test_recent_executions_come_newest_first() -> None:
    first, second = _execution("first", None), _execution("second", timedelta(minutes=1))
    second.start_date = NOW
    executions, _ = _executions(first, second)

    assert [run["name"] for run in executions.recent()] == ["second", "first"]
    assert executions.recent(1)[0]["ended"] == "2026-11-21T23:59:00+00:00"
