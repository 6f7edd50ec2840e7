"""Whole runs: how long they take against their critical path, and what the state machine adds to its handlers."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from infra.local.run.client import Client
from infra.local.target import LocalTarget
from tests.benchmarks.report import Section, milliseconds

IDEAS = (
    ("Fishing-quota exchange for small harbours", "other"),
    ("Shift planning for volunteer fire brigades", "saas"),
    ("Medication reminders for people who live alone", "healthtech"),
    ("Expense reports from photographed receipts", "fintech"),
)
_PATIENCE = 120


@dataclass(frozen=True)
class Measured:
    """A run: seconds as its caller sees it, by the database, of each step, within handlers, and states passed."""

    seen: float
    run: float
    steps: dict[str, float]
    handlers: float
    calls: int

    @property
    def critical(self) -> float:
        """The longest way through the steps."""
        steps = self.steps
        building = steps["design"] + steps["prototype"] + steps["demo"]
        chain = sum(steps[name] for name in ("qualify", "research", "specify", "launch"))
        return chain + max(steps["plan"], building)

    @property
    def added(self) -> float:
        """What the state machine adds to a call of a handler."""
        return (self.run - self.handlers) / self.calls


def follow(client: Client, form: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """Send an idea and return its completed run and the seconds it took."""
    started = time.perf_counter()
    made = client.intake(form)
    while time.perf_counter() - started < _PATIENCE:
        run = client.run(made["run_id"])
        if run["status"] == "completed":
            return run, time.perf_counter() - started
        if run["status"] in ("failed", "cancelled"):
            raise RuntimeError(f"a run {run['status']}: {run['error_code']} {run['error_message']}")
        time.sleep(0.02)
    raise RuntimeError("a run did not end")


def handler_times(log: Path, run_id: str) -> list[tuple[float, float]]:
    """Return when each handler of a run began and ended, in seconds since 1970, by its log line."""
    found = []
    for line in log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        steps = str(entry.get("operation", "")).startswith(("agency.prepare", "agency.apply", "agents.think"))
        if entry.get("run_id") == run_id and entry.get("message") == "done" and steps:
            ended = datetime.strptime(entry["timestamp"], "%Y-%m-%d %H:%M:%S,%f%z").timestamp()
            found.append((ended - entry["milliseconds"] / 1000, ended))
    return found


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """Return how long at least one span lasts: handlers of parallel branches count once."""
    total, until = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total


def _between(run: dict[str, Any]) -> float:
    begin, end = (datetime.fromisoformat(run[name]) for name in ("started_at", "completed_at"))
    return (end - begin) / timedelta(seconds=1)


def _measure_one(target: LocalTarget, idea: str, sector: str) -> Measured:
    run, seen = follow(Client(target.url), {"email": "ada@example.com", "idea": idea, "sector": sector})
    spans = handler_times(target.logs / "functions.log", run["id"])
    steps = {step["step"]: float(step["seconds"]) for step in run["steps"]}
    if len(spans) < 3 * len(steps):
        raise RuntimeError(f"the log tells of {len(spans)} handlers only")
    return Measured(seen, _between(run), steps, covered(spans), len(spans))


def measure(times: int) -> list[Section]:
    """Return what so many runs came to, one after the other on a system that is warm."""
    with (
        tempfile.TemporaryDirectory(prefix="robo-bench-") as folder,
        LocalTarget(Path(folder), port=0) as target,
    ):
        _measure_one(target, *IDEAS[0])
        found = [_measure_one(target, *IDEAS[number % len(IDEAS)]) for number in range(times)]
    return [_against_critical_path(found), _state_machine(found)]


def _against_critical_path(found: list[Measured]) -> Section:
    section = Section(
        "A whole run against its critical path",
        f"{len(found)} runs, offline model; path: qualify, research, specify, "
        "the longer of plan and design + prototype + demo, launch",
        ["", "median", "worst"],
    )
    figures = {
        "as its caller sees it": [one.seen for one in found],
        "by the database": [one.run for one in found],
        "critical path": [one.critical for one in found],
        "sum of all steps": [sum(one.steps.values()) for one in found],
    }
    for step in found[0].steps:
        figures[f"  {step}"] = [one.steps[step] for one in found]
    for name, values in figures.items():
        middle = statistics.median(values)
        section.rows.append([name, f"{middle:.2f} s", f"{max(values):.2f} s"])
        section.figures[name.strip()] = middle
    section.ratios = {
        "run / critical path": statistics.median(one.run / one.critical for one in found),
        "sum of all steps / run": statistics.median(sum(one.steps.values()) / one.run for one in found),
    }
    return section


def _state_machine(found: list[Measured]) -> Section:
    section = Section(
        "What the state machine adds",
        "run time less the time within handlers (parallel ones once), for each call of a handler",
        ["", "median", "worst"],
    )
    added = [one.added for one in found]
    within = [one.handlers for one in found]
    section.rows.append(["for a call", milliseconds(statistics.median(added)), milliseconds(max(added))])
    section.rows.append(["within handlers", f"{statistics.median(within):.2f} s", f"{max(within):.2f} s"])
    section.figures = {
        "added for a call": statistics.median(added),
        "within handlers": statistics.median(within),
        "calls": statistics.median(one.calls for one in found),
    }
    section.ratios = {"run / within handlers": statistics.median(one.run / one.handlers for one in found)}
    return section
