"""Posts one webhook and reports what came back. Edge zone: it sees no table.

A message says when its attempt is due. One that comes early goes back into its queue, hidden until then.
"""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any
from uuid import uuid4

from functions.identity.webhooks.posting import Network, post_webhook
from shared.adapters.bus import BusEvent
from shared.batch import each_message
from shared.bootstrap import Container, container
from shared.db.outbox import EVENT_SOURCE
from shared.errors import DependencyUnavailable
from shared.observability import observed
from shared.settings import WebhookSettings
from shared.webhook_signature import derive_secret, sign_with_all

# The longest that SQS hides a message is twelve hours; a message is asked for minutes ahead.
_LONGEST_SECONDS = 900


def _secrets(own: Container, detail: dict[str, Any], now: datetime) -> list[str]:
    """Return the endpoint's secret, and the one before it while that signs too."""
    key = own.secrets.read(own.settings(WebhookSettings).webhook_key_secret)
    version, until = int(detail["secret_version"]), detail["previous_secret_expires_at"]
    versions = [version]
    if until is not None and now < datetime.fromisoformat(until):
        versions.append(version - 1)
    return [derive_secret(key, detail["endpoint_id"], each) for each in versions]


def deliver(own: Container, detail: dict[str, Any], network: Network | None = None, **options: Any) -> None:
    """Post what a message asks for and put a report on the bus. Raises DependencyUnavailable when that fails.

    options: of `post_webhook`, for tests.
    """
    now = own.clock.now()
    stamp = int(now.timestamp())
    payload = {
        "type": detail["webhook_type"],
        "timestamp": detail["webhook_timestamp"],
        "data": detail["data"],
    }
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    webhook_id = detail["webhook_id"]
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign_with_all(_secrets(own, detail, now), webhook_id, stamp, body),
    }
    attempt = post_webhook(
        detail["url"],
        body,
        headers,
        allow_private=own.settings(WebhookSettings).webhook_private_addresses == "allow",
        now=now,
        network=network,
        **options,
    )
    told = {
        "delivery_id": detail["delivery_id"],
        "tenant_id": detail["tenant_id"],
        "number": detail["number"],
        "started_at": now.isoformat(),
        "duration_ms": attempt.duration_ms,
        "response_status": attempt.status,
        "error_message": attempt.error,
        "retry_after": attempt.retry_after,
    }
    event = BusEvent(EVENT_SOURCE, "webhook_attempted", told, str(uuid4()))
    if own.bus.publish([event]):
        raise DependencyUnavailable("The bus did not take the report of a webhook.")


def seconds_early(record: dict[str, Any], now: datetime) -> int:
    """Return how many seconds before its time a message has come, 0 when it is due."""
    due = datetime.fromisoformat(json.loads(record["body"])["detail"]["due_at"])
    return min(max(0, math.ceil((due - now).total_seconds())), _LONGEST_SECONDS)


@observed("identity.deliver_webhook")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Deliver each message of the batch that is due; the others come again when they are."""
    del context
    own = container()
    early: list[dict[str, str]] = []
    due: list[dict[str, Any]] = []
    for record in event["Records"]:
        seconds = seconds_early(record, own.clock.now())
        if seconds:
            own.queues.hide(record, seconds)
            early.append({"itemIdentifier": record["messageId"]})
        else:
            due.append(record)
    answer = each_message({"Records": due}, lambda detail: deliver(own, detail))
    return {"batchItemFailures": [*early, *answer["batchItemFailures"]]}
