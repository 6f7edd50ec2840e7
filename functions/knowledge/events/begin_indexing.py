"""Something happened to an object: its key is looked at. Edge zone: it sees no table.

The queue is what keeps uploads safe. A message leaves it when the express workflow, which is waited for, has ended
well; until then it comes again, after pauses that grow from seconds to a quarter of an hour. So uploads wait while an
engine is down, and go on when it is back.
"""

from __future__ import annotations

from typing import Any

from shared.batch import each_message
from shared.bootstrap import Container, container
from shared.errors import AppError, Invalid
from shared.observability import logger, observed
from shared.settings import IndexingSettings

FIRST_PAUSE_SECONDS = 10
LONGEST_PAUSE_SECONDS = 900


def key_of(detail: dict[str, Any]) -> str:
    """Return the key that an event is about: one of S3's, or a `document_changed` of ours. Raises Invalid."""
    found = detail.get("object")
    key = found.get("key") if isinstance(found, dict) else detail.get("key")
    if not isinstance(key, str) or not key:
        raise Invalid("The event names no object.")
    return key


def pause(receives: int) -> int:
    """Return for how many seconds a message is hidden that was received so often, and failed: 10, 20, … 900."""
    return int(min(FIRST_PAUSE_SECONDS * 2 ** min(receives - 1, 10), LONGEST_PAUSE_SECONDS))


def _receives(record: dict[str, Any]) -> int:
    return int(record["attributes"]["ApproximateReceiveCount"])


def _index(own: Container, record: dict[str, Any], detail: dict[str, Any]) -> None:
    # Whoever was here before may have died after changing something, and whoever asks again suspects as much.
    again = _receives(record) > 1 or "event_type" in detail
    given = {"key": key_of(detail), "again": again}
    ended = own.workflows.run(own.settings(IndexingSettings).index_document_arn, given)
    logger().info("object looked at", outcome=ended.get("outcome"))


def _hide(own: Container, record: dict[str, Any]) -> None:
    seconds = pause(_receives(record))
    try:
        own.queues.hide(record, seconds)
    except AppError:
        # It comes again all the same, when its visibility ends.
        logger().warning("could not hide a message", exc_info=True)
    else:
        logger().info("message waits", seconds=seconds, receives=_receives(record))


@observed("knowledge.begin_indexing")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Have the object of each message looked at; those that fail come again later."""
    del context
    own = container()
    failures: list[dict[str, str]] = []
    for record in event["Records"]:

        def index(detail: dict[str, Any], record: dict[str, Any] = record) -> None:
            _index(own, record, detail)

        failed = each_message({"Records": [record]}, index)["batchItemFailures"]
        if failed:
            _hide(own, record)
        failures += failed
    return {"batchItemFailures": failures}
