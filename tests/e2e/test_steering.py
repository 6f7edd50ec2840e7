"""What somebody may do with a run that has ended, and what not."""

from __future__ import annotations

import psycopg
import pytest

from infra.local.chaos.instance import Instance
from infra.local.run.client import ApiProblem
from tests.e2e.system import Kit, steer, until_step


def test_the_database_itself_refuses_to_spend_more_than_the_budget(system: Instance, kit: Kit) -> None:
    for change in ("spent_microusd = budget_microusd + 1", "reserved_microusd = budget_microusd"):
        sql = f"UPDATE agency.workflow_runs SET {change} WHERE id = %(id)s RETURNING 1"  # noqa: S608  # ours
        with pytest.raises(psycopg.errors.CheckViolation):
            system.fetch_all(sql, {"id": kit.run["id"]})


def test_a_fork_of_another_idea_pays_for_it(system: Instance, kit: Kit) -> None:
    forked = steer(kit.client, kit.run["id"], "fork", idea="Herring exchange for the harbours of Bornholm")
    run = until_step(kit.client, forked["run_id"], "qualify")
    steer(kit.client, run["id"], "cancel")
    assert run["fork_of"] == kit.run["id"]
    assert system.paid_calls(run["id"]).count("qualify") == 1


def test_what_has_ended_or_does_not_wait_refuses_to_be_steered(kit: Kit) -> None:
    for act in ("cancel", "retry", "approve"):
        with pytest.raises(ApiProblem) as refused:
            steer(kit.client, kit.run["id"], act)
        assert refused.value.status == 409
