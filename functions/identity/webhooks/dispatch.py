"""Asking for attempts: what is due soon is announced once, in the transaction that marks it as asked for.

The message says when the attempt is due; the edge zone keeps it hidden in its queue until then. So a tick a minute is
enough, and a retry after five seconds needs no tick at all.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from shared.db.queries import load_queries
from shared.db.unit_of_work import Row, UnitOfWork

_FOLDER = Path(__file__).parent
NEAR = timedelta(seconds=90)
"""What is due within this is asked for now: longer than from one tick to the next."""
BATCH = 100
_EVER = {"until": "infinity", "lost_before": "-infinity"}


def ask_at_once(work: UnitOfWork, delivery_id: UUID) -> None:
    """Ask for the next attempt of a delivery that nobody has asked for yet, whenever it is due."""
    _claim(work, {**_EVER, "now": None, "id": delivery_id, "limit": 1})


def find_due_tenants(work: UnitOfWork, now: datetime, lease_seconds: int) -> list[UUID]:
    """Return the tenants with deliveries to ask for; the work must be the system's."""
    rows = work.fetch_all(load_queries(_FOLDER)["find_due_tenants"], _window(now, lease_seconds))
    return [row["tenant_id"] for row in rows]


def ask_for_due(work: UnitOfWork, now: datetime, lease_seconds: int) -> int:
    """Ask for a batch of the tenant's attempts that are due soon, or were asked for and lost; return how many.

    What another transaction is just asking for is left to it. lease_seconds: of what was asked for and due longer ago
    than this, nothing will be heard any more.
    """
    return _claim(work, {**_window(now, lease_seconds), "now": now, "id": None, "limit": BATCH})


def _window(now: datetime, lease_seconds: int) -> dict[str, Any]:
    return {"until": now + NEAR, "lost_before": now - timedelta(seconds=lease_seconds)}


def _claim(work: UnitOfWork, names: dict[str, Any]) -> int:
    claimed = work.fetch_all(load_queries(_FOLDER)["claim_due"], names)
    for row in claimed:
        work.announce("webhook_requested", _message(row))
    return len(claimed)


def _message(row: Row) -> dict[str, Any]:
    """Return what the edge zone must know. The secret's versions are in it, never a secret."""
    until: datetime | None = row["previous_secret_expires_at"]
    return {
        "delivery_id": str(row["id"]),
        "number": row["attempts"] + 1,
        "due_at": row["next_attempt_at"].isoformat(),
        "endpoint_id": str(row["endpoint_id"]),
        "url": row["url"],
        "secret_version": row["secret_version"],
        "previous_secret_expires_at": until.isoformat() if until else None,
        "webhook_id": str(row["event_id"]),
        "webhook_type": row["event_type"],
        "webhook_timestamp": row["happened_at"].isoformat(),
        "data": row["data"],
    }
