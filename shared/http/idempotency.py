"""One Idempotency-Key, one effect: the record, the work and its outbox rows are one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from psycopg.types.json import Json

from shared.db.unit_of_work import Database, UnitOfWork
from shared.errors import Conflict, FieldProblem, Invalid
from shared.http.request import Request

# The lock is held until the transaction ends; a request that meets it is told to come back.
_LOCK = """
SELECT pg_try_advisory_xact_lock(
    hashtextextended(concat_ws(' ', %(tenant_id)s::text, %(principal)s::text, %(operation)s::text, %(key)s::text), 0)
) AS free
"""
_FIND = """
SELECT fingerprint, status_code, response FROM identity.idempotency_keys
WHERE principal = %(principal)s AND operation = %(operation)s AND key = %(key)s
"""
_KEEP = """
INSERT INTO identity.idempotency_keys (tenant_id, principal, operation, key, fingerprint, status_code, response)
VALUES (%(tenant_id)s, %(principal)s, %(operation)s, %(key)s, %(fingerprint)s, %(status_code)s,
    %(response)s)
"""


def key_of(request: Request) -> str | None:
    """Return the Idempotency-Key of a request, None when there is none. Raises Invalid."""
    key = request.header("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= 255 or not key.isprintable():
        problem = FieldProblem("/headers/Idempotency-Key", "must be 1 to 255 printable characters")
        raise Invalid("The Idempotency-Key is not valid.", (problem,))
    return key


def fingerprint(method: str, path: str, body: Any) -> str:
    """Return the SHA-256 of what was asked, independent of the order of fields."""
    text = json.dumps([method, path, body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def once(
    work: UnitOfWork,
    operation: str,
    key: str | None,
    asked: str,
    do: Callable[[], dict[str, Any]],
    status_code: int,
    principal: str = "",
) -> dict[str, Any]:
    """Do the work, or return what it answered under the same key of the same principal before.

    Raises Conflict (with retry_after) while the same key is in flight, Invalid when it was used for another body.
    """
    if key is None:
        return do()
    names = {"principal": principal, "operation": operation, "key": key}
    lock = work.fetch_one(_LOCK, names)
    if lock is None or not lock["free"]:
        raise Conflict("A request with this Idempotency-Key is in flight.", retry_after=1)
    kept = work.fetch_one(_FIND, names)
    if kept is not None:
        if kept["fingerprint"] != asked:
            raise Invalid("This Idempotency-Key was used for another request.")
        return dict(kept["response"])
    response = do()
    work.execute(
        _KEEP,
        {**names, "fingerprint": asked, "status_code": status_code, "response": Json(response)},
    )
    return response


def transact(
    request: Request,
    database: Database,
    tenant_id: UUID,
    operation: str,
    do: Callable[[UnitOfWork], dict[str, Any]],
    *,
    principal: str = "",
    body: Any = None,
    status_code: int = 200,
) -> dict[str, Any]:
    """Run `do` in one transaction of the tenant, once for the request's Idempotency-Key."""
    key = key_of(request)
    asked = fingerprint(request.method, request.path, body)
    with database.transaction(tenant_id) as work:
        return once(work, operation, key, asked, lambda: do(work), status_code, principal)
