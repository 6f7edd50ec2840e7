"""Where the house's own webhooks arrive on one machine: checked as a receiver should, and kept to be looked at.

Source: github.com/standard-webhooks/standard-webhooks, "Signature scheme".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from shared.models.webhook_event import EventType
from shared.webhook_signature import derive_secret

ENDPOINT_ID = UUID("00000000-0000-7000-8000-0000000000e0")
"""The endpoint of the house that leads here."""
EVENT_TYPES: tuple[EventType, ...] = ("project_completed",)
"""What it asks for."""
_VERSIONS = range(1, 17)  # of its secret: a rotation is a person's, and nobody tells this receiver of it
TOLERANCE = 300
"""Seconds that a webhook's timestamp may be off."""
_SHOWN = 100


class WebhookSink:
    """Takes webhooks of ENDPOINT_ID into `path`, a JSON object a line.

    key: the `webhook-key` of the machine, which the endpoint's secrets are derived from. now: seconds since 1970.
    """

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
        signed = f"{identifier}.{stamp}.".encode() + body
        given = headers.get("webhook-signature", "").encode().split()
        return any(
            hmac.compare_digest(signature, self._expected(version, signed))
            for version in _VERSIONS
            for signature in given
        )

    def _expected(self, version: int, signed: bytes) -> bytes:
        secret = derive_secret(self._key, ENDPOINT_ID, version)
        key = base64.b64decode(secret.removeprefix("whsec_"))
        return b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())

    def received(self) -> list[dict[str, Any]]:
        """The last hundred webhooks, oldest first."""
        with self._lock:
            if not self._path.exists():
                return []
            with self._path.open(encoding="utf-8") as file:
                lines = file.readlines()[-_SHOWN:]
        return [json.loads(line) for line in lines]
