"""Capability tokens: intake returns a token that opens its own project to whoever holds it, without an account.

Form: `cap_<payload>.<signature>`, both base64url without padding. Payload: tenant (16 bytes), project (16 bytes),
expiry (8 bytes, seconds since 1970, big endian). Signature: HMAC-SHA256 with the secret `capability-key`.
A token carries no run: forks and retries of the project stay within reach.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from shared.errors import Unauthorized

PREFIX = "cap_"
"""How a capability token begins."""


@dataclass(frozen=True)
class Capability:
    """What a token opens, and until when."""

    tenant_id: UUID
    project_id: UUID
    expires_at: datetime


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(data) != text:
        raise ValueError("not the canonical spelling")
    return data


def _sign(payload: bytes, key: str) -> bytes:
    return hmac.digest(key.encode(), b"capability\x00" + payload, hashlib.sha256)


def issue(capability: Capability, key: str) -> str:
    """Return the token of a capability; the same capability gives the same token."""
    expiry = int(capability.expires_at.timestamp())
    payload = capability.tenant_id.bytes + capability.project_id.bytes + expiry.to_bytes(8, "big")
    return f"{PREFIX}{_encode(payload)}.{_encode(_sign(payload, key))}"


def check(token: str, key: str, now: datetime) -> Capability:
    """Return what a token opens. Raises Unauthorized when it is forged, altered or expired."""
    body, _, signature = token.removeprefix(PREFIX).partition(".")
    try:
        payload, given = _decode(body), _decode(signature)
    except (ValueError, binascii.Error) as error:
        raise Unauthorized from error
    sound = token.startswith(PREFIX) and len(payload) == 40
    if not hmac.compare_digest(_sign(payload, key), given) or not sound:
        raise Unauthorized
    expires_at = datetime.fromtimestamp(int.from_bytes(payload[32:], "big"), UTC)
    if now >= expires_at:
        raise Unauthorized("The token has expired.")
    return Capability(UUID(bytes=payload[:16]), UUID(bytes=payload[16:32]), expires_at)
