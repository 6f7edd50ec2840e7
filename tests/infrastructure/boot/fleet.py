"""The booted functions of a system: an environment a function, as many alive as a test machine has memory for."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.catalog import Function
from infra.local.aws.runtime import LambdaContext, Outcome
from tests.infrastructure.boot.environment import BootedFunction
from tests.infrastructure.boot.trees import Trees

ALIVE = 14
BOOTING = 2
BOOT_SECONDS = 60.0
RECORDS = "invocations.jsonl"
CLAIMING = frozenset({"knowledge.look_at_object"})
"""What is not asked twice at once: it answers with a claim, which the second one would take away from the first."""
_FATAL = ("Sandbox.Timedout", "Runtime.ExitError", "Runtime.ImportModuleError", "Runtime.HandlerNotFound")


class Fleet:
    """Boots functions when they are first asked, and writes every invocation to `<folder>/invocations.jsonl`.

    What a function answers first is asked a second time at once, unless it is one of `once`. `variables` of the
    system for a function, with its own keys.
    """

    def __init__(
        self,
        trees: Trees,
        folder: Path,
        once: Collection[str],
        variables: Callable[[Function], Mapping[str, str]],
    ) -> None:
        self._once = once
        self._variables = variables
        self._answering: set[str] = set()
        self._trees = trees
        self._folder = folder
        self._lock = threading.Lock()
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._alive: OrderedDict[str, BootedFunction] = OrderedDict()
        self._booting = threading.Semaphore(BOOTING)
        self._numbers: defaultdict[str, int] = defaultdict(int)
        self._records = (folder / RECORDS).open("a", encoding="utf-8")

    def run(self, function: Function, event: bytes, context: LambdaContext) -> Outcome:
        """Have an event handled by the function's environment; one event at a time, as on Lambda."""
        with self._lock:
            turn = self._turns[function.name]
        with turn:
            booted, error = self._environment(function)
            outcome = error or self._invoke(booted, event, context)
            if error is not None:
                self._record(booted, event, error, [])
            if outcome.error_type in _FATAL:
                self._end(function.name)
            elif (
                function.name not in self._answering
                and function.name not in self._once
                and not outcome.failed
            ):
                # Whatever comes from a queue, a schedule or a workflow comes at least once.
                self._answering.add(function.name)
                self._invoke(booted, event, replace(context, aws_request_id=str(uuid.uuid4())))
        self._make_room()
        return outcome

    def _invoke(self, booted: BootedFunction, event: bytes, context: LambdaContext) -> Outcome:
        began = time.monotonic()
        outcome = booted.invoke(event, context)
        self._record(booted, event, outcome, [began, time.monotonic()])
        return outcome

    def stop(self) -> None:
        """End every environment."""
        for name in list(self._alive):
            self._end(name)
        self._records.close()

    def _environment(self, function: Function) -> tuple[BootedFunction, Outcome | None]:
        with self._lock:
            booted = self._alive.get(function.name)
            if booted is not None and booted.alive:
                self._alive.move_to_end(function.name)
                return booted, None
            self._numbers[function.name] += 1
            name = f"{function.name}-{self._numbers[function.name]}"
        booted = BootedFunction(function, self._trees, self._variables(function), self._folder, name)
        with self._booting:
            booted.start()
            error = booted.until_ready(BOOT_SECONDS)
        with self._lock:
            self._alive[function.name] = booted
        return booted, error

    def _make_room(self) -> None:
        """End who has waited longest, unless it is at work."""
        for name in list(self._alive):
            if len(self._alive) <= ALIVE:
                return
            turn = self._turns[name]
            if turn.acquire(blocking=False):
                try:
                    self._end(name)
                finally:
                    turn.release()

    def _end(self, name: str) -> None:
        with self._lock:
            booted = self._alive.pop(name, None)
        if booted is not None:
            booted.stop()

    def _record(self, booted: BootedFunction, event: bytes, outcome: Outcome, moments: list[float]) -> None:
        line: dict[str, Any] = {
            "function": booted.function.name,
            "environment": booted.name,
            "event": json.loads(event or b"{}"),
            "failed": outcome.failed,
            "answer": json.loads(outcome.payload or b"null"),
            "moments": moments,
            "at_first_next": booted.at_first_next,
        }
        with self._lock:
            self._records.write(f"{json.dumps(line)}\n")
            self._records.flush()
