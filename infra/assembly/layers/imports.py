"""What importing a handler takes, and what it brings: measured in a fresh process that sees the built trees alone."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROBE = Path(__file__).with_name("probe.py")
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")
_ENVIRONMENT = {"AWS_REGION": "us-east-1", "POWERTOOLS_TRACE_DISABLED": "true", "LC_ALL": "C.UTF-8"}
"""Nothing of ours: a handler that reads a setting while it is imported fails here."""


@dataclass(frozen=True)
class Imported:
    """seconds: the median; packages: top-level names that came from the trees; slowest: packages of any origin with
    their own seconds, the slowest first, from a run that `-X importtime` slows down.
    """

    seconds: float
    packages: tuple[str, ...]
    slowest: tuple[tuple[str, float], ...]


class ImportFailed(RuntimeError):
    """A handler cannot be imported from its trees, or something else than them was seen."""


def measure(interpreter: Path, handler: str, trees: Sequence[Path], times: int = 3) -> Imported:
    """Import a handler `times` times, each in a process of its own. Raises ImportFailed.

    trees: the folders that Lambda would put before the standard library, the code first.
    """
    _run(interpreter, handler, trees)  # who comes first pays for reading the disk
    runs = [_run(interpreter, handler, trees) for _ in range(times)]
    return Imported(
        statistics.median(found["seconds"] for found, _ in runs),
        tuple(runs[0][0]["packages"]),
        slowest(_run(interpreter, handler, trees, "-X", "importtime")[1]),
    )


def slowest(report: str, most: int = 4) -> tuple[tuple[str, float], ...]:
    """The packages that take longest by a report of `-X importtime`, with their own seconds."""
    spent: dict[str, float] = {}
    for microseconds, module in _LINE.findall(report):
        package = module.partition(".")[0]
        spent[package] = spent.get(package, 0.0) + int(microseconds) / 1e6
    return tuple(sorted(spent.items(), key=lambda found: -found[1])[:most])


def _run(interpreter: Path, handler: str, trees: Sequence[Path], *options: str) -> tuple[dict[str, Any], str]:
    command = [str(interpreter), "-I", "-S", "-B", *options, str(_PROBE), handler, *map(str, trees)]
    ended = subprocess.run(  # noqa: S603  # an interpreter that was asked who it is
        command, env=_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise ImportFailed(f"{handler}: {ended.stderr.strip().splitlines()[-1]}")
    found = json.loads(ended.stdout)
    if found["foreign"]:
        raise ImportFailed(f"{handler} sees what it is not deployed with: {found['foreign']}")
    return found, ended.stderr
