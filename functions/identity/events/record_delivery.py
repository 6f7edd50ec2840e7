"""Writes down what came of webhooks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.identity import service
from shared.batch import each_message
from shared.bootstrap import container
from shared.observability import observed


def _record(detail: dict[str, Any]) -> None:
    with container().database.transaction(UUID(detail["tenant_id"])) as work:
        service.record_attempt(
            work,
            UUID(detail["webhook_id"]),
            attempts=int(detail["attempts"]),
            response_status=detail["response_status"],
            error_message=detail["error_message"],
        )


@observed("identity.record_delivery")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Record each message of the batch."""
    del context
    return each_message(event, _record)
