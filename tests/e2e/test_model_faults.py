"""What a run does when the model does not: it waits, asks again, or stops with a reason, and never pays twice."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.chaos.audit import breaches, settle
from infra.local.chaos.instance import Instance, await_value
from infra.local.run.client import Client
from shared.models.run import STEPS
from tests.e2e.system import (
    PATIENCE,
    archive_of,
    begin,
    ledger,
    order_fault,
    send,
    statuses,
    steer,
    step_of,
    until,
    until_ended,
    until_step,
    waiting_faults,
)


@pytest.fixture(autouse=True)
def faults(system: Instance) -> Iterator[None]:
    """No fault of another test waits and none of its calls is under way; each that this one ordered was suffered."""
    await_value(lambda: is_quiet(system), PATIENCE, "the runs of other tests go on")
    send(system.model_url, "DELETE", "/_control/faults")
    yield
    left = waiting_faults(system)
    send(system.model_url, "DELETE", "/_control/faults")
    assert left == []


def is_quiet(system: Instance) -> bool:
    """Whether nothing runs: a call of a cancelled run may still be under way, and would take another's fault."""
    log = system.folder / "logs" / "functions.log"
    before = log.stat().st_size
    time.sleep(0.3)
    executions = send(system.url, "GET", "/_local/runs").json()["data"]
    running = any(one["status"] == "RUNNING" for one in executions)
    return not running and log.stat().st_size == before


def paid(system: Instance, run_id: str) -> dict[str, int]:
    """Return how often each step was paid."""
    return dict(Counter(system.paid_calls(run_id)))


def assert_money_is_right(system: Instance, run: dict[str, Any]) -> None:
    """The run's sum is that of its steps and of the gateway's ledgers, and within the budget."""
    assert run["spent_microusd"] == sum(step["cost_microusd"] for step in run["steps"])
    for step in run["steps"]:
        if step["model_calls"]:
            assert step["cost_microusd"] == ledger(system, run["id"], step["step"]).spent_microusd()
    assert run["spent_microusd"] <= run["budget_microusd"]
    row = system.fetch_all("SELECT * FROM agency.workflow_runs WHERE id = %(id)s", {"id": run["id"]})[0]
    assert row["reserved_microusd"] == 0
    assert row["spent_microusd"] == run["spent_microusd"]


def assert_stopped(system: Instance, client: Client, run: dict[str, Any], step: str, code: str) -> None:
    """The run says why and where it stopped and what to do, and leaves what it made as a partial kit."""
    assert (run["status"], run["error_code"]) == ("failed", code)
    failed = step_of(run, step)
    assert (failed["status"], failed["error_code"]) == ("failed", code)
    assert run["error_message"]
    assert run["advice"]
    assert client.project(run["project_id"])["status"] == "failed"
    done = [name for name, status in statuses(run).items() if status == "completed"]
    with archive_of(client, run) as archive:
        readme = archive.read("README.txt").decode()
        names = set(archive.namelist())
    assert readme.startswith("This kit is not complete.")
    assert f"{code}: {run['error_message']}" in readme
    assert f"Completed steps: {', '.join(done) or 'none'}" in readme
    assert f"/v1/runs/{run['id']}/retry" in readme
    paths = {asset["path"] for asset in client.assets(run["project_id"], run["id"])}
    assert names == (paths - {"exports/kit.zip"}) | {"README.txt"}
    assert system.webhooks(run["id"]) == []
    assert_money_is_right(system, run)


def test_faults_that_pass_are_waited_for_and_the_kit_is_complete(system: Instance) -> None:
    order_fault(system, "rate_limited", "qualify", retry_after=1)
    order_fault(system, "overloaded", "research")
    order_fault(system, "server_error", "specify")
    order_fault(system, "dropped_connection", "plan")
    order_fault(system, "hang", "design")
    order_fault(system, "invalid_json", "prototype")
    order_fault(system, "schema_violation", "demo", times=2)

    client, made = begin(system)
    run = settle(system, client, made["run_id"], PATIENCE)

    assert breaches(system, client, run) == [
        "step prototype was paid 2 times",
        "step demo was paid 3 times",
    ]
    assert_money_is_right(system, run)
    assert step_of(run, "prototype")["model_calls"] == 2
    assert step_of(run, "demo")["model_calls"] == 3
    sent_back = [call.outcome for call in ledger(system, run["id"], "demo").calls]
    assert sent_back == ["sent back", "sent back", "accepted"]
    assert all(call.problems for call in ledger(system, run["id"], "demo").calls[:2])
    # An answered failure was not paid. Whether an answer that never came was, nobody knows: it counts at its worst.
    for step in ("plan", "design"):
        lost, answered = ledger(system, run["id"], step).calls
        assert (lost.state, answered.state) == ("sent", "answered")
        assert lost.number == answered.number
        assert lost.cost_microusd > answered.cost_microusd > 0
    # Somebody who says no has done no work.
    for step in ("qualify", "research"):
        assert [call.outcome for call in ledger(system, run["id"], step).calls] == ["accepted"]


@pytest.mark.parametrize(
    ("kind", "times", "code", "advice"),
    [
        ("refusal", 1, "ModelRefused", "in other words"),
        ("max_tokens", 1, "ModelAnswerTooLong", "shorter idea"),
        ("invalid_json", 3, "ModelAnswerInvalid", "more plainly"),
        ("schema_violation", 3, "ModelAnswerInvalid", "more plainly"),
    ],
)
def test_a_fault_that_stays_stops_the_run_with_its_name_and_a_retry_goes_on(
    system: Instance, kind: str, times: int, code: str, advice: str
) -> None:
    order_fault(system, kind, "research", times)

    client, made = begin(system)
    run = until_ended(client, made["run_id"])

    assert_stopped(system, client, run, "research", code)
    assert advice in run["advice"]
    assert paid(system, run["id"]) == {"qualify": 1, "research": times}

    assert steer(client, run["id"], "retry")["status"] == "queued"
    again = until_step(client, run["id"], "research")
    assert (again["error_code"], again["advice"]) == (None, None)
    assert step_of(again, "research")["status"] == "completed"
    steer(client, run["id"], "cancel")
    assert paid(system, run["id"])["qualify"] == 1
    assert paid(system, run["id"])["research"] == times + 1


def test_a_provider_that_limits_for_too_long_is_named_and_was_not_paid(system: Instance) -> None:
    order_fault(system, "rate_limited", "qualify", times=6, retry_after=0)

    client, made = begin(system)
    run = until_ended(client, made["run_id"])

    assert_stopped(system, client, run, "qualify", "ModelRateLimited")
    assert "Retry" in run["advice"]
    assert paid(system, run["id"]) == {}
    assert run["spent_microusd"] == 0


def test_a_provider_that_fails_for_too_long_was_not_paid_and_a_retry_goes_on(system: Instance) -> None:
    order_fault(system, "server_error", "qualify", times=5)

    client, made = begin(system)
    run = until_ended(client, made["run_id"])
    send(system.model_url, "DELETE", "/_control/faults")

    assert_stopped(system, client, run, "qualify", "ModelUnavailable")
    assert paid(system, run["id"]) == {}
    assert run["spent_microusd"] == 0
    steer(client, run["id"], "retry")
    again = until_step(client, run["id"], "qualify")
    steer(client, run["id"], "cancel")
    assert step_of(again, "qualify")["status"] == "completed"
    assert paid(system, run["id"])["qualify"] == 1


def test_a_branch_that_stops_stops_the_other_and_a_retry_completes_without_paying_again(
    system: Instance,
) -> None:
    order_fault(system, "refusal", "plan")

    client, made = begin(system)
    run = until_ended(client, made["run_id"])

    assert_stopped(system, client, run, "plan", "ModelRefused")
    assert "running" not in statuses(run).values()
    steer(client, run["id"], "retry")
    run = settle(system, client, run["id"], PATIENCE)
    archive = "exports/kit.zip"
    assert breaches(system, client, run) == [
        "step plan was paid 2 times",
        f"projects/{run['project_id']}/{archive} was written 2 times",  # the partial kit, then the whole
    ]
    with archive_of(client, run) as kit:
        assert "not complete" not in kit.read("README.txt").decode()


def test_a_budget_too_small_for_the_first_call_pays_nothing(system: Instance) -> None:
    client, made = begin(system, budget_microusd=1)
    run = until_ended(client, made["run_id"])

    assert_stopped(system, client, run, "qualify", "BudgetExceeded")
    assert "budget_microusd" in run["advice"]
    assert (run["budget_microusd"], run["spent_microusd"]) == (1, 0)
    assert paid(system, run["id"]) == {}


def test_a_budget_that_ends_on_the_way_stops_before_the_call_that_could_pass_it(system: Instance) -> None:
    client, made = begin(system, budget_microusd=250_000)
    run = until_ended(client, made["run_id"])

    assert run["error_code"] == "BudgetExceeded"
    stopped = next(step["step"] for step in run["steps"] if step["status"] == "failed")
    assert_stopped(system, client, run, stopped, "BudgetExceeded")
    done = {name: 1 for name, status in statuses(run).items() if status == "completed"}
    assert 0 < len(done) < len(STEPS)
    assert stopped not in paid(system, run["id"])
    assert paid(system, run["id"]).items() >= done.items()

    steer(client, run["id"], "retry", budget_microusd=1_000_000)
    again = until_step(client, run["id"], stopped)
    steer(client, run["id"], "cancel")
    assert again["budget_microusd"] == 1_000_000
    assert step_of(again, stopped)["status"] == "completed"
    assert set(paid(system, run["id"]).values()) == {1}


def test_a_budget_beyond_the_operators_limit_is_cut_to_it(system: Instance) -> None:
    client, made = begin(system, budget_microusd=900_000_000)
    run = client.run(made["run_id"])
    steer(client, made["run_id"], "cancel")
    assert run["budget_microusd"] == 1_000_000


def test_a_cancelled_run_stops_in_the_middle_of_a_call_and_can_go_on(system: Instance) -> None:
    order_fault(system, "hang", "specify")
    client, made = begin(system)
    run_id = made["run_id"]
    until(client, run_id, lambda _: not waiting_faults(system), "in the call that hangs")

    assert steer(client, run_id, "cancel")["status"] == "cancelled"
    assert steer(client, run_id, "cancel")["status"] == "cancelled"
    cancelled = client.run(run_id)
    assert (cancelled["status"], cancelled["error_code"]) == ("cancelled", None)
    assert client.project(made["project_id"])["status"] == "cancelled"
    # The call that hangs ends by itself; nothing may come after it.
    until(client, run_id, lambda _: is_stopped(system, run_id), "stopped")
    assert statuses(client.run(run_id))["specify"] != "completed"
    assert paid(system, run_id) == {"qualify": 1, "research": 1}

    steer(client, run_id, "retry")
    again = until_step(client, run_id, "specify")
    steer(client, run_id, "cancel")
    assert step_of(again, "specify")["status"] == "completed"
    assert paid(system, run_id).items() >= {"qualify": 1, "research": 1, "specify": 1}.items()


def is_stopped(system: Instance, run_id: str) -> bool:
    """Whether the execution of a run has been stopped."""
    executions = send(system.url, "GET", "/_local/runs").json()["data"]
    return any(one["name"] == run_id and one["status"] == "ABORTED" for one in executions)


def test_nothing_leaves_the_house_before_somebody_approves(system: Instance) -> None:
    client, made = begin(system, approval=True)
    run_id = made["run_id"]
    waiting = until(
        client, run_id, lambda run: run["approval"] == "waiting" or run["completed_at"] is not None, "waiting"
    )
    assert waiting["status"] == "running"
    assert waiting["steps_completed"] == 7
    paths = {asset["path"] for asset in client.assets(made["project_id"], run_id)}
    assert "videos/demo.mp4" in paths
    assert "exports/kit.zip" not in paths
    project = client.project(made["project_id"])
    assert (project["campaign"], project["webhook"]) == (None, None)
    assert system.webhooks(run_id) == []

    steer(client, run_id, "approve")
    run = settle(system, client, run_id, PATIENCE)

    assert run["approval"] == "granted"
    assert breaches(system, client, run) == []

    # The yes may be faster than the run; and a fork that changes nothing pays nothing.
    early = steer(client, run_id, "fork")["run_id"]
    steer(client, early, "approve")
    forked = settle(system, client, early, PATIENCE)
    assert (forked["status"], forked["approval"], forked["fork_of"]) == ("completed", "granted", run_id)
    assert len(system.webhooks(early)) == 1
    assert forked["spent_microusd"] == 0
    assert paid(system, early) == {}
    first, second = (client.assets(made["project_id"], one) for one in (run_id, early))
    assert {one["path"]: one["sha256"] for one in first} == {one["path"]: one["sha256"] for one in second}
