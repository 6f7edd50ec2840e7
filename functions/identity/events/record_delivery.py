"""Writes down what came of webhooks, and asks for the retries that are near."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from functions.identity.webhooks.deliveries import Report, record_attempt
from shared.batch import each_message
from shared.bootstrap import Container, container
from shared.observability import count, observed


def record(own: Container, detail: dict[str, Any]) -> None:
    """Record one report; a delivery that is given up counts in the metric WebhooksGivenUp."""
    report = Report(
        number=int(detail["number"]),
        started_at=datetime.fromisoformat(detail["started_at"]),
        duration_ms=int(detail["duration_ms"]),
        response_status=detail["response_status"],
        error_message=detail["error_message"],
        retry_after=detail["retry_after"],
    )
    with own.database.transaction(UUID(detail["tenant_id"])) as work:
        given_up = record_attempt(work, UUID(detail["delivery_id"]), report)
    if given_up:
        count("WebhooksGivenUp")


@observed("identity.record_delivery")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Record each message of the batch."""
    del context
    own = container()
    return each_message(event, lambda detail: record(own, detail))
