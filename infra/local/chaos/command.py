"""`python -m infra.local chaos`: kills the whole system again and again in the middle of runs, and counts.

Moments are drawn from a seed and spread over all steps, over the moment after an idea was taken and the one after
a kit is complete. After each kill the system is started on the same folder and must go on by itself.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from infra.local.chaos.audit import breaches, settle
from infra.local.chaos.instance import Instance, InstanceFailed, await_value
from infra.local.run.client import Client
from shared.models.run import STEPS

TAKEN, DELIVERED = "intake", "delivery"
PLACES = (TAKEN, *STEPS, DELIVERED)
"""Where a kill may fall: after an idea was taken, in a step, after the kit was complete."""
KILLS_A_RUN = 4
PATIENCE = 240.0
"""Seconds that a run may take to move on, or to end."""

# A call that a kill cut off counts at its worst case; the budget must not be what ends a run here.
_SETTINGS = {"RUN_BUDGET_MICROUSD": "50000000", "RUN_STALL_SECONDS": "0"}
_FIRST_GUESS = {TAKEN: 0.4, DELIVERED: 0.4, "design": 0.8, "prototype": 1.0, "demo": 5.0}
_THINGS = (
    "boats",
    "bicycles",
    "instruments",
    "tools",
    "costumes",
    "tents",
    "books",
    "cameras",
    "looms",
    "skis",
)
_PEOPLE = ("villages", "schools", "theatres", "rowing clubs", "choirs", "hospitals", "farms", "museums")


@dataclass(frozen=True)
class Kill:
    """One kill. `moment`: seconds since the idea was sent; `back`: seconds until the run had moved on."""

    number: int
    run_id: str
    moment: float
    during: str
    killed: str
    back: float
    verdict: str


@dataclass
class Outcome:
    """All kills, and for each run how many webhooks arrived and what is wrong with it."""

    kills: list[Kill] = field(default_factory=list)
    runs: dict[str, list[str]] = field(default_factory=dict)
    deliveries: dict[str, int] = field(default_factory=dict)

    @property
    def breaches(self) -> list[str]:
        """Every broken promise, as sentences."""
        stuck = [f"kill {kill.number}: {kill.verdict}" for kill in self.kills if kill.verdict != "went on"]
        return stuck + [f"run {run}: {fault}" for run, faults in self.runs.items() for fault in faults]


def chance(seed: int) -> random.Random:
    """Return the chance of a seed: the same seed, the same moments."""
    return random.Random(seed)  # noqa: S311  # repeatable on purpose


def places(kills: int, drawing: random.Random) -> list[list[str]]:
    """Return for each run where it is killed, in the order of the pipeline; no place comes twice before all came."""
    drawn: list[str] = []
    while len(drawn) < kills:
        drawn += drawing.sample(PLACES, len(PLACES))
    drawn = drawn[:kills]
    return [
        sorted(drawn[start : start + KILLS_A_RUN], key=PLACES.index) for start in range(0, kills, KILLS_A_RUN)
    ]


def idea(number: int, drawing: random.Random) -> str:
    """Return an idea that no other run of this folder has."""
    return f"Lending of {drawing.choice(_THINGS)} among {drawing.choice(_PEOPLE)}, number {number}"


class Chaos:
    """Runs and kills on one folder; `show` hears of each kill."""

    def __init__(self, folder: Path, seed: int, out: TextIO) -> None:
        self._instance = Instance(folder, _SETTINGS)
        self._chance = chance(seed)
        self._lengths = dict(_FIRST_GUESS)
        self._out = out
        self.outcome = Outcome()

    def run(self, kills: int) -> Outcome:
        """Kill `kills` times; return what came of it. Raises InstanceFailed, TimeoutError from the first start."""
        self._instance.start()
        try:
            for number, spots in enumerate(places(kills, self._chance), 1):
                self._run(number, spots)
        finally:
            self._instance.stop()
        return self.outcome

    def _run(self, number: int, spots: list[str]) -> None:
        form = {
            "email": f"founder{number}@example.com",
            "idea": idea(number, self._chance),
            "sector": "other",
        }
        client = Client(self._instance.url)
        made = client.intake(form)
        began = time.monotonic()
        for spot in spots:
            self._kill(client, made["run_id"], spot, began)
            client = Client(self._instance.url, made["access_token"])
        run = settle(self._instance, client, made["run_id"], PATIENCE)
        for step in run["steps"]:
            self._lengths[step["step"]] = min(max(step["seconds"] or 0.1, 0.1), 15.0)
        self.outcome.runs[run["id"]] = breaches(self._instance, client, run)
        self.outcome.deliveries[run["id"]] = len(self._instance.webhooks(run["id"]))

    def _kill(self, client: Client, run_id: str, spot: str, began: float) -> None:
        during, completed = self._wait_for(client, run_id, spot)
        moment = time.monotonic()
        children = self._chance.random() < 0.5
        self._instance.kill(children=children)
        verdict = "went on"
        try:
            self._instance.start()
            again = Client(self._instance.url, client.token)
            await_value(lambda: self._moved(again, run_id, completed), PATIENCE, "the run stands still")
        except (InstanceFailed, TimeoutError) as error:
            verdict = str(error)
        kill = Kill(
            number=len(self.outcome.kills) + 1,
            run_id=run_id,
            moment=moment - began,
            during=during,
            killed="all processes" if children else "the parent",
            back=time.monotonic() - moment,
            verdict=verdict,
        )
        self.outcome.kills.append(kill)
        self._out.write(f"{row(kill)}\n")
        self._out.flush()

    def _wait_for(self, client: Client, run_id: str, spot: str) -> tuple[str, int]:
        """Wait until a run is at a place, then for a random part of the time it stays there.

        Returns what was going on at the end, and how many steps were complete.
        """

        def there() -> bool:
            run = client.run(run_id)
            if spot == TAKEN or run["completed_at"]:
                return True
            return any(step["step"] == spot and step["status"] != "pending" for step in run["steps"])

        await_value(there, PATIENCE, f"the run does not come to {spot}")
        until = time.monotonic() + self._chance.uniform(0, self._lengths.get(spot, 0.3))
        while True:
            run = client.run(run_id)
            left = until - time.monotonic()
            if left <= 0:
                return _doing(run), run["steps_completed"]
            time.sleep(min(left, 0.02))

    def _moved(self, client: Client, run_id: str, completed: int) -> bool:
        run = client.run(run_id)
        if run["completed_at"]:
            settle(self._instance, client, run_id, PATIENCE)
            return True
        return bool(run["steps_completed"] > completed)


def _doing(run: dict[str, Any]) -> str:
    running = [step["step"] for step in run["steps"] if step["status"] == "running"]
    if running:
        return " + ".join(running)
    return DELIVERED if run["completed_at"] else ("between steps" if run["steps_completed"] else TAKEN)


def row(kill: Kill) -> str:
    """Return a kill as a line of the table."""
    return (
        f"{kill.number:>4}  {kill.moment:>6.2f} s  {kill.during:<20} {kill.killed:<14} {kill.back:>6.1f} s  "
        f"{kill.verdict}"
    )


def _summary(outcome: Outcome) -> Iterator[str]:
    worst = max((kill.back for kill in outcome.kills), default=0.0)
    yield f"{len(outcome.kills)} kills, {len(outcome.runs)} runs; moved on after {worst:.1f} s at the latest"
    extra = sum(outcome.deliveries.values()) - len(outcome.deliveries)
    yield f"webhooks: {len(outcome.deliveries)} different, {extra} of them repeated under the same id"
    yield from (f"BREACH  {fault}" for fault in outcome.breaches)
    if not outcome.breaches:
        yield (
            "every run: a complete kit, each step paid once, nothing there twice (rows, files, versions, mails, "
            "webhooks)"
        )


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(prog="python -m infra.local chaos", description=__doc__)
    made.add_argument("--kills", type=int, default=20)
    made.add_argument("--seed", type=int, default=None, help="default: by chance, and told")
    made.add_argument("--folder", type=Path, default=None, help="default: a temporary one")
    return made


def main(argv: list[str]) -> int:
    """Kill, show a line for each, and say what came of it; return 1 when a promise was broken."""
    options = parser().parse_args(argv)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    out = sys.stdout
    out.write(f"seed {seed}\n\nkill    moment  during               what died       back after  verdict\n")
    out.flush()
    with tempfile.TemporaryDirectory(prefix="robo-chaos-") as temporary:
        chaos = Chaos(options.folder or Path(temporary), seed, out)
        try:
            chaos.run(options.kills)
        except (InstanceFailed, TimeoutError) as error:
            out.write(f"\nBREACH  {error}\n")
            return 1
    out.write("\n" + "\n".join(_summary(chaos.outcome)) + "\n")
    return 1 if chaos.outcome.breaches else 0
