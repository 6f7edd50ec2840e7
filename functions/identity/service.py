"""The outbox and outgoing webhooks, for every context."""

from __future__ import annotations

from pathlib import Path

from functions.identity.webhooks.endpoints import create as create_webhook_endpoint
from functions.identity.webhooks.endpoints import peek as find_webhook_endpoint
from functions.identity.webhooks.events import get_outcome as get_webhook_outcome
from functions.identity.webhooks.events import request_webhook
from shared.bootstrap import Container
from shared.db.outbox import mark_published, publish
from shared.db.queries import load_queries

__all__ = [
    "RELAY_BATCH",
    "create_webhook_endpoint",
    "find_webhook_endpoint",
    "get_outbox_age",
    "get_webhook_outcome",
    "relay_outbox",
    "request_webhook",
]

_FOLDER = Path(__file__).parent
RELAY_BATCH = 100


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


def get_outbox_age(own: Container) -> float:
    """Return for how many seconds the oldest event has waited for the bus, 0 when none waits."""
    with own.system_database.transaction(None) as work:
        row = work.fetch_one(load_queries(_FOLDER)["get_outbox_age"])
    return 0.0 if row is None or row["seconds"] is None else max(0.0, float(row["seconds"]))
