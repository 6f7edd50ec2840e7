"""What S3 tells EventBridge of a bucket that announces: `Object Created`, `Object Deleted` on the account's own bus.

Source: docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.catalog import ACCOUNT_BUS, S3_SOURCE
from infra.local.aws.bus import EventBus
from infra.local.aws.kept import KeptMessages
from infra.local.aws.names import ACCOUNT, REGION
from infra.local.aws.vault import Change

CREATED = "Object Created"
DELETED = "Object Deleted"
EXPIRED = "Lifecycle Expiration"
"""The reason for which S3 deletes by itself."""


@dataclass(frozen=True)
class Request:
    """What changed an object. reason: `PutObject`, `POST Object`, `CopyObject`, `CompleteMultipartUpload`,
    `DeleteObject` or `EXPIRED`.
    """

    reason: str
    address: str = "127.0.0.1"


class Announcements:
    """Tells the rules of the account's bus of changes, each at least once: what is held here before an object is on
    disk is sent when it is, also by the next process.
    """

    def __init__(self, announces: Callable[[str], bool], bus: EventBus, kept: KeptMessages) -> None:
        """announces: whether the bucket of a name has an `EventBridgeConfiguration`."""
        self.announces = announces
        self._bus = bus
        self._kept = kept
        # Comparable within a key, and still rising after a restart.
        self._sequence = itertools.count(time.time_ns())

    def hold(self, change: Change, request: Request) -> list[Path]:
        """Write down what is told of a change that is about to happen; return what `send` takes."""
        if not self.announces(change.bucket):
            return []
        event = self._event(change, request)
        body = json.dumps(event, separators=(",", ":"))
        return [self._kept.hold(queue, body) for queue in self._bus.targets(ACCOUNT_BUS, event)]

    def send(self, held: Iterable[Path]) -> None:
        """Tell of changes that have happened."""
        self._kept.send(held)

    def resume(self) -> int:
        """Tell what an earlier process could not, and what nobody has handled; return how many messages."""
        return self._kept.resume()

    def _event(self, change: Change, request: Request) -> dict[str, Any]:
        about: dict[str, Any] = {"key": change.key}
        if change.size is not None:
            about["size"] = change.size
        if change.etag:
            about["etag"] = change.etag
        if change.version != "null":
            about["version-id"] = change.version
        about["sequencer"] = f"{next(self._sequence):016X}"
        by_itself = request.reason == EXPIRED
        detail: dict[str, Any] = {
            "version": "0",
            "bucket": {"name": change.bucket},
            "object": about,
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": "s3.amazonaws.com" if by_itself else ACCOUNT,
        }
        if not by_itself:
            detail["source-ip-address"] = request.address
        detail["reason"] = request.reason
        if change.deletion:
            detail["deletion-type"] = change.deletion
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": DELETED if change.deletion else CREATED,
            "source": S3_SOURCE,
            "account": ACCOUNT,
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "region": REGION,
            "resources": [f"arn:aws:s3:::{change.bucket}"],
            "detail": detail,
        }
