"""Prices and assumptions, read from their tables."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
GIB = 1024**3
GB = 10**9
MILLION = 1_000_000


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def price(group: str, name: str) -> float:
    """US dollars for one unit, as `prices.toml` says. Raises KeyError for what it does not price."""
    table = _table("prices.toml")[group]
    if name not in table:
        raise KeyError(f"prices.toml has no price for {name!r} in [{group}]")
    return float(table[name])


def as_of() -> str:
    """The day of the prices."""
    return str(_table("prices.toml")["as_of"])


def free_types() -> frozenset[str]:
    """Kinds of CloudFormation resources that cost nothing for being there."""
    listed: dict[str, list[str]] = _table("prices.toml")["free"]
    return frozenset(f"AWS::{service}::{name}" for service, names in listed.items() for name in names)


def hours() -> float:
    """Hours in a month."""
    return float(_table("prices.toml")["hours_a_month"])


def assumed(group: str, name: str) -> float:
    """A figure of `workload.toml`; KeyError when there is none."""
    return float(_table("workload.toml")[group][name])


def step_tokens() -> dict[str, tuple[int, int]]:
    """Tokens in and out of each step's model call."""
    return {name: (int(i), int(o)) for name, (i, o) in _table("workload.toml")["model"]["steps"].items()}


@dataclass(frozen=True)
class Measured:
    """What one run does: calls and milliseconds of each function, calls of AWS, bytes and rows left behind."""

    measured_on: str
    runs: int
    functions: dict[str, dict[str, float]]
    aws_calls: dict[str, float]
    assets_bytes: float
    chunks: float
    database_bytes: float
    events: float
    handoff_bytes: float
    log_bytes: float


@cache
def measured() -> Measured:
    """The figures of `measured.json`."""
    return Measured(**json.loads((FOLDER / "measured.json").read_text(encoding="utf-8")))
