"""Try again what may pass by itself: growing pauses with chance in them, and an end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")


class Passing(Exception):
    """A failure that may pass: a timeout, 429, 503. `after`: how many seconds the other side asked to wait."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


def retried(
    call: Callable[[], R],
    *,
    attempts: int = 5,
    first: float = 0.2,
    longest: float = 30.0,
    pause: Callable[[float], None] = time.sleep,
) -> R:
    """Return what `call` returns; after the last attempt its failure is raised as it is.

    Pauses are anywhere between zero and a bound that doubles, so that many callers do not come back at once. Only for
    calls that may happen twice: give them an idempotency key.
    """
    for attempt in range(attempts):
        try:
            return call()
        except Passing as failure:
            if attempt + 1 == attempts:
                raise
            bound = min(longest, first * 2**attempt)
            pause(failure.after if failure.after is not None else random.uniform(0, bound))  # noqa: S311
    raise ValueError("attempts must be at least one")
