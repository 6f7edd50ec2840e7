"""Many at once: ten runs side by side, and the same request sent twice."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from infra.local.chaos.audit import breaches, settle
from infra.local.chaos.instance import Instance
from infra.local.run.client import Client
from tests.e2e.system import PATIENCE, Reply, begin, form, send, steer, together

RUNS = 10
# No run may be made of these: they ask who gets in, and the first step already costs more.
PENNILESS: dict[str, Any] = {"budget_microusd": 1}


@pytest.mark.timeout(900)
def test_ten_ideas_at_once_become_ten_complete_kits(system: Instance) -> None:
    begun = together(partial(begin, system) for _ in range(RUNS))

    runs = [settle(system, client, made["run_id"], 3 * PATIENCE) for client, made in begun]

    assert {run["status"] for run in runs} == {"completed"}
    assert len({run["project_id"] for run in runs}) == RUNS
    paid = Counter(step for run in runs for step in system.paid_calls(run["id"]))
    assert sum(paid.values()) == 8 * RUNS
    assert set(paid.values()) == {RUNS}
    for (client, _), run in zip(begun, runs, strict=True):
        assert breaches(system, client, run) == []
        assert len(system.webhooks(run["id"])) == 1


def post(system: Instance, body: dict[str, Any], key: str) -> Reply:
    headers = {"content-type": "application/json", "idempotency-key": key}
    return send(system.url, "POST", "/v1/intake", json.dumps(body).encode(), headers)


def test_one_key_is_one_run_however_often_it_is_sent(system: Instance) -> None:
    key = str(uuid4())
    body = form(**PENNILESS)

    replies = together(partial(post, system, body, key) for _ in range(6))

    made = [reply.json() for reply in replies if reply.status == 201]
    told_to_wait = [reply for reply in replies if reply.status == 409]
    assert made
    assert len(made) + len(told_to_wait) == len(replies)
    assert all(reply.headers["retry-after"] == "1" for reply in told_to_wait)
    again = post(system, dict(reversed(body.items())), key)
    assert again.status == 201
    assert {answer["run_id"] for answer in [*made, again.json()]} == {made[0]["run_id"]}
    assert {answer["access_token"] for answer in [*made, again.json()]} == {made[0]["access_token"]}
    sql = (
        "SELECT r.id FROM agency.workflow_runs r JOIN agency.projects p ON p.id = r.project_id "
        "JOIN agency.leads l ON l.id = p.lead_id WHERE l.email = %(email)s"
    )
    assert len(system.fetch_all(sql, {"email": body["email"]})) == 1

    other = post(system, {**body, "idea": "Something else altogether"}, key)
    assert other.status == 422
    assert other.headers["content-type"] == "application/problem+json"
    assert len(system.fetch_all(sql, {"email": body["email"]})) == 1


def test_a_steering_key_is_one_fork(system: Instance) -> None:
    client, made = begin(system, **PENNILESS)
    headers = {
        "content-type": "application/json",
        "idempotency-key": str(uuid4()),
        "authorization": f"Bearer {made['access_token']}",
    }
    path = f"/v1/runs/{made['run_id']}/fork"
    first = send(system.url, "POST", path, b'{"budget_microusd": 1}', headers)
    second = send(system.url, "POST", path, b'{"budget_microusd": 1}', headers)
    assert (first.status, second.status) == (202, 202)
    assert first.json() == second.json()
    assert len(client.project(made["project_id"])["runs"]) == 2


def test_a_person_with_two_ideas_is_one_lead_with_two_projects(system: Instance) -> None:
    address = f"Ada.{uuid4().hex[:8]}@Example.com"
    first, second = together(
        partial(begin, system, email=email, **PENNILESS) for email in (address, address.lower())
    )
    projects = {made["project_id"] for _, made in (first, second)}
    assert len(projects) == 2
    rows = system.fetch_all(
        "SELECT p.id, p.lead_id FROM agency.projects p JOIN agency.leads l ON l.id = p.lead_id "
        "WHERE lower(l.email) = lower(%(email)s)",
        {"email": address},
    )
    assert {str(row["id"]) for row in rows} == projects
    assert len({row["lead_id"] for row in rows}) == 1


def test_steering_by_two_at_once_does_it_once(system: Instance) -> None:
    client, made = begin(system, **PENNILESS)
    settle(system, client, made["run_id"], PATIENCE)
    path = f"/v1/runs/{made['run_id']}/retry"
    headers = {"content-type": "application/json", "authorization": f"Bearer {made['access_token']}"}

    replies = together(partial(send, system.url, "POST", path, b"{}", headers) for _ in range(4))

    assert sorted(reply.status for reply in replies).count(202) >= 1
    assert {reply.status for reply in replies} <= {202, 409}
    run = settle(system, Client(system.url, made["access_token"]), made["run_id"], PATIENCE)
    assert run["error_code"] == "BudgetExceeded"
    sql = "SELECT generation FROM agency.workflow_runs WHERE id = %(id)s"
    (row,) = system.fetch_all(sql, {"id": made["run_id"]})
    assert row["generation"] == 1 + sum(reply.status == 202 for reply in replies)
    steer(client, made["run_id"], "fork", budget_microusd=1)
