"""The outbox and outgoing webhooks, for every context."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.bootstrap import Container
from shared.db.outbox import mark_published, publish
from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork

_FOLDER = Path(__file__).parent
RELAY_BATCH = 100
MOST_ATTEMPTS = 8
# A post that is under way ends within its timeout of 15 s; what was asked for later than this is not asked for again.
IN_FLIGHT_SECONDS = 20


def relay_outbox(own: Container, age_seconds: int) -> int:
    """Publish what waits in the outbox for at least `age_seconds`; return how many events the bus took.

    Rows are locked while they are published, so that two relays never publish one twice; a crash between the bus
    and the mark publishes again, with the same event_id.
    """
    sql = load_queries(_FOLDER)
    total = 0
    while True:
        with own.system_database.transaction(None) as work:
            rows = work.fetch_all(sql["claim_outbox"], {"age_seconds": age_seconds, "limit": RELAY_BATCH})
            published = publish(own.bus, rows) if rows else set()
            if published:
                mark_published(work, published)
        total += len(published)
        if len(published) < RELAY_BATCH:
            return total


def request_webhook(
    work: UnitOfWork, event_type: str, subject_id: UUID, data: dict[str, Any], *, enabled: bool
) -> None:
    """Ask for a webhook about a subject, once; where none is configured that is written down too."""
    names = {
        "event_type": event_type,
        "subject_id": subject_id,
        "payload": Jsonb(data),
        "status": "pending" if enabled else "disabled",
    }
    row = work.fetch_one(load_queries(_FOLDER)["insert_delivery"], names)
    if row is not None and enabled:
        announce_webhook(work, row["id"], event_type, data, 0)


def announce_webhook(
    work: UnitOfWork, delivery_id: UUID, event_type: str, data: dict[str, Any], attempts: int
) -> None:
    """Put a webhook on its way to the edge zone."""
    detail = {"webhook_id": str(delivery_id), "webhook_type": event_type, "data": data, "attempts": attempts}
    work.announce("webhook_requested", detail)


def record_attempt(
    work: UnitOfWork,
    delivery_id: UUID,
    *,
    attempts: int,
    response_status: int | None,
    error_message: str | None,
) -> None:
    """Write down what came of an attempt: 2xx is delivered, the eighth failure is final."""
    delivered = response_status is not None and 200 <= response_status < 300
    status = "delivered" if delivered else ("failed" if attempts >= MOST_ATTEMPTS else "pending")
    work.execute(
        load_queries(_FOLDER)["record_attempt"],
        {
            "id": delivery_id,
            "status": status,
            "attempts": attempts,
            "response_status": response_status,
            "error_message": error_message,
        },
    )


def get_delivery(work: UnitOfWork, event_type: str, subject_id: UUID) -> dict[str, Any] | None:
    """Return what became of the webhook about a subject as plain JSON, None when none was asked for."""
    names = {"event_type": event_type, "subject_id": subject_id}
    row = work.fetch_one(load_queries(_FOLDER)["get_delivery"], names)
    if row is None:
        return None
    delivered = row["delivered_at"]
    return {**row, "id": str(row["id"]), "delivered_at": delivered.isoformat() if delivered else None}


def find_stalled_deliveries(work: UnitOfWork, stall_seconds: int) -> list[dict[str, Any]]:
    """Return webhooks of every tenant that nobody has tried for a while; the work must be the system's."""
    return work.fetch_all(load_queries(_FOLDER)["find_stalled_deliveries"], {"stall_seconds": stall_seconds})
