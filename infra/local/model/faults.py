"""Faults on command: what the next calls should suffer, so that retries can be tested."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

KINDS = (
    "rate_limited",
    "overloaded",
    "server_error",
    "refusal",
    "max_tokens",
    "invalid_json",
    "schema_violation",
    "hang",
    "dropped_connection",
)


@dataclass
class Fault:
    """A fault of a kind for calls of a step (None: any), `times` left, `retry_after` in seconds for 429."""

    kind: str
    step: str | None
    times: int
    retry_after: float


class Faults:
    """The faults that wait, in the order they were ordered. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def order(self, body: Mapping[str, Any]) -> Fault:
        """Add the fault a control request describes; ValueError says in a sentence what is wrong with it."""
        kind, step = body.get("kind"), body.get("step")
        times, retry_after = body.get("times", 1), body.get("retry_after", 1)
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        if step is not None and not isinstance(step, str):
            raise ValueError("step must be the name of a step or null")
        if not isinstance(times, int) or isinstance(times, bool) or times < 1:
            raise ValueError("times must be a whole number from 1")
        if not isinstance(retry_after, int | float) or isinstance(retry_after, bool) or retry_after < 0:
            raise ValueError("retry_after must be seconds from 0")
        fault = Fault(kind, step, times, retry_after)
        with self._lock:
            self._waiting.append(fault)
        return fault

    def take(self, step: str) -> Fault | None:
        """Return the first fault that waits for `step` and count it down; None when there is none."""
        with self._lock:
            for fault in self._waiting:
                if fault.step is None or fault.step == step:
                    fault.times -= 1
                    if fault.times < 1:
                        self._waiting.remove(fault)
                    return fault
        return None

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """Return the faults that wait, as plain JSON."""
        with self._lock:
            return [asdict(fault) for fault in self._waiting]
