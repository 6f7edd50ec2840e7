"""From the outbox to the bus: at once after a commit, or by the relay; at least once either way."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from shared.adapters.bus import BusEvent, EventBus
from shared.db.unit_of_work import Row, UnitOfWork

EVENT_SOURCE = "roboagency"

_MARK_PUBLISHED = """
UPDATE identity.outbox SET published_at = now(), attempts = attempts + 1
WHERE id = ANY(%(ids)s) AND published_at IS NULL
"""


def event_of(row: Row) -> BusEvent:
    """Return the bus event of an outbox row: its detail with event_id, event_type, tenant_id and timestamp."""
    detail = {
        **row["detail"],
        "event_id": str(row["id"]),
        "event_type": row["event_type"],
        "tenant_id": str(row["tenant_id"]),
        "timestamp": row["created_at"].isoformat(),
    }
    return BusEvent(source=EVENT_SOURCE, detail_type=row["event_type"], detail=detail, id=str(row["id"]))


def publish(bus: EventBus, rows: list[Row]) -> set[UUID]:
    """Put outbox rows on the bus; return the ids of those it took."""
    failed = set(bus.publish([event_of(row) for row in rows]))
    return {row["id"] for row in rows if str(row["id"]) not in failed}


def mark_published(work: UnitOfWork, ids: Collection[UUID]) -> None:
    """Write down that the bus took these rows; the unit of work must see them."""
    work.execute(_MARK_PUBLISHED, {"ids": list(ids)})
