"""S3 notifications: to functions, queues and the bus, as a bucket's notification configuration asks.

Source: docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from infra.local.aws.names import ACCOUNT, REGION

Invoke = Callable[[str, bytes], None]
Send = Callable[[str, str], None]


class ObjectEvents:
    """Sends what happened to objects on. Deliveries to functions are asynchronous, so that the handler meets the
    object after the request that wrote it has ended.
    """

    def __init__(self, invoke: Invoke, send: Send) -> None:
        self._invoke = invoke
        self._send = send
        # Comparable within a key, and still rising after a restart.
        self._sequence = itertools.count(time.time_ns())

    def happened(self, event_name: str, bucket: Any, version: Any) -> None:
        """Deliver an event (`s3:ObjectCreated:Put`) on a version of an object."""
        asked = bucket.notification_configuration
        for target in (*asked.cloud_function, *asked.queue):
            if not target.matches(event_name, version.name):
                continue
            body = json.dumps({"Records": [self._record(event_name, bucket, version, target.id)]})
            if ":lambda:" in target.arn:
                self._invoke(target.arn, body.encode())
            else:
                self._send(target.arn.rsplit(":", 1)[-1], body)

    def _record(self, event_name: str, bucket: Any, version: Any, configuration: str) -> dict[str, Any]:
        about: dict[str, Any] = {
            "key": quote_plus(version.name, safe="/"),
            "sequencer": f"{next(self._sequence):018X}",
        }
        if hasattr(version, "contentsize"):
            about |= {"size": version.contentsize, "eTag": version.etag.strip('"')}
        if version.version_id != "null":
            about["versionId"] = version.version_id
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": REGION,
            "eventTime": now,
            "eventName": event_name.removeprefix("s3:"),
            "userIdentity": {"principalId": ACCOUNT},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": configuration,
                "bucket": {
                    "name": bucket.name,
                    "ownerIdentity": {"principalId": ACCOUNT},
                    "arn": f"arn:aws:s3:::{bucket.name}",
                },
                "object": about,
            },
        }
