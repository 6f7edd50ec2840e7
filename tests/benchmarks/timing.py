"""Timing contenders fairly: on the same events, in random order, after a warm-up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any

WARM_UP = 30

Event = dict[str, Any]
Contender = Callable[[Event], int]


def interleaved(
    contenders: Mapping[str, Contender], event_of: Callable[[int], Event], requests: int, *, status: int
) -> dict[str, list[float]]:
    """Return the seconds of each request, the contenders in random order each time.

    event_of: given a random number, makes the event. Raises RuntimeError when one answers another status.
    """
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    order = list(contenders)
    chance = random.Random(2026)  # noqa: S311 - an order, not a secret
    for number in range(-WARM_UP, requests):
        chance.shuffle(order)
        for name in order:
            event = event_of(chance.randrange(10**9))
            started = time.perf_counter()
            found = contenders[name](event)
            elapsed = time.perf_counter() - started
            if found != status:
                raise RuntimeError(f"{name} answered {found}")
            if number >= 0:
                taken[name].append(elapsed)
    return taken
