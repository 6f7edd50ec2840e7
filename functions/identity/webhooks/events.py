"""What happened and who is told: an event becomes a delivery to every endpoint that asked for it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from functions.identity.webhooks import dispatch
from shared.db.queries import load_queries
from shared.db.unit_of_work import Row, UnitOfWork
from shared.models.webhook_event import WEBHOOK_EVENTS

_FOLDER = Path(__file__).parent


def request_webhook(
    work: UnitOfWork,
    event_type: str,
    subject_id: UUID,
    data: dict[str, Any],
    *,
    occurrence: str = "1",
) -> int:
    """Tell every active endpoint of the tenant that asked for it, in the transaction of what happened.

    Once for a subject and its occurrence: a run that fails again has failed a second time. data: as the type's model
    in `shared.models.webhook_event` has it. Returns how many endpoints are told; that nobody listened can be read off
    the event. Raises KeyError for an unknown type, pydantic.ValidationError for other data.
    """
    event_id = _insert_event(work, event_type, subject_id, occurrence, data)
    if event_id is None:
        return 0
    sql = load_queries(_FOLDER)
    listeners = work.fetch_all(sql["find_listeners"], {"event_type": event_type})
    for listener in listeners:
        send_to(work, listener["id"], event_id)
    return len(listeners)


def request_for_one(
    work: UnitOfWork, endpoint_id: UUID, event_type: str, data: dict[str, Any], occurrence: str
) -> UUID:
    """Tell one endpoint, whatever it asked for; return the id of the delivery."""
    event_id = _insert_event(work, event_type, endpoint_id, occurrence, data)
    if event_id is None:
        raise ValueError(f"{event_type} {occurrence} has happened already")
    return send_to(work, endpoint_id, event_id)


def _insert_event(
    work: UnitOfWork, event_type: str, subject_id: UUID, occurrence: str, data: dict[str, Any]
) -> UUID | None:
    WEBHOOK_EVENTS[event_type].model_validate(data)
    names = {
        "event_type": event_type,
        "subject_id": subject_id,
        "occurrence": occurrence,
        "data": Jsonb(data),
    }
    row = work.fetch_one(load_queries(_FOLDER)["insert_event"], names)
    return None if row is None else UUID(str(row["id"]))


def send_to(work: UnitOfWork, endpoint_id: UUID, event_id: UUID) -> UUID:
    """Add the delivery of an event to an endpoint and ask for its first attempt at once; return its id."""
    names = {"endpoint_id": endpoint_id, "event_id": event_id}
    row = work.fetch_one(load_queries(_FOLDER)["insert_delivery"], names)
    if row is None:
        raise ValueError("no delivery was written")
    dispatch.ask_at_once(work, row["id"])
    return UUID(str(row["id"]))


def get_outcome(work: UnitOfWork, event_type: str, subject_id: UUID) -> dict[str, Any] | None:
    """Return what became of the newest webhook about a subject as plain JSON, None when there was none.

    id: the `webhook-id` that receivers see. status: `not_configured` when nobody listened; else `pending` while one
    delivery is, `delivered` when all are, `failed`. attempts: of all deliveries together.
    """
    names = {"event_type": event_type, "subject_id": subject_id}
    row = work.fetch_one(load_queries(_FOLDER)["get_outcome"], names)
    if row is None:
        return None
    delivered: datetime | None = row["delivered_at"]
    return {
        "id": str(row["id"]),
        "event_type": row["event_type"],
        "status": _status(row),
        "deliveries": row["deliveries"],
        "attempts": row["attempts"],
        "response_status": row["response_status"],
        "delivered_at": delivered.isoformat() if delivered else None,
    }


def _status(row: Row) -> str:
    if row["deliveries"] == 0:
        return "not_configured"
    if row["pending"]:
        return "pending"
    return "delivered" if row["delivered"] == row["deliveries"] else "failed"
