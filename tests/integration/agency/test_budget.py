"""However many steps reserve at once, a run never promises more than its budget."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.agency import service
from functions.agency.repository import AgencyRepository
from shared.db.unit_of_work import Database
from shared.models.run import STEPS, Run
from tests.fixtures.engines import TestDatabase
from tests.integration.database.conftest import HOUSE
from tests.integration.database.rows import DIGEST, intake


def new_run(database: Database, budget: int) -> UUID:
    with database.transaction(HOUSE) as work:
        made = service.create_intake(work, intake(budget_microusd=budget), 10**9)
    return UUID(made["run_id"])


def rows(database: Database, act: Callable[[AgencyRepository], Any]) -> Any:
    with database.transaction(HOUSE) as work:
        return act(AgencyRepository(work))


def reserve(database: Database, run: UUID, step: str, amount: int) -> bool:
    kept: bool = rows(database, lambda rows: rows.reserve(run, step, amount, DIGEST, "requests/x"))
    return kept


def end(database: Database, run: UUID, step: str, counts: dict[str, int], *, failed: bool = False) -> None:
    if failed:
        rows(database, lambda rows: rows.fail_step(run, step, "X", "x", model=None, **counts))
    else:
        rows(database, lambda rows: rows.complete_step(run, step, {"a": 1}, model="m", **counts))


def run_of(database: Database, run: UUID) -> Run:
    found: Run = rows(database, lambda rows: rows.get_run(run))
    return found


def test_parallel_reservations_never_pass_the_budget(database: TestDatabase, app: Database) -> None:
    run = new_run(app, 1000)
    start = threading.Barrier(len(STEPS))
    kept: list[int] = []

    def work(step: str) -> None:
        own = Database(database.settings())
        start.wait()
        for amount in (400, 300, 200):
            if reserve(own, run, step, amount):
                kept.append(amount)
                break
        own.close()

    threads = [threading.Thread(target=work, args=(step,)) for step in STEPS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = run_of(app, run)
    assert found.reserved_microusd == sum(kept) <= 1000
    assert sum(kept) >= 800


amounts = st.integers(0, 700)
acts = st.lists(
    st.tuples(st.sampled_from(["reserve", "complete", "fail"]), st.sampled_from(STEPS[:4]), amounts),
    max_size=14,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts)
def test_money_that_is_spent_and_money_that_is_promised_stay_within_the_budget(
    app: Database, acts: list[tuple[str, str, int]]
) -> None:
    run = new_run(app, 1000)
    with app.transaction(HOUSE) as work:
        for step in STEPS[:4]:
            AgencyRepository(work).begin_step(run, step)
    allowed = dict.fromkeys(STEPS, 0)
    for act, step, amount in acts:
        # What a step may come to covers all its attempts; the gateway spends no more than that.
        cost = min(amount, allowed[step])
        counts = {"model_calls": 1, "input_tokens": 1, "output_tokens": 1, "cost_microusd": cost}
        before = {s.step: s for s in rows(app, lambda rows: rows.list_steps(run))}
        spent = before[step].cost_microusd
        counts["cost_microusd"] = max(cost, spent)
        if before[step].status == "completed":
            continue
        if act == "reserve":
            wanted = spent + amount
            if reserve(app, run, step, wanted):
                allowed[step] = wanted
        elif act == "complete":
            end(app, run, step, counts)
        else:
            end(app, run, step, counts, failed=True)
            allowed[step] = counts["cost_microusd"]

        found = run_of(app, run)
        steps = rows(app, lambda rows: rows.list_steps(run))
        assert found.spent_microusd + found.reserved_microusd <= found.budget_microusd
        assert found.spent_microusd == sum(item.cost_microusd for item in steps)
        assert found.reserved_microusd == sum(item.reserved_microusd for item in steps)
