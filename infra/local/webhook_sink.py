"""Where the product's own webhooks arrive on one machine: checked as a receiver should, and kept to be looked at.

Source: github.com/standard-webhooks/standard-webhooks, "Signature scheme".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TOLERANCE = 300
"""Seconds that a webhook's timestamp may be off."""
_SHOWN = 100


class WebhookSink:
    """Takes webhooks signed with `key` (`whsec_…`) into `path`, a JSON object a line. `now` in seconds since 1970."""

    def __init__(self, path: Path, key: str, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._key = key
        self._now = now
        self._lock = threading.Lock()

    def receive(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Keep a webhook and return whether its signature and time are right. Header names are in lower case."""
        verified = self.verify(headers, body)
        try:
            payload: Any = json.loads(body)
        except ValueError:
            payload = body.decode("utf-8", "replace")
        kind = payload.get("type") if isinstance(payload, dict) else None
        entry = {
            "id": headers.get("webhook-id"),
            "type": kind,
            "time": datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="milliseconds"),
            "verified": verified,
            "payload": payload,
        }
        line = json.dumps(entry) + "\n"
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
        return verified

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether one of the signatures fits the id, the time and the body, and the time is near."""
        identifier, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not identifier or not stamp.isdecimal() or abs(self._now() - int(stamp)) > TOLERANCE:
            return False
        try:
            key = base64.b64decode(self._key.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            return False
        wanted = hmac.new(key, f"{identifier}.{stamp}.".encode() + body, hashlib.sha256).digest()
        expected = b"v1," + base64.b64encode(wanted)
        given = headers.get("webhook-signature", "").encode().split()
        return any(hmac.compare_digest(signature, expected) for signature in given)

    def received(self) -> list[dict[str, Any]]:
        """The last hundred webhooks, oldest first."""
        with self._lock:
            if not self._path.exists():
                return []
            with self._path.open(encoding="utf-8") as file:
                lines = file.readlines()[-_SHOWN:]
        return [json.loads(line) for line in lines]
