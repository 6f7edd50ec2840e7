"""base64url without padding (RFC 4648, section 5), in the one spelling that each value has."""

from __future__ import annotations

import base64
import binascii


def encode(data: bytes) -> str:
    """Return `data` in base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Return what `text` spells. Raises ValueError unless it is spelt as `encode` does.

    Foreign characters, padding, line breaks and loose bits at the end, which many decoders overlook, would give one
    token several spellings.
    """
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64url") from error
    if encode(data) != text:
        raise ValueError("not the canonical spelling")
    return data
