"""Tokens that leave by mail: an invitation, the proof of an address, a new password.

Form: `mail_<payload>.<signature>`, both base64url without padding. Payload: tenant (16 bytes), and the id of the row
that says whom the token is for, until when and whether it was used (16 bytes). Signature: HMAC-SHA256 with the secret
`mail-key` over the purpose and the payload. So the token is in no table, event or log: who sends the mail derives it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from pydantic import SecretStr

from shared import base64url
from shared.errors import FieldProblem, Invalid

PREFIX = "mail_"
"""How a token that left by mail begins."""


class Purpose(StrEnum):
    """What a token is for; it opens nothing else."""

    ACCEPT_INVITATION = "accept_invitation"
    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105  # the name of a purpose


@dataclass(frozen=True)
class Claim:
    """What a token stands for: a row of a tenant."""

    tenant_id: UUID
    id: UUID


def refused() -> Invalid:
    """The one answer to a token that is forged, altered, of another purpose, used, replaced or too old."""
    return Invalid("The token is not valid.", (FieldProblem("/token", "is not valid, or no longer"),))


def _sign(payload: bytes, purpose: Purpose, key: str) -> bytes:
    return hmac.digest(key.encode(), b"mail\x00" + purpose.encode() + b"\x00" + payload, hashlib.sha256)


def issue(claim: Claim, purpose: Purpose, key: str) -> str:
    """Return the token of a row; the same row gives the same token."""
    payload = claim.tenant_id.bytes + claim.id.bytes
    return f"{PREFIX}{base64url.encode(payload)}.{base64url.encode(_sign(payload, purpose, key))}"


def check(token: SecretStr, purpose: Purpose, key: str) -> Claim:
    """Return what a token stands for; whether that still holds, its row says. Raises Invalid."""
    text = token.get_secret_value()
    body, _, signature = text.removeprefix(PREFIX).partition(".")
    try:
        payload, given = base64url.decode(body), base64url.decode(signature)
    except ValueError as error:
        raise refused() from error
    sound = text.startswith(PREFIX) and len(payload) == 32
    if not hmac.compare_digest(_sign(payload, purpose, key), given) or not sound:
        raise refused()
    return Claim(UUID(bytes=payload[:16]), UUID(bytes=payload[16:]))
