"""What AWS does on its own: hand a queue's messages to its function, run the schedules, forget old history."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from infra.catalog import Catalog, Queue, Schedule
from infra.local.aws.names import ACCOUNT, REGION, queue_name, schedule_arn
from infra.local.aws.queues import Queues, Received
from infra.local.aws.runtime import MAX_PAYLOAD, Outcome, Runtime, TooManyRequests

_PRUNE_EVERY = 60.0


class Consumer:
    """An event source mapping: a queue's messages go to its function in batches, `max_concurrency` at a time.

    A batch that fails stays hidden until its visibility ends, then comes again; after `max_receives` the messages
    go to the dead-letter queue. With `batchItemFailures` only those named come again. `function` is the name in
    Lambda.
    """

    def __init__(self, queue: Queue, function: str, queues: Queues, runtime: Runtime) -> None:
        self._queue = queue
        self._name = queue_name(queue)
        self._function = function
        self._queues = queues
        self._runtime = runtime
        self._room = threading.Semaphore(queue.max_concurrency)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"consume-{queue.name}", daemon=True)

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more messages; batches under way go on."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        """Wait for the poller to end."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._room.acquire(timeout=0.25):
                continue
            batch = self._receive()
            if batch:
                threading.Thread(
                    target=self._handle, args=(batch,), name=f"batch-{self._queue.name}", daemon=True
                ).start()
            else:
                self._room.release()

    def _receive(self) -> list[Received]:
        try:
            return self._queues.receive(self._name, self._queue.batch_size, self._queue.visibility, wait=5.0)
        except Exception:
            # A poller must outlive whatever a queue does; it looks again in a moment.
            self._stopping.wait(0.5)
            return []

    def _handle(self, batch: list[Received]) -> None:
        try:
            for part in _split(batch):
                outcome = self._invoke(part)
                failed = (
                    failures(outcome, [message.id for message in part]) if outcome else {m.id for m in part}
                )
                self._queues.delete(self._name, [m.handle for m in part if m.id not in failed])
        finally:
            self._room.release()

    def _invoke(self, batch: list[Received]) -> Outcome | None:
        event = json.dumps({"Records": [message.record for message in batch]}).encode()
        until = time.monotonic() + self._queue.visibility / 2
        pause = 0.05
        while not self._stopping.is_set() and time.monotonic() < until:
            try:
                return self._runtime.invoke(self._function, event)
            except TooManyRequests:
                self._stopping.wait(pause)
                pause = min(pause * 2, 2.0)
        return None


def failures(outcome: Outcome, ids: list[str]) -> set[str]:
    """Return the ids that must come again after an outcome. As on AWS, an answer that names an unknown message or
    is no proper report fails the whole batch, and an empty one or none at all fails nothing.
    """
    everything = set(ids)
    if outcome.failed:
        return everything
    answer = json.loads(outcome.payload)
    if not answer:
        return set()
    if not isinstance(answer, dict):
        return set()  # an answer that is no report says nothing about failures
    reported = answer.get("batchItemFailures") or []
    try:
        failed = {item["itemIdentifier"] for item in reported}
    except (TypeError, KeyError):
        return everything
    return failed if failed <= everything else everything


def _split(batch: list[Received]) -> Iterable[list[Received]]:
    """Cut a batch so that each part fits an invocation."""
    part: list[Received] = []
    size = 0
    for message in batch:
        weight = len(json.dumps(message.record)) + 2
        if part and size + weight > MAX_PAYLOAD - 1024:
            yield part
            part, size = [], 0
        part.append(message)
        size += weight
    if part:
        yield part


class Scheduler:
    """Runs the schedules: once at the start, then every `minutes` of each."""

    def __init__(self, schedules: Iterable[Schedule], invoke: Callable[[Schedule], None]) -> None:
        self._schedules = tuple(schedules)
        self._invoke = invoke
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._run, args=(schedule,), name=f"schedule-{schedule.name}", daemon=True
            )
            for schedule in self._schedules
        ]

    def start(self) -> None:
        """Begin: each schedule runs at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Run nothing more."""
        self._stopping.set()

    def _run(self, schedule: Schedule) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            self._invoke(schedule)
            due += schedule.minutes * 60
            self._stopping.wait(max(0.0, due - time.monotonic()))


class Delivery:
    """Everything that moves by itself between the parts, from `start()` to `stop()`.

    `prune` is called every minute; `report` hears of what it raises.
    """

    def __init__(
        self,
        catalog: Catalog,
        queues: Queues,
        runtime: Runtime,
        prune: Iterable[Callable[[], Any]] = (),
        report: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._queues = queues
        self._runtime = runtime
        self._catalog = catalog
        self._prune = tuple(prune)
        self._report = report
        self._consumers = [
            Consumer(queue, self._deployed(queue.consumer), queues, runtime) for queue in catalog.queues
        ]
        self._scheduler = Scheduler(catalog.schedules, self._tick)
        self._stopping = threading.Event()
        self._janitor = threading.Thread(target=self._tidy, name="janitor", daemon=True)

    def start(self) -> None:
        """Begin to deliver, and run every schedule once."""
        for consumer in self._consumers:
            consumer.start()
        self._janitor.start()
        self._scheduler.start()

    def stop(self) -> None:
        """Deliver nothing more."""
        self._stopping.set()
        self._scheduler.stop()
        for consumer in self._consumers:
            consumer.stop()
        self._queues.wake()

    def _deployed(self, name: str) -> str:
        return self._catalog.function(name).deployed_name("local")

    def _tick(self, schedule: Schedule) -> None:
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": ACCOUNT,
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "region": REGION,
            "resources": [schedule_arn(schedule)],
            "detail": "{}",
        }
        self._runtime.invoke_later(self._deployed(schedule.function), json.dumps(event).encode())

    def _tidy(self) -> None:
        while not self._stopping.wait(_PRUNE_EVERY):
            for prune in self._prune:
                try:
                    prune()
                except Exception as error:
                    self._report(error)  # and go on: the others must not pile up over one
