"""What becomes of a run is told to whoever listens: once each time it happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from functions.agency import service
from functions.agency.repository import AgencyRepository
from functions.agency.steps import approval, closing
from functions.identity import service as identity
from shared.adapters.bus import FakeBus
from shared.adapters.objects_memory import InMemoryObjectStore
from shared.bootstrap import Container
from shared.models.run import RunRetry
from shared.models.webhook_endpoint import WebhookEndpointCreate
from shared.models.webhook_event import EVENT_TYPES
from tests.fixtures.engines import TestDatabase
from tests.integration.database.conftest import HOUSE
from tests.integration.database.rows import intake

LIMIT = 1_000_000


class Agency(Container):
    """A container on the test's database with a run, and an endpoint that asked for everything."""

    def __init__(self) -> None:
        super().__init__()
        self.wire = FakeBus()
        self.__dict__ |= {
            "bus": self.wire,
            "objects": InMemoryObjectStore({"assets": True, "handoff": False}),
        }
        wanted = WebhookEndpointCreate(url="https://hooks.example.com/", event_types=list(EVENT_TYPES))
        with self.database.transaction(HOUSE) as work:
            identity.create_webhook_endpoint(work, wanted, allow_private=False)
            made = service.create_intake(work, intake(approval=True), LIMIT)
        self.ids = {"project_id": made["project_id"], "run_id": made["run_id"]}
        self.run_id = UUID(made["run_id"])
        self.event = {"tenant_id": str(HOUSE), "run_id": made["run_id"]}

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the types and data of the webhooks that were asked for."""
        asked = [event.detail for event in self.wire.published if event.detail_type == "webhook_requested"]
        return [(detail["webhook_type"], detail["data"]) for detail in asked]

    def retry(self) -> None:
        """Have the run go on."""
        with self.database.transaction(HOUSE) as work:
            service.retry_run(work, self.run_id, None, RunRetry(), LIMIT)


@pytest.fixture
def own(database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agency]:
    """The container of the handlers."""
    given = {
        **database.environment(),
        "ASSETS_BUCKET": "assets",
        "HANDOFF_BUCKET": "handoff",
        "KNOWLEDGE_BUCKET": "knowledge",
    }
    for name, value in {**given, "POWERTOOLS_TRACE_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    made = Agency()
    monkeypatch.setattr(closing, "container", lambda: made)
    monkeypatch.setattr(approval, "container", lambda: made)
    yield made
    made.database.close()


def test_each_failure_of_a_run_is_told_once(own: Agency) -> None:
    error = {"Error": "ModelRefused", "Cause": '{"step": "qualify", "Cause": "No."}'}
    assert closing.close_run({**own.event, "error": error}, None) == {"closed": True}
    assert closing.close_run({**own.event, "error": error}, None) == {"closed": False}
    data = {**own.ids, "error_code": "ModelRefused", "step": "qualify"}
    assert own.told() == [("run_failed", data)]

    own.retry()
    assert closing.close_run({**own.event, "error": {"Error": "Other"}}, None) == {"closed": True}
    assert own.told()[1:] == [("run_failed", {**own.ids, "error_code": "Other", "step": None})]


def test_each_cancellation_of_a_run_is_told_once(own: Agency) -> None:
    for _ in range(2):
        with own.database.transaction(HOUSE) as work:
            service.cancel_run(work, own.run_id, None)
    assert own.told() == [("run_cancelled", own.ids)]

    own.retry()
    with own.database.transaction(HOUSE) as work:
        service.cancel_run(work, own.run_id, None)
    assert own.told() == [("run_cancelled", own.ids)] * 2


def test_a_run_that_waits_for_a_yes_says_so_once(own: Agency) -> None:
    with own.database.transaction(HOUSE) as work:
        AgencyRepository(work).begin_step(own.run_id, "launch")
    for _ in range(2):
        found = approval.request_approval({**own.event, "task_token": "token"}, None)
        assert found == {"waits": True}
    assert own.told() == [("run_approval_needed", own.ids)]


def test_a_run_that_has_its_yes_asks_for_none(own: Agency) -> None:
    with own.database.transaction(HOUSE) as work:
        AgencyRepository(work).grant_approval(own.run_id)

    assert approval.request_approval({**own.event, "task_token": "token"}, None) == {"waits": False}
    assert own.told() == []
