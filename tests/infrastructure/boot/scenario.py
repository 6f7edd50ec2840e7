"""What happens in a system whose functions are booted: enough to reach each of them, with real events."""

from __future__ import annotations

import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import CATALOG, Function, Workflow
from infra.local.admin import NoAdmin, make_admin
from infra.local.aws.names import workflow_arn
from infra.local.chaos.instance import Instance, await_value
from infra.local.run.client import Client
from tests.e2e.people import ADMIN, PASSWORD, log_in, mailed_token
from tests.e2e.system import PATIENCE, begin, order_fault, send, steer, until, until_ended
from tests.infrastructure.boot.documents import use_documents
from tests.infrastructure.boot.events import event_for
from tests.infrastructure.boot.fleet import RECORDS

PIPELINE = "proto_v1"
SETTINGS = {
    # On AWS Bedrock embeds; the one machine's model is in no layer.
    "EMBEDDING_PROVIDER": "hashed",
    "SEED_DOCUMENTS": "false",
}


class BootedSystem(Instance):
    """The whole system; every function runs as on Lambda."""

    module = "tests.infrastructure.boot.serve"

    @property
    def boots(self) -> Path:
        """Where the fleet writes."""
        return self.folder / "boots"


@dataclass
class Life:
    """Everything that became of a function: how each environment of it began, and its invocations in order."""

    boots: dict[str, dict[str, Any]] = field(default_factory=dict)
    invocations: list[dict[str, Any]] = field(default_factory=list)

    def in_environment(self, name: str) -> list[dict[str, Any]]:
        """The invocations of one environment."""
        return [one for one in self.invocations if one["environment"] == name]

    @property
    def warm(self) -> list[dict[str, Any]]:
        """Invocations that were not the first of their environment."""
        return [one for name in self.boots for one in self.in_environment(name)[1:]]


def lives(system: BootedSystem) -> dict[str, Life]:
    """Read what the fleet has written, by function."""
    found: dict[str, Life] = defaultdict(Life)
    for line in (system.boots / RECORDS).read_text(encoding="utf-8").splitlines():
        invocation = json.loads(line)
        life = found[invocation["function"]]
        life.invocations.append(invocation)
        report = system.boots / f"{invocation['environment']}.boot.json"
        if invocation["environment"] not in life.boots and report.exists():
            boot = json.loads(report.read_text(encoding="utf-8"))
            life.boots[invocation["environment"]] = boot | invocation["at_first_next"]
    return found


@dataclass(frozen=True)
class Played:
    """What people saw: the run whose kit was approved, the one that the model refused, and documents."""

    kit: dict[str, Any]
    refused: dict[str, Any]
    documents: dict[str, dict[str, Any]]


def play(system: BootedSystem) -> Played:
    """An administrator comes, an idea becomes a kit, another one fails, a password is forgotten, documents are
    uploaded, found and deleted; then whatever has not been asked twice in one environment is asked.
    """
    with ThreadPoolExecutor(2) as pool:
        made = pool.submit(_make_kits, system)
        documents = use_documents(_use_accounts(system))
        kit, refused = made.result()
    for flow in CATALOG.workflows:
        # An express one is run by whoever waits for it.
        if flow.name != PIPELINE and not flow.express:
            _execute(system, flow, {"prefix": "documents/"} if flow.lists else {})
    _ask_the_others(system)
    return Played(kit, refused, documents)


def _make_kits(system: BootedSystem) -> tuple[dict[str, Any], dict[str, Any]]:
    order_fault(system, "refusal", "qualify")
    client, made = begin(system, idea="Crane rental between shipyards")
    refused = until_ended(client, made["run_id"])
    client, made = begin(system, idea="Tide tables for harbour pilots", approval=True)
    run_id = made["run_id"]
    until(
        client, run_id, lambda run: run["approval"] == "waiting" or run["completed_at"] is not None, "waiting"
    )
    steer(client, run_id, "approve")
    kit = until_ended(client, run_id)
    client.assets(made["project_id"], run_id)
    await_value(lambda: system.webhooks(run_id), PATIENCE, "no webhook came")
    return kit, refused


def _use_accounts(system: BootedSystem) -> Client:
    """Return the administrator's client."""
    make_admin(system.folder, ADMIN, "ada", PASSWORD)
    with pytest.raises(NoAdmin, match="has its first administrator already"):
        make_admin(system.folder, ADMIN, "ada", PASSWORD)
    administrator = log_in(system, ADMIN).client
    for route in CATALOG.routes:
        if route.method == "GET" and "{" not in route.path:
            for _ in range(2):
                answer = send(
                    system.url, "GET", route.path, headers={"authorization": f"Bearer {administrator.token}"}
                )
                assert answer.status == 200, (route.path, answer.body)
    administrator.call("POST", "/v1/invitations", {"email": "grace@example.com", "role": "admin"})
    form = {"token": mailed_token(system, "grace@example.com", "You are invited to RoboAgency")}
    Client(system.url).call(
        "POST", "/v1/invitations/accept", form | {"username": "grace", "password": PASSWORD}
    )
    Client(system.url).call("POST", "/v1/password-resets", {"email": "grace@example.com"})
    token = mailed_token(system, "grace@example.com", "Choose a new password")
    new = {"token": token, "password": "lighthouse keepers never hurry"}
    Client(system.url).call("POST", "/v1/password-resets/confirm", new)
    return administrator


def _execute(system: BootedSystem, flow: Workflow, given: dict[str, Any]) -> None:
    """Run a workflow that nobody's request starts; it must end well."""
    with closing(system.aws("stepfunctions")) as client:
        arn = client.start_execution(
            stateMachineArn=workflow_arn(flow), name="booted", input=json.dumps(given)
        )["executionArn"]

        def ended() -> dict[str, Any] | None:
            found: dict[str, Any] = client.describe_execution(executionArn=arn)
            return found if found["status"] != "RUNNING" else None

        found = await_value(ended, PATIENCE, f"{flow.name} goes on")
        assert found["status"] == "SUCCEEDED", found


def _ask_the_others(system: BootedSystem) -> None:
    """Invoke each function until one of its environments has answered twice.

    Everything that reaches a function in production comes at least once: so its first event comes again.
    """
    found = lives(system)
    cold = [function for function in CATALOG.on_one_machine().functions if not found[function.name].warm]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda function: _ask_twice(system, function, found[function.name]), cold))


def _ask_twice(system: BootedSystem, function: Function, life: Life) -> None:
    answered = [one["event"] for one in life.invocations if not one["failed"]]
    event = json.dumps(answered[0] if answered else event_for(function)).encode()
    path = f"/2015-03-31/functions/{function.deployed_name('local')}/invocations"
    for _ in range(2):
        send(system.aws_url, "POST", path, event, {"content-type": "application/json"})
