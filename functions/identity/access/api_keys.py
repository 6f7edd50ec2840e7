"""API keys: how a program comes in. A key does, within its scopes, what its owner may at that moment.

Form: `sk-` and 86 characters of base64url: the key's id (16 bytes), its tenant (16), a secret (32). The secret is an
HMAC with the secret `token-key`, so that whoever repeats the request that made a key is shown the same one; nothing
but its SHA-256 is kept. That is what a presented key is compared with: another `token-key` leaves older keys as they
are.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from functions.identity.access.policies import may
from functions.identity.audit import service as audit
from shared import base64url
from shared.adapters.redis_connection import hashed_to
from shared.bootstrap import Container
from shared.db.queries import load_queries
from shared.db.unit_of_work import Row, UnitOfWork
from shared.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound, Unauthorized
from shared.models.api_key import ApiKey, ApiKeyCreate
from shared.models.caller import Caller, CallerKind, Role

PREFIX = "sk-"
"""How an API key begins."""

_FOLDER = Path(__file__).parent
_SHOWN = len(PREFIX) + 22
_LONGEST_LIFE = timedelta(days=3653)
_USE_PERIOD = timedelta(minutes=1)
# A key that has ended stays so; the time to live only bounds what the copies take.
_COPY_SECONDS = 3600
_EVERYTHING = "*"


def create_key(own: Container, work: UnitOfWork, caller: Caller, asked: ApiKeyCreate) -> ApiKey:
    """Make a key of the caller's. Raises Invalid for a scope that it could not use or a life that makes no sense."""
    now = own.clock.now()
    _refuse_scopes(own, caller, asked.scopes)
    if asked.expires_at is not None and not now < asked.expires_at <= now + _LONGEST_LIFE:
        problem = FieldProblem("/expires_at", "must lie in the future, ten years ahead at most")
        raise Invalid("The body has fields that are not valid.", (problem,))
    return _insert(own, work, _owner(caller), asked.name, sorted(set(asked.scopes)), asked.expires_at)


def list_keys(work: UnitOfWork, user_id: UUID, *, after: UUID | None, limit: int) -> list[ApiKey]:
    """Return a page of a user's keys, newest first, also those that have ended."""
    names = {"user_id": user_id, "after": after, "limit": limit}
    rows = work.fetch_all(load_queries(_FOLDER)["list_keys"], names)
    return [ApiKey.model_validate(row) for row in rows]


def get_key(work: UnitOfWork, caller: Caller, key_id: UUID) -> ApiKey:
    """Return a key of the caller's, or anybody's for an administrator. Raises NotFound."""
    return _visible(work, "get_key", caller, key_id)


def hold_key(work: UnitOfWork, caller: Caller, key_id: UUID) -> ApiKey:
    """Return a key that this transaction changes; others wait for its end. Raises NotFound."""
    return _visible(work, "hold_key", caller, key_id)


def rename_key(work: UnitOfWork, key: ApiKey, name: str) -> ApiKey:
    """Give a key another name."""
    row = work.fetch_one(load_queries(_FOLDER)["rename_key"], {"id": key.id, "name": name})
    return ApiKey.model_validate(row)


def revoke_key(own: Container, work: UnitOfWork, key: ApiKey) -> bool:
    """End a key for good; return whether it was not ended before."""
    names = {"id": key.id, "now": own.clock.now()}
    return work.execute(load_queries(_FOLDER)["revoke_key"], names) == 1


def rotate_key(own: Container, work: UnitOfWork, caller: Caller, key: ApiKey, overlap_seconds: int) -> ApiKey:
    """Make a key that replaces another, with its scopes and as long a life; the old one ends after the overlap.

    Raises Forbidden for a key of somebody else, Conflict when it has ended or been replaced.
    """
    now = own.clock.now()
    if key.user_id != caller.user_id:
        raise Forbidden("Only its owner may rotate a key: whoever does so sees the new one.")
    if key.successor_id is not None:
        raise Conflict("This key has been rotated before; rotate its successor.")
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise Conflict("This key has ended; make a new one.")
    life = None if key.expires_at is None else key.expires_at - key.created_at
    successor = _insert(own, work, key.user_id, key.name, key.scopes, None if life is None else now + life)
    names = {"id": key.id, "successor_id": successor.id, "ends_at": now + timedelta(seconds=overlap_seconds)}
    work.execute(load_queries(_FOLDER)["succeed_key"], names)
    return successor


def whole_key(own: Container, work: UnitOfWork, key_id: UUID) -> str:
    """Return a key that was just made, or is asked for again under its Idempotency-Key.

    Raises Conflict when it cannot be shown any more since `token-key` is another.
    """
    row = work.fetch_one(load_queries(_FOLDER)["find_presented_key"], {"id": key_id})
    if row is None or work.tenant_id is None:
        raise NotFound("There is no such key.")
    found = _derive(key_id, work.tenant_id, own.token_key)
    if not hmac.compare_digest(_hash(found), row["key_hash"]):
        raise Conflict("This key cannot be shown again; rotate it.")
    return found


def record(work: UnitOfWork, action: str, caller: Caller, key: ApiKey, request_id: str) -> None:
    """Write into the audit log what was done with a key."""
    scopes = ["everything" if scope == _EVERYTHING else scope for scope in key.scopes]
    details: dict[str, Any] = {"owner_id": key.user_id, "scopes": scopes}
    if key.successor_id is not None:
        details["successor_id"] = key.successor_id
    audit.record(
        work,
        action,
        actor=caller,
        subject_type="api_key",
        subject_id=key.id,
        request_id=request_id,
        details=details,
    )


def remember_end(own: Container, prefix: str) -> None:
    """Have the copies refuse a key that has ended, before the database is asked."""
    own.copies.keep(_copy(prefix), b"ended", _COPY_SECONDS)


def authenticate(own: Container, token: str) -> Caller:
    """Return the caller whose key it is, in the role that its owner has now. Raises Unauthorized."""
    try:
        payload = base64url.decode(token.removeprefix(PREFIX))
    except ValueError as error:
        raise Unauthorized from error
    if not token.startswith(PREFIX) or len(payload) != 64:
        raise Unauthorized
    key_id, tenant_id = UUID(bytes=payload[:16]), UUID(bytes=payload[16:32])
    if own.copies.find([_copy(token[:_SHOWN])]) != [None]:
        raise Unauthorized
    now = own.clock.now()
    with own.database.transaction(tenant_id) as work:
        row = work.fetch_one(load_queries(_FOLDER)["find_presented_key"], {"id": key_id})
        if row is None or not hmac.compare_digest(_hash(token), row["key_hash"]):
            raise Unauthorized
        if not _has_ended(row, now):
            if not row["owner_stands"]:
                raise Unauthorized
            _mark_used(work, key_id, row, now)
            return _caller(tenant_id, key_id, row)
    remember_end(own, row["prefix"])
    raise Unauthorized


def _caller(tenant_id: UUID, key_id: UUID, row: Row) -> Caller:
    scopes, role = tuple(row["scopes"]), Role(row["role"])
    return Caller(tenant_id, CallerKind.API_KEY, key_id, user_id=row["user_id"], role=role, scopes=scopes)


def _has_ended(row: Row, now: datetime) -> bool:
    expired = row["expires_at"] is not None and row["expires_at"] <= now
    return row["revoked_at"] is not None or expired


def _mark_used(work: UnitOfWork, key_id: UUID, row: Row, now: datetime) -> None:
    before = now - _USE_PERIOD
    if row["last_used_at"] is None or row["last_used_at"] <= before:
        work.execute(load_queries(_FOLDER)["mark_used"], {"id": key_id, "now": now, "before": before})


def _derive(key_id: UUID, tenant_id: UUID, token_key: str) -> str:
    payload = key_id.bytes + tenant_id.bytes
    secret = hmac.digest(token_key.encode(), b"api-key\x00" + payload, hashlib.sha256)
    return PREFIX + base64url.encode(payload + secret)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _copy(prefix: str) -> str:
    return hashed_to("api_key:", prefix)


def _owner(caller: Caller) -> UUID:
    if caller.user_id is None:
        raise Forbidden("Only people have keys.")
    return caller.user_id


def _insert(
    own: Container, work: UnitOfWork, user_id: UUID, name: str, scopes: list[str], expires_at: datetime | None
) -> ApiKey:
    sql = load_queries(_FOLDER)
    made = work.fetch_one(sql["next_key_id"])
    if made is None or work.tenant_id is None:
        raise LookupError("a key needs an id and a tenant")
    token = _derive(made["id"], work.tenant_id, own.token_key)
    names = {
        "id": made["id"],
        "user_id": user_id,
        "name": name,
        "prefix": token[:_SHOWN],
        "key_hash": _hash(token),
        "scopes": scopes,
        "expires_at": expires_at,
        "now": own.clock.now(),
    }
    return ApiKey.model_validate(work.fetch_one(sql["insert_key"], names))


def _visible(work: UnitOfWork, statement: str, caller: Caller, key_id: UUID) -> ApiKey:
    row = work.fetch_one(load_queries(_FOLDER)[statement], {"id": key_id})
    if row is None or (row["user_id"] != caller.user_id and caller.role is not Role.ADMIN):
        raise NotFound("There is no such key.")
    return ApiKey.model_validate(row)


def _refuse_scopes(own: Container, caller: Caller, scopes: list[str]) -> None:
    """Raise Invalid for scopes that a key of the caller's could not use: unknown ones, and more than its role has."""
    problems = []
    for index, scope in enumerate(scopes):
        key = Caller(caller.tenant_id, CallerKind.API_KEY, caller.id, caller.user_id, caller.role, (scope,))
        if scope != _EVERYTHING and not may(own, key, scope):
            problems.append(FieldProblem(f"/scopes/{index}", "is not something that a key of yours may do"))
    if problems:
        raise Invalid("The body has fields that are not valid.", tuple(problems))
