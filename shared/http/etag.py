"""Entity tags (RFC 9110): what a client saw last, and whether it still is so."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel

from shared.errors import PreconditionFailed


def etag_of(body: BaseModel | str) -> str:
    """Return the strong entity tag of a representation."""
    text = body if isinstance(body, str) else body.model_dump_json()
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _listed(header: str) -> list[str]:
    return [item.strip() for item in header.split(",")]


def unchanged(if_none_match: str | None, etag: str) -> bool:
    """Whether the client has this representation already; comparison is weak, as for GET."""
    if if_none_match is None:
        return False
    return any(item == "*" or item.removeprefix("W/") == etag for item in _listed(if_none_match))


def require_match(if_match: str | None, current: BaseModel) -> None:
    """Raise PreconditionFailed when the client changes what is no longer as it saw it; comparison is strong."""
    if if_match is None:
        return
    etag = etag_of(current)
    if not any(item in ("*", etag) for item in _listed(if_match)):
        raise PreconditionFailed
