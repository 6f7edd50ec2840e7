"""Deliveries: what came of each attempt, what follows from it, and looking at them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from functions.identity.audit import service as audit
from functions.identity.webhooks import dispatch, endpoints
from functions.identity.webhooks.schedule import FAILING_AFTER, next_attempt
from shared.db.queries import load_queries
from shared.db.unit_of_work import Row, UnitOfWork
from shared.errors import Conflict, NotFound
from shared.models.caller import Caller
from shared.models.webhook_delivery import DeliveryQuery, WebhookAttempt, WebhookDelivery
from shared.models.webhook_endpoint import WebhookEndpoint

_FOLDER = Path(__file__).parent
_GONE = 410


@dataclass(frozen=True)
class Report:
    """What the edge zone tells of an attempt. retry_after: seconds that the receiver asked for."""

    number: int
    started_at: datetime
    duration_ms: int
    response_status: int | None
    error_message: str | None
    retry_after: int | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it: any 2xx."""
        return self.response_status is not None and 200 <= self.response_status < 300


def record_attempt(work: UnitOfWork, delivery_id: UUID, report: Report) -> bool:
    """Write down what came of an attempt, and ask for the next one when it is near. The same report again is nothing.

    Returns whether the delivery is given up with it.
    Whoever answers 410 is disabled; so is who took nothing for three days, at the end of a delivery's schedule.
    """
    sql = load_queries(_FOLDER)
    found = work.fetch_one(sql["get_delivery"], {"id": delivery_id})
    if found is None or found["endpoint_id"] is None:
        return False
    # The endpoint before its deliveries, here and wherever both are locked.
    endpoint = endpoints.lock(work, found["endpoint_id"])
    row = work.fetch_one(sql["lock_delivery"], {"id": delivery_id})
    written = work.execute(sql["insert_attempt"], {"id": delivery_id, **asdict(report)})
    if row is None or not written:
        return False
    if report.delivered:
        _delivered(work, row, report)
    elif row["status"] == "pending":
        return _failed(work, row, report, endpoint)
    return False


def _write(work: UnitOfWork, row: Row, report: Report, **names: Any) -> None:
    kept = {"id": row["id"], "position": row["schedule_position"], "next_attempt_at": None}
    told = {
        "number": report.number,
        "response_status": report.response_status,
        "error_message": report.error_message,
    }
    work.execute(load_queries(_FOLDER)["record_outcome"], {**kept, **told, "delivered_at": None, **names})


def _delivered(work: UnitOfWork, row: Row, report: Report) -> None:
    if row["status"] != "delivered":
        _write(work, row, report, status="delivered", delivered_at=report.started_at)
    endpoints.mark_well(work, row["endpoint_id"])


def _failed(work: UnitOfWork, row: Row, report: Report, endpoint: WebhookEndpoint | None) -> bool:
    """Plan the next attempt; return whether there is none."""
    failures = row["schedule_position"] + 1
    due = next_attempt(row["id"], failures, report.started_at, report.retry_after)
    if report.response_status == _GONE:
        due = None
    status = "failed" if due is None else "pending"
    _write(work, row, report, status=status, position=failures, next_attempt_at=due)
    if due is not None and due - report.started_at <= dispatch.NEAR:
        dispatch.ask_at_once(work, row["id"])
    if endpoint is None or endpoint.status != "active":
        return due is None
    endpoints.mark_failing(work, endpoint.id, report.started_at)
    since = endpoint.first_failure_at or report.started_at
    if report.response_status == _GONE:
        endpoints.disable(work, endpoint, "gone", report.started_at)
    elif due is None and report.started_at - since >= FAILING_AFTER:
        endpoints.disable(work, endpoint, "failing", report.started_at)
    return due is None


def get_delivery(work: UnitOfWork, delivery_id: UUID) -> WebhookDelivery:
    """Return a delivery. Raises NotFound."""
    row = work.fetch_one(load_queries(_FOLDER)["get_delivery"], {"id": delivery_id})
    if row is None:
        raise NotFound("There is no such delivery.")
    return WebhookDelivery.model_validate(row)


def list_deliveries(
    work: UnitOfWork, query: DeliveryQuery, after: UUID | None, limit: int
) -> list[WebhookDelivery]:
    """Return deliveries, newest first."""
    names = {"endpoint": query.endpoint, "status": query.status, "after": after, "limit": limit}
    rows = work.fetch_all(load_queries(_FOLDER)["list_deliveries"], names)
    return [WebhookDelivery.model_validate(row) for row in rows]


def list_attempts(work: UnitOfWork, delivery_id: UUID) -> list[WebhookAttempt]:
    """Return the attempts of a delivery, the first one first."""
    rows = work.fetch_all(load_queries(_FOLDER)["list_attempts"], {"id": delivery_id})
    return [WebhookAttempt.model_validate(row) for row in rows]


def replay(
    work: UnitOfWork, delivery_id: UUID, actor: Caller, now: datetime, request_id: str | None = None
) -> WebhookDelivery:
    """Send a delivery again, at once and on a schedule of its own; receivers see the same `webhook-id`.

    Raises NotFound, Conflict while it is under way, or when its endpoint is disabled or deleted.
    """
    delivery = get_delivery(work, delivery_id)
    endpoint = None if delivery.endpoint_id is None else endpoints.lock(work, delivery.endpoint_id)
    if endpoint is None:
        raise Conflict("The endpoint of this delivery was deleted.")
    if endpoint.status != "active":
        raise Conflict("The endpoint is disabled; enable it first.")
    if not work.execute(load_queries(_FOLDER)["restart_delivery"], {"id": delivery_id, "now": now}):
        raise Conflict("This delivery is under way.")
    dispatch.ask_at_once(work, delivery_id)
    audit.record(
        work,
        "webhook_delivery.replayed",
        actor=actor,
        subject_type="webhook_delivery",
        subject_id=delivery_id,
        request_id=request_id,
        details={"endpoint_id": str(endpoint.id), "event_type": delivery.event_type},
    )
    return get_delivery(work, delivery_id)
