"""SQS batches: each message by itself; those that failed, and only those, come again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from shared.observability import logger


def each_message(event: dict[str, Any], handle: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Call `handle` with the detail of the bus event in every message; return the partial batch response.

    A message that fails is logged with its stack and reported; after the queue's limit it is a dead letter.
    """
    failures = []
    for record in event["Records"]:
        try:
            detail = json.loads(record["body"])["detail"]
            logger().thread_safe_append_keys(
                run_id=detail.get("run_id"),
                tenant_id=detail.get("tenant_id"),
                event_id=detail.get("event_id"),
            )
            handle(detail)
        except Exception:
            logger().exception("message failed")
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
