"""Lambda on one machine: the catalog's handlers in worker threads of this process.

A worker is what Lambda calls an execution environment: it runs one event at a time and keeps what the product
caches per thread. Differences from AWS: a handler that passes its timeout is answered for and left to end by
itself, since a thread cannot be killed, and it keeps its reserved concurrency until then. There is one version of a
function, which its alias `live` names, too.
"""

from __future__ import annotations

import importlib
import json
import threading
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from infra.catalog import LIVE, Function
from infra.local.aws.identity import running_as
from infra.local.aws.names import STAGE, function_arn

MAX_PAYLOAD = 6 * 1024 * 1024
MAX_ASYNC_PAYLOAD = 1024 * 1024
ASYNC_RETRIES = (60.0, 120.0)
"""Seconds before the second and third attempt of an asynchronous invocation, as Lambda has them."""

CONCURRENCY_FACTOR = 20
"""Times the concurrency of the catalog: what protects a small database there, `workers` does here."""
_QUALIFIERS = ("$LATEST", LIVE)

Log = Callable[[dict[str, Any]], None]


class LambdaError(Exception):
    """Lambda refuses an invocation: `code` and `status` as in its API."""

    code = "ServiceException"
    status = 500


class FunctionNotFound(LambdaError):
    """No function has that name."""

    code = "ResourceNotFoundException"
    status = 404


class TooManyRequests(LambdaError):
    """The reserved or the whole concurrency is used up."""

    code = "TooManyRequestsException"
    status = 429


class RequestTooLarge(LambdaError):
    """The payload is over the limit."""

    code = "RequestTooLargeException"
    status = 413


class InvalidRequestContent(LambdaError):
    """The payload is not JSON."""

    code = "InvalidRequestContentException"
    status = 400


@dataclass(frozen=True)
class Outcome:
    """What an invocation answered: JSON, and whether it is an error (`X-Amz-Function-Error: Unhandled`)."""

    payload: bytes
    failed: bool = False

    @property
    def error_type(self) -> str:
        """The name of the error; empty when there is none."""
        return str(json.loads(self.payload).get("errorType", "")) if self.failed else ""


@dataclass
class LambdaContext:
    """The second argument of a handler. `deadline` in seconds of `time.monotonic`."""

    function_name: str
    memory_limit_in_mb: int
    aws_request_id: str
    invoked_function_arn: str
    deadline: float
    function_version: str = "$LATEST"
    log_group_name: str = ""
    log_stream_name: str = ""
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the timeout; 0 when it has passed."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


@dataclass
class _Job:
    function: Function
    event: bytes
    context: LambdaContext
    done: Future[Outcome] = field(default_factory=Future)


class _HandlerMissing(Exception):
    """The catalog names a handler that is not there; `kind` is Lambda's word for it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _Worker(threading.Thread):
    """One execution environment."""

    def __init__(self, pool: Runtime, number: int) -> None:
        super().__init__(name=f"lambda-{number}", daemon=True)
        self._pool = pool
        self._wake = threading.Condition()
        self._job: _Job | None = None
        self._ending = False

    def give(self, job: _Job) -> None:
        with self._wake:
            self._job = job
            self._wake.notify()

    def end(self) -> None:
        with self._wake:
            self._ending = True
            self._wake.notify()

    def run(self) -> None:
        while True:
            with self._wake:
                while self._job is None and not self._ending:
                    self._wake.wait()
                job = self._job
                self._job = None
            if job is None:
                self._pool.leave()
                return
            outcome = self._pool.perform(job)
            self._pool.release(self, job)
            job.done.set_result(outcome)


class Runtime:
    """Runs functions by name. `log` takes one JSON object a call. At most `workers` events run at a time. A worker
    that ends calls `leave` on its thread, to close what the product keeps there.
    """

    def __init__(
        self,
        functions: Iterable[Function],
        *,
        log: Log | None = None,
        workers: int = 64,
        leave: Callable[[], None] = lambda: None,
    ) -> None:
        self.leave = leave
        self._functions = {function.deployed_name(STAGE): function for function in functions}
        self._handlers: dict[str, Callable[[Any, Any], Any]] = {}
        self._log = log or (lambda _: None)
        self._most = workers
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._running: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._made = 0

    def find(self, name: str) -> Function:
        """Return the function of a name or ARN, also of its alias and `$LATEST`. Raises FunctionNotFound."""
        short = name.split(":function:", 1)[-1] if name.startswith("arn:") else name
        short, colon, qualifier = short.partition(":")
        function = self._functions.get(short)
        if function is None or (colon and qualifier not in _QUALIFIERS):
            raise FunctionNotFound(f"Function not found: {name}")
        return function

    def invoke(self, name: str, event: bytes) -> Outcome:
        """Run a function and wait for its answer. Raises LambdaError when it cannot be run."""
        function = self.find(name)
        self._check(event, MAX_PAYLOAD)
        job = self._begin(function, event)
        try:
            return job.done.result(timeout=function.timeout)
        except TimeoutError:
            self._report(job, "timeout", function.timeout)
            return _timed_out(job)

    def invoke_later(self, name: str, event: bytes) -> None:
        """Run a function without waiting; a failure is tried twice more, a throttle until there is room."""
        function = self.find(name)
        self._check(event, MAX_ASYNC_PAYLOAD)
        threading.Thread(
            target=self._invoke_with_retries,
            args=(function, event),
            name=f"async-{function.name}",
            daemon=True,
        ).start()

    def warm(self) -> None:
        """Import every handler, so that nobody's first request waits for it. What cannot be imported says so again
        when it is invoked.
        """
        for function in self._functions.values():
            if self._stopping.is_set():
                return
            with suppress(Exception):
                self._handler(function)

    def stop(self, seconds: float = 5.0) -> None:
        """Take no more events, and give those that run `seconds` to end."""
        self._stopping.set()
        with self._lock:
            workers = list(self._all)
        until = time.monotonic() + seconds
        for worker in workers:
            worker.end()
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))

    @property
    def busy(self) -> dict[str, int]:
        """How many events of each function run now."""
        with self._lock:
            return {name: count for name, count in self._running.items() if count}

    def _check(self, event: bytes, limit: int) -> None:
        if len(event) > limit:
            raise RequestTooLarge(
                f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
            )
        try:
            json.loads(event or b"{}")
        except (ValueError, RecursionError) as error:
            raise InvalidRequestContent(f"Could not parse request body into json: {error}") from error

    def _begin(self, function: Function, event: bytes) -> _Job:
        context = LambdaContext(
            function_name=function.deployed_name(STAGE),
            memory_limit_in_mb=function.memory,
            aws_request_id=str(uuid.uuid4()),
            invoked_function_arn=function_arn(function),
            deadline=time.monotonic() + function.timeout,
            log_group_name=f"/aws/lambda/{function.deployed_name(STAGE)}",
            log_stream_name="local",
        )
        job = _Job(function, event, context)
        with self._lock:
            if self._stopping.is_set():
                raise TooManyRequests("the runtime is stopping")
            if self._running[function.name] >= function.reserved(CONCURRENCY_FACTOR):
                raise TooManyRequests("Rate Exceeded.")
            worker = self._take()
            self._running[function.name] += 1
        worker.give(job)
        return job

    def _take(self) -> _Worker:
        # Last in, first out: the warmest worker, and as few database connections as the load needs.
        if self._idle:
            return self._idle.pop()
        if len(self._all) >= self._most:
            raise TooManyRequests("Rate Exceeded.")
        self._made += 1
        worker = _Worker(self, self._made)
        self._all.add(worker)
        worker.start()
        return worker

    def release(self, worker: _Worker, job: _Job) -> None:
        """Take a worker back that has done its job."""
        with self._lock:
            self._running[job.function.name] -= 1
            self._idle.append(worker)

    def perform(self, job: _Job) -> Outcome:
        """Run the handler of a job on this thread. Never raises: whatever happens is an outcome."""
        started = time.monotonic()
        try:
            handler = self._handler(job.function)
            with running_as(job.context.function_name):
                result = handler(json.loads(job.event or b"{}"), job.context)
            outcome = _marshal(result)
        except _HandlerMissing as error:
            outcome = _error(error.kind, str(error), [])
        except BaseException as error:
            outcome = _failure(error)
        if outcome.failed:
            self._log(
                {
                    "level": "ERROR",
                    "type": "platform.error",
                    "function_name": job.context.function_name,
                    "function_request_id": job.context.aws_request_id,
                    **json.loads(outcome.payload),
                }
            )
        self._report(job, "error" if outcome.failed else "success", time.monotonic() - started)
        return outcome

    def _handler(self, function: Function) -> Callable[[Any, Any], Any]:
        found = self._handlers.get(function.name)
        if found is None:
            module, _, name = function.handler.rpartition(".")
            try:
                found = getattr(importlib.import_module(module), name)
            except ImportError as error:
                message = f"Unable to import module '{module}': {error}"
                raise _HandlerMissing("Runtime.ImportModuleError", message) from error
            except AttributeError as error:
                message = f"Handler '{name}' missing on module '{module}'"
                raise _HandlerMissing("Runtime.HandlerNotFound", message) from error
            self._handlers[function.name] = found
        return found

    def _report(self, job: _Job, status: str, seconds: float) -> None:
        self._log(
            {
                "level": "INFO",
                "type": "platform.report",
                "function_name": job.context.function_name,
                "function_request_id": job.context.aws_request_id,
                "status": status,
                "duration_ms": round(seconds * 1000, 2),
            }
        )

    def _invoke_with_retries(self, function: Function, event: bytes) -> None:
        for pause in (*ASYNC_RETRIES, None):
            outcome = self._when_there_is_room(function, event)
            if outcome is None or not outcome.failed or pause is None or self._stopping.wait(pause):
                return

    def _when_there_is_room(self, function: Function, event: bytes) -> Outcome | None:
        pause = 0.1
        while not self._stopping.is_set():
            try:
                return self.invoke(function.deployed_name(STAGE), event)
            except TooManyRequests:
                self._stopping.wait(pause)
                pause = min(pause * 2, 5.0)
        return None


def _marshal(result: Any) -> Outcome:
    try:
        payload = json.dumps(result, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        return _error("Runtime.MarshalError", f"Unable to marshal response: {error}", [])
    if len(payload) > MAX_PAYLOAD:
        message = f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes)."
        return _error("Function.ResponseSizeTooLarge", message, [])
    return Outcome(payload)


def _failure(error: BaseException) -> Outcome:
    kind = "Runtime.ExitError" if isinstance(error, SystemExit) else type(error).__name__
    return _error(kind, str(error), traceback.format_list(traceback.extract_tb(_beyond(error.__traceback__))))


def _beyond(trace: TracebackType | None) -> TracebackType | None:
    """Skip the frame of the runtime: a handler's author wants their own."""
    return trace.tb_next if trace is not None and trace.tb_next is not None else trace


def _timed_out(job: _Job) -> Outcome:
    message = (
        f"RequestId: {job.context.aws_request_id} Error: "
        f"Task timed out after {job.function.timeout:.2f} seconds"
    )
    return _error("Sandbox.Timedout", message, None)


def _error(kind: str, message: str, stack: list[str] | None) -> Outcome:
    body: dict[str, Any] = {"errorMessage": message, "errorType": kind}
    if stack is not None:
        body["stackTrace"] = stack
    return Outcome(json.dumps(body).encode(), failed=True)
