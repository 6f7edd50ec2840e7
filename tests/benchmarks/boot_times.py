"""How long functions take to be ready and to answer, of what a system of booted functions has written."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.infrastructure.boot.scenario import Life


@dataclass(frozen=True)
class Times:
    """Seconds of a function: medians of what booting takes, of first answers, and of those that follow."""

    init: float
    first: float
    warm: float


def times_of(lives: Mapping[str, Life]) -> dict[str, Times]:
    """Return them for every function that answered in an environment, and answered there again."""
    found = {}
    for name, life in sorted(lives.items()):
        firsts = [_seconds(life.in_environment(environment)[0]) for environment in life.boots]
        warm = [_seconds(one) for one in life.warm]
        if firsts and warm:
            init = statistics.median(_seconds(boot) for boot in life.boots.values())
            found[name] = Times(init, statistics.median(firsts), statistics.median(warm))
    return found


def _seconds(of: Mapping[str, Any]) -> float:
    began, ended = of["moments"]
    return float(ended - began)
