"""The whole system is killed in the middle of runs, as `make chaos` does, only less often."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.chaos import command as chaos
from infra.local.chaos.instance import Instance, descendants
from infra.local.processes import is_alive, wait_until

SEED = 7


@given(kills=st.integers(0, 60), seed=st.integers(0, 10**6))
def test_kills_are_spread_over_all_places_in_the_order_of_the_pipeline(kills: int, seed: int) -> None:
    drawn = chaos.places(kills, chaos.chance(seed))

    every = [place for run in drawn for place in run]
    assert len(every) == kills
    assert all(run == sorted(run, key=chaos.PLACES.index) for run in drawn)
    counts = [every.count(place) for place in chaos.PLACES]
    assert max(counts) - min(counts) <= 1
    assert drawn == chaos.places(kills, chaos.chance(seed))


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_ideas_differ(seed: int) -> None:
    drawn = chaos.chance(seed)
    assert len({chaos.idea(number, drawn) for number in range(50)}) == 50


def test_a_breach_is_told_and_makes_the_command_fail() -> None:
    stuck = chaos.Kill(3, "run", 1.0, "demo", "the parent", 240.0, "the run stands still")
    outcome = chaos.Outcome([stuck], {"run": ["step demo was paid 2 times"]}, {"run": 1})
    assert outcome.breaches == ["kill 3: the run stands still", "run run: step demo was paid 2 times"]
    assert "240.0 s  the run stands still" in chaos.row(stuck)


@pytest.mark.timeout(600)
def test_three_kills_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    told = io.StringIO()

    outcome = chaos.Chaos(tmp_path, SEED, told).run(3)

    assert outcome.breaches == []
    assert [kill.verdict for kill in outcome.kills] == ["went on"] * 3
    assert len(told.getvalue().splitlines()) == 3
    assert all(count >= 1 for count in outcome.deliveries.values())
    assert len(outcome.runs) == 1


def test_a_killed_system_leaves_no_process_behind(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    instance.start()
    family = [instance.pid, *descendants(instance.pid)]
    assert len(family) >= 3  # itself, PostgreSQL and Redis
    instance.kill(children=False)
    assert wait_until(lambda: not any(map(is_alive, family)), 20)
