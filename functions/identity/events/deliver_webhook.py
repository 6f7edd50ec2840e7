"""Posts one webhook and reports what came back. Edge zone: it sees no table."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from functions.identity.webhooks import post_webhook
from shared.adapters.bus import BusEvent
from shared.batch import each_message
from shared.bootstrap import container
from shared.db.outbox import EVENT_SOURCE
from shared.errors import DependencyUnavailable
from shared.observability import observed
from shared.settings import WebhookSettings


def _deliver(detail: dict[str, Any]) -> None:
    own = container()
    settings = own.settings(WebhookSettings)
    now = own.clock.now()
    attempt = post_webhook(
        settings.webhook_url,
        own.secrets.read(settings.webhook_key_secret),
        webhook_id=detail["webhook_id"],
        timestamp=int(now.timestamp()),
        payload={"type": detail["webhook_type"], "timestamp": now.isoformat(), "data": detail["data"]},
        allow_private=settings.webhook_private_addresses == "allow",
    )
    told = {
        "webhook_id": detail["webhook_id"],
        "tenant_id": detail["tenant_id"],
        "attempts": int(detail["attempts"]) + 1,
        "response_status": attempt.status,
        "error_message": attempt.error,
    }
    event = BusEvent(EVENT_SOURCE, "webhook_attempted", told, str(uuid4()))
    if own.bus.publish([event]):
        raise DependencyUnavailable("The bus did not take the report of a webhook.")


@observed("identity.deliver_webhook")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Deliver each message of the batch."""
    del context
    return each_message(event, _deliver)
