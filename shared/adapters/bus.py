"""The event bus. Delivery is at least once: every event carries its id in its detail, consumers dedupe."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from shared.adapters.aws_errors import translated
from shared.errors import AppError

# Limits of PutEvents: entries a call, and bytes over all entries of a call.
MAX_ENTRIES = 10
MAX_BYTES = 256 * 1024


@dataclass(frozen=True)
class BusEvent:
    """An event. `detail` is JSON; `id` names the event to us, EventBridge gives it another."""

    source: str
    detail_type: str
    detail: dict[str, Any]
    id: str

    def entry(self, bus_name: str) -> dict[str, str]:
        """The event as an entry of PutEvents."""
        return {
            "EventBusName": bus_name,
            "Source": self.source,
            "DetailType": self.detail_type,
            "Detail": json.dumps(self.detail, ensure_ascii=False, separators=(",", ":"), allow_nan=False),
        }


def size_of(entry: dict[str, str]) -> int:
    """The bytes AWS counts for an entry: source, detail type and detail in UTF-8."""
    return sum(len(entry[part].encode()) for part in ("Source", "DetailType", "Detail"))


class EventBus(Protocol):
    """Where events go."""

    def publish(self, events: list[BusEvent]) -> list[str]:
        """Put events on the bus in their order; return the ids of those it did not take.

        An event fails alone. When the bus does not answer, what was not yet sent fails too. Raises nothing:
        the caller keeps what failed and publishes it again.
        """
        ...


class EventBridgeBus:
    """Amazon EventBridge. client: boto3's `events`; bus_name: name or ARN."""

    def __init__(self, client: Any, bus_name: str) -> None:
        self._client = client
        self._bus_name = bus_name

    def publish(self, events: list[BusEvent]) -> list[str]:
        """Put events on the bus in their order; return the ids of those it did not take."""
        entries = [(event.id, event.entry(self._bus_name)) for event in events]
        failed = [id_ for id_, entry in entries if size_of(entry) > MAX_BYTES]
        if failed:
            _log_failures(failed, "over 256 KB")
        batches = list(_batches((id_, entry) for id_, entry in entries if size_of(entry) <= MAX_BYTES))
        for position, batch in enumerate(batches):
            try:
                failed += self._put(batch)
            except AppError as error:
                unsent = [id_ for rest in batches[position:] for id_, _ in rest]
                _log_failures(unsent, error.message)
                return failed + unsent
        return failed

    def _put(self, batch: list[tuple[str, dict[str, str]]]) -> list[str]:
        with translated("EventBridge"):
            answer = self._client.put_events(Entries=[entry for _, entry in batch])
        failed = []
        for (id_, _), result in zip(batch, answer["Entries"], strict=True):
            if "ErrorCode" in result:
                _log_failures([id_], str(result["ErrorCode"]))
                failed.append(id_)
        return failed


class FakeBus:
    """A bus that remembers. `refuse`: ids it does not take."""

    def __init__(self) -> None:
        self.published: list[BusEvent] = []
        self.refuse: set[str] = set()

    def publish(self, events: list[BusEvent]) -> list[str]:
        """Remember events in their order; return the ids of those it did not take."""
        failed = [
            event.id
            for event in events
            if event.id in self.refuse or size_of(event.entry("fake")) > MAX_BYTES
        ]
        self.published += [event for event in events if event.id not in failed]
        return failed


def _batches(
    entries: Iterable[tuple[str, dict[str, str]]],
) -> Iterator[list[tuple[str, dict[str, str]]]]:
    """Cut entries into calls of at most MAX_ENTRIES and MAX_BYTES, in their order."""
    batch: list[tuple[str, dict[str, str]]] = []
    size = 0
    for id_, entry in entries:
        more = size_of(entry)
        if batch and (len(batch) == MAX_ENTRIES or size + more > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((id_, entry))
        size += more
    if batch:
        yield batch


def _log_failures(ids: list[str], reason: str) -> None:
    logging.getLogger("roboagency").warning("the bus did not take %s: %s", ", ".join(ids), reason)
