"""SQS: moto's queues, made safe for threads and quick to wake whoever waits for a message."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.sqs.models import Message, SQSBackend

from infra.local.aws.wsgi import Answer, Call, Environ, read_json, with_body

_LONGEST_POLL = 20.0
_MOST_HANDLES = 10_000
_DELETING = (".DeleteMessage", ".DeleteMessageBatch", ".PurgeQueue")


@dataclass(frozen=True)
class Received:
    """A message that was received, as Lambda's event record shows it. `handle` deletes or releases it."""

    id: str
    handle: str
    record: dict[str, Any]


class Queues:
    """All access to the queues goes through here. moto rebuilds a queue's list while deleting and would lose a
    message sent in that moment.
    """

    def __init__(self, moto: Call, backend: SQSBackend) -> None:
        self._moto = moto
        self._backend = backend
        self._changed = threading.Condition(threading.RLock())
        self._gone: Callable[[str], None] = lambda _: None

    def on_gone(self, tell: Callable[[str], None]) -> None:
        """Have `tell` hear of the id of every message that was deleted, not of one that moved to the dead letters."""
        self._gone = tell

    def names(self) -> set[str]:
        """The queues that there are."""
        return set(self._backend.queues)

    def answer(self, environ: Environ) -> Answer:
        """Answer a request for SQS. A long poll ends with the first message."""
        if str(environ.get("HTTP_X_AMZ_TARGET", "")).endswith(".ReceiveMessage"):
            return self._poll(environ)
        with self._changed:
            deletes = str(environ.get("HTTP_X_AMZ_TARGET", "")).endswith(_DELETING)
            before = self._ids() if deletes else set()
            answer = self._moto(environ)
            for message_id in before - self._ids() if deletes else ():
                self._gone(message_id)
            self._changed.notify_all()
            return answer

    def _ids(self) -> set[str]:
        return {message.id for queue in self._backend.queues.values() for message in queue._messages}

    def send(self, queue: str, body: str, sent: Callable[[str], None] = lambda _: None) -> None:
        """Put a message on a queue. sent: hears of its id before anybody can receive it. Raises moto's
        QueueDoesNotExist.
        """
        with self._changed:
            sent(self._backend.send_message(queue, body).id)
            self._changed.notify_all()

    def receive(self, queue: str, most: int, visibility: int, wait: float) -> list[Received]:
        """Take up to `most` messages, hidden for `visibility` seconds; wait up to `wait` seconds for the first.

        A message received too often moves to the dead-letter queue instead.
        """
        until = time.monotonic() + wait
        with self._changed:
            while True:
                found = self._backend.receive_message(queue, most, 0, visibility, ["All"])
                if found:
                    arn = self._backend.get_queue(queue).queue_arn
                    return [Received(m.id, str(m.receipt_handle), _record(m, arn)) for m in found]
                left = until - time.monotonic()
                if left <= 0:
                    return []
                # Bounded, because a message that becomes visible again wakes nobody.
                self._changed.wait(min(left, 0.25))

    def delete(self, queue: str, handles: list[str]) -> None:
        """Remove messages that were handled."""
        with self._changed:
            held = self._backend.get_queue(queue)
            for handle in handles:
                found = next((m for m in held._messages if m.had_receipt_handle(handle)), None)
                if found is not None:
                    held.delete_message(handle)
                    self._gone(found.id)

    def release(self, queue: str, handle: str, seconds: int) -> None:
        """Show a message again after `seconds`."""
        with self._changed:
            held = self._backend.get_queue(queue)
            if any(message.had_receipt_handle(handle) for message in held._messages):
                self._backend.change_message_visibility(queue, handle, seconds)
                self._changed.notify_all()

    def count(self, queue: str) -> int:
        """How many messages a queue holds, hidden ones too."""
        with self._changed:
            return len(self._backend.get_queue(queue)._messages)

    def wake(self) -> None:
        """Wake everybody who waits; for the end."""
        with self._changed:
            self._changed.notify_all()

    def prune(self) -> None:
        """Forget the handles of deleted messages, which moto would keep for ever."""
        with self._changed:
            for queue in self._backend.queues.values():
                if len(queue.deleted_messages) > _MOST_HANDLES:
                    queue.deleted_messages.clear()

    def _poll(self, environ: Environ) -> Answer:
        asked = read_json(environ)
        wait = min(float(asked.get("WaitTimeSeconds") or 0), _LONGEST_POLL)
        until = time.monotonic() + wait
        body = json.dumps(asked | {"WaitTimeSeconds": 0}).encode()
        with self._changed:
            while True:
                with_body(environ, body)
                answer = self._moto(environ)
                left = until - time.monotonic()
                if not answer.good or b'"Messages"' in answer.body or left <= 0:
                    return answer
                self._changed.wait(min(left, 0.25))


def _record(message: Message, queue_arn: str) -> dict[str, Any]:
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        },
        "messageAttributes": {
            name: {
                "stringValue": value.get("StringValue"),
                "binaryValue": value.get("BinaryValue"),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value.get("DataType"),
            }
            for name, value in message.message_attributes.items()
        },
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
