"""The canonical form of an entry of the audit log, and its hash.

Migration 0008 builds the same bytes in the database when a row is added. This is the second, independent reading of
the same rules: verification must not ask the database whether the database is right.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

VERSION = "roboagency.audit/1"
GENESIS = bytes(32)
"""What the first entry of a tenant follows."""

FIELDS = (
    "tenant_id",
    "sequence",
    "id",
    "occurred_at",
    "action",
    "actor_type",
    "actor_id",
    "subject_type",
    "subject_id",
    "request_id",
    "details",
    "previous_hash",
)
"""What is hashed, in this order: every column but the hash itself."""


class _Number(str):
    """A number of JSON as it was written; its digits are never rounded."""

    __slots__ = ()


def field(value: str | None) -> str:
    """Return a value as its length in bytes of UTF-8, a colon and itself; None is a hyphen."""
    return "-" if value is None else f"{len(value.encode())}:{value}"


def _number(literal: str) -> str:
    return literal.rstrip("0").rstrip(".") if "." in literal else literal


def _form(value: Any) -> str:
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode())
        return "{" + "".join(field(key) + _form(item) for key, item in members) + "}"
    if isinstance(value, list):
        return "[" + "".join(map(_form, value)) + "]"
    if isinstance(value, _Number):
        return "n" + field(_number(value))
    if isinstance(value, str):
        return "s" + field(value)
    return json.dumps(value)


def json_form(text: str) -> str:
    """Return JSON, as PostgreSQL prints a jsonb, in canonical form: numbers there have no exponent."""
    return _form(json.loads(text, parse_int=_Number, parse_float=_Number))


def canonical(entry: Mapping[str, Any]) -> bytes:
    """Return the bytes that are hashed.

    entry: FIELDS as texts or None; `sequence` and `occurred_at` (microseconds since 1970, UTC) as int, `details` as
    the text of its JSON, `previous_hash` as bytes.
    """
    atoms = {
        **entry,
        "sequence": str(entry["sequence"]),
        "occurred_at": str(entry["occurred_at"]),
        "details": json_form(entry["details"]),
        "previous_hash": entry["previous_hash"].hex(),
    }
    return (VERSION + "".join(field(atoms[name]) for name in FIELDS)).encode()


def digest(entry: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 that an entry must carry; see `canonical` for its shape."""
    return hashlib.sha256(canonical(entry)).digest()
