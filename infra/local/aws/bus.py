"""EventBridge: PutEvents, the catalog's rules and their queues.

moto also delivers to queues, but adds fields that AWS does not send and does not lock its queues.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from infra.catalog import ACCOUNT_BUS, S3_SOURCE, Bus, Queue, Rule
from infra.local.aws.names import ACCOUNT, REGION, bucket_named, queue_name
from infra.local.aws.wsgi import Answer, Environ, aws_error, json_answer, read_json

_MOST_ENTRIES = 10
_MOST_BYTES = 256 * 1024

Send = Callable[[str, str], None]
"""Puts a body on the queue of a name."""


class EventBus:
    """Takes events and sends each to the queues whose rules match it."""

    def __init__(
        self, buses: Iterable[Bus], rules: Iterable[Rule], queues: Iterable[Queue], send: Send
    ) -> None:
        self._buses = {ACCOUNT_BUS, *(bus.name for bus in buses)}
        self._rules = tuple(rules)
        self._queues = {queue.name: queue_name(queue) for queue in queues}
        self._send = send

    def answer(self, environ: Environ) -> Answer:
        """Answer a PutEvents request."""
        entries = read_json(environ).get("Entries")
        if not isinstance(entries, list) or not 1 <= len(entries) <= _MOST_ENTRIES:
            return aws_error(
                400,
                "ValidationException",
                "1 validation error detected: Value at 'entries' failed to satisfy constraint: "
                "Member must have length between 1 and 10",
            )
        if sum(_size(entry) for entry in entries) > _MOST_BYTES:
            return aws_error(400, "ValidationException", "Total size of the entries is over the limit.")
        unknown = [name for entry in entries if (name := _bus_name(entry)) not in self._buses]
        if unknown:
            return aws_error(400, "ResourceNotFoundException", f"Event bus {unknown[0]} does not exist.")
        results = [self._put(entry) for entry in entries]
        failed = sum("ErrorCode" in result for result in results)
        return json_answer(
            200, {"FailedEntryCount": failed, "Entries": results}, "application/x-amz-json-1.1"
        )

    def targets(self, bus: str, event: dict[str, Any]) -> list[str]:
        """Return the SQS names of the queues that an event on a bus goes to, one for each rule that matches."""
        return [self._queues[rule.queue] for rule in self._rules if rule.bus == bus and matches(rule, event)]

    def _put(self, entry: dict[str, Any]) -> dict[str, str]:
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                return _bad(
                    "InvalidArgument",
                    f"Parameter {name} is not valid. Reason: {name} is a required argument.",
                )
        if str(entry["Source"]).startswith("aws."):
            return _bad("NotAuthorizedForSourceException", "Not authorized for the source.")
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            return _bad("MalformedDetail", "Detail is malformed.")
        if not isinstance(detail, dict):
            return _bad("MalformedDetail", "Detail is malformed.")
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": ACCOUNT,
            "time": _time(entry.get("Time")),
            "region": REGION,
            "resources": entry.get("Resources") or [],
            "detail": detail,
        }
        for queue in self.targets(_bus_name(entry), event):
            self._send(queue, json.dumps(event, separators=(",", ":")))
        return {"EventId": str(event["id"])}


def matches(rule: Rule, event: dict[str, Any]) -> bool:
    """Whether an event fits the pattern of a rule."""
    if event["detail-type"] not in rule.detail_types:
        return False
    if rule.buckets:
        about = event["detail"].get("bucket", {})
        return event["source"] == S3_SOURCE and about.get("name") in map(bucket_named, rule.buckets)
    return not rule.priorities or event["detail"].get("priority") in rule.priorities


def pattern(rule: Rule) -> dict[str, Any]:
    """The rule as EventBridge writes it."""
    found: dict[str, Any] = {"detail-type": list(rule.detail_types)}
    if rule.buckets:
        found |= {
            "source": [S3_SOURCE],
            "detail": {"bucket": {"name": list(map(bucket_named, rule.buckets))}},
        }
    if rule.priorities:
        found["detail"] = {"priority": list(rule.priorities)}
    return found


def _bus_name(entry: dict[str, Any]) -> str:
    return str(entry.get("EventBusName") or ACCOUNT_BUS).rpartition("/")[2]


def _size(entry: dict[str, Any]) -> int:
    """Bytes of an entry as EventBridge counts them."""
    fields = [
        entry.get("Source"),
        entry.get("DetailType"),
        entry.get("Detail"),
        *(entry.get("Resources") or []),
    ]
    return sum(len(str(field).encode("utf-8", "replace")) for field in fields if field) + 14 * bool(
        entry.get("Time")
    )


def _time(given: Any) -> str:
    when = datetime.fromtimestamp(float(given), UTC) if isinstance(given, int | float) else datetime.now(UTC)
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def _bad(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}
