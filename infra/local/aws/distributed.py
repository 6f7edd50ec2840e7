"""moto's distributed map, made to go through any number of objects: what it does of one, it does here as on AWS.

Of itself it lists a thousand keys at most, descends one call deeper for each item, keeps the history of every child
for ever, and calls nothing a failure.

Source: docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Callable
from typing import Any

_MAP = "moto.stepfunctions.parser.asl.component.state.exec.state_map"
READER = f"{_MAP}.item_reader.eval.resource_eval_s3"
_COMPONENT = f"{_MAP}.iteration.distributed_iteration_component"
_WORKER = f"{_MAP}.iteration.itemprocessor.distributed_item_processor_worker"
_ERRORS = "moto.stepfunctions.parser.asl.component.common.error_name"
_PARSER = "moto.stepfunctions.parser.asl.parse.asl_parser"
THRESHOLD = "States.ExceedToleratedFailureThreshold"


def adapt() -> None:
    """Adapt it; call when the interpreter is loaded. Again changes nothing."""
    reader: Any = importlib.import_module(READER).ResourceEvalS3
    worker: Any = importlib.import_module(_WORKER).DistributedItemProcessorWorker
    component: Any = importlib.import_module(_COMPONENT)
    reader._handle_list_objects_v2 = staticmethod(functools.partial(_list_objects, reader))
    worker._eval_pool = _eval_pool
    component.EventManager = _forgetful()
    parser: Any = importlib.import_module(_PARSER).AmazonStateLanguageParser
    if not hasattr(parser.parse, "__wrapped__"):
        parser.parse = staticmethod(_understood(parser.parse))
    iteration = component.DistributedIterationComponent
    if not hasattr(iteration._map_run, "__wrapped__"):
        iteration._map_run = _counting_failures(iteration._map_run)


def _understood(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Read a definition in words that moto's grammar has: children are executed in one way there, whatever kind they
    are, and a percentage has a decimal point.
    """

    @functools.wraps(parse)
    def wrapped(definition: str) -> Any:
        try:
            told = json.loads(definition)
        except ValueError:
            return parse(definition)  # which says what is wrong
        return parse(json.dumps(_in_its_words(told)))

    return wrapped


def _in_its_words(part: Any) -> Any:
    if isinstance(part, list):
        return [_in_its_words(each) for each in part]
    if not isinstance(part, dict):
        return part
    words = {name: _in_its_words(value) for name, value in part.items()}
    if words.get("Mode") == "DISTRIBUTED" and "ExecutionType" in words:
        words["ExecutionType"] = "STANDARD"
    if isinstance(words.get("ToleratedFailurePercentage"), int):
        words["ToleratedFailurePercentage"] = float(words["ToleratedFailurePercentage"])
    return words


def _list_objects(reader: Any, env: Any, resource: Any, credentials: Any) -> None:
    """Leave every object below a prefix on the stack, as the items of a map are."""
    client = reader._get_s3_client(resource_runtime_part=resource, state_credentials=credentials)
    parameters = env.stack.pop()
    pages = client.get_paginator("list_objects_v2").paginate(**parameters)
    env.stack.append([_item(found) for page in pages for found in page.get("Contents", ())])


def _item(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "Etag": found["ETag"],
        "Key": found["Key"],
        "LastModified": int(found["LastModified"].timestamp()),
        "Size": found["Size"],
        "StorageClass": found.get("StorageClass", "STANDARD"),
    }


def _eval_pool(self: Any, job: Any, worker_frame: Any) -> None:
    """Evaluate jobs until there are none; moto's own calls itself for each."""
    while job is not None:
        frame = worker_frame.open_inner_frame()
        self._eval_job(env=frame, job=job)
        worker_frame.delete_frame(frame)
        over = isinstance(job.job_output, Exception) or self.stopped()
        following = None if over else self._job_pool.next_job()
        if following is None:
            # Before the job is closed: whoever waits for the last one goes on with the environment.
            self._env.delete_frame(worker_frame)
        self._job_pool.close_job(job)
        job = following


@functools.cache
def _forgetful() -> Any:
    events: Any = importlib.import_module("moto.stepfunctions.parser.asl.eval.event.event_manager")

    class ForgetfulEventManager(events.EventManager):  # type: ignore[misc]
        """Numbers the events of children and keeps none: of express ones AWS keeps none either."""

        def _publish_history_event(self, **_event: Any) -> None:
            pass

    return ForgetfulEventManager


def _counting_failures(map_run: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(map_run)
    def wrapped(component: Any, env: Any, eval_input: Any) -> None:
        map_run(component, env=env, eval_input=eval_input)
        record = eval_input.map_run_record
        counts = record.item_counter
        failed = counts.failed.get() + counts.timed_out.get()
        share = record.tolerated_failure_percentage / 100 * counts.total.get()
        if failed > max(record.tolerated_failure_count, share):
            env.stack.pop()
            raise _failure(env, f"{failed} of {counts.total.get()} items failed")
        # A child that failed has no output.
        env.stack.append([output for output in env.stack.pop() if output is not None])

    return wrapped


def _failure(env: Any, cause: str) -> Exception:
    api: Any = importlib.import_module("moto.stepfunctions.parser.api")
    events: Any = importlib.import_module(f"{_ERRORS}.failure_event")
    names: Any = importlib.import_module(f"{_ERRORS}.states_error_name")
    kinds: Any = importlib.import_module(f"{_ERRORS}.states_error_name_type")
    details: Any = importlib.import_module("moto.stepfunctions.parser.asl.eval.event.event_detail")
    told = api.ExecutionFailedEventDetails(error=THRESHOLD, cause=cause)
    failure: Exception = events.FailureEventException(
        failure_event=events.FailureEvent(
            env=env,
            error_name=names.StatesErrorName(typ=kinds.StatesErrorNameType.from_name(THRESHOLD)),
            event_type=api.HistoryEventType.MapRunFailed,
            event_details=details.EventDetails(executionFailedEventDetails=told),
        )
    )
    return failure
