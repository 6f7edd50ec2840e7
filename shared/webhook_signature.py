"""Signatures of Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over `<id>.<timestamp>.<body>`.

Source: the Standard Webhooks specification. Secrets are `whsec_` and base64 of 24–64 random bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from uuid import UUID

TOLERANCE_SECONDS = 300


def _key(secret: str) -> bytes:
    text = secret.removeprefix("whsec_")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


def derive_secret(key: str, endpoint_id: UUID | str, version: int) -> str:
    """Return the secret of an endpoint: HMAC-SHA256 of its id and the version, as `whsec_` and base64.

    key: the `webhook-key` of the deployment. Nothing keeps a secret; whoever has the key can say it again.
    """
    named = f"webhook-endpoint:{endpoint_id}:{version}".encode()
    return "whsec_" + base64.b64encode(hmac.digest(_key(key), named, hashlib.sha256)).decode()


def sign(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return one signature, as it stands in the header `webhook-signature`."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()


def sign_with_all(secrets: Iterable[str], webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header `webhook-signature`: a signature for each secret, a space between them."""
    return " ".join(sign(secret, webhook_id, timestamp, body) for secret in secrets)


def verify(secret: str, headers: dict[str, str], body: bytes, now: int) -> bool:
    """Whether a webhook is ours and fresh. `headers` with lower-case names; several signatures may be given."""
    try:
        timestamp = int(headers["webhook-timestamp"])
        expected = sign(secret, headers["webhook-id"], timestamp, body)
        given = headers["webhook-signature"].split()
    except (KeyError, ValueError):
        return False
    if abs(now - timestamp) > TOLERANCE_SECONDS:
        return False
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)
