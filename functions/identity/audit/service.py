"""The audit log: what people and programs did that matters for security.

An entry is added once, numbered and chained by the database (migration 0008), and never changed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork
from shared.models.audit import ACTION, AuditEntry, AuditLogQuery
from shared.models.caller import Caller

_FOLDER = Path(__file__).parent
_ACTION = re.compile(ACTION)
_NAME = re.compile(r"[a-z_]{1,50}")
# An id or a word of an enumeration: no space, no slash, no address, nothing that somebody wrote.
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:*-]{0,99}")
_MOST_NAMES = 50
_MOST_ITEMS = 100


def record(
    work: UnitOfWork,
    action: str,
    *,
    actor: Caller | None,
    subject_type: str,
    subject_id: UUID | None,
    request_id: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write an act into the log, in the transaction of the act; the row is added right before the commit.

    action: `session.created`, `user.role_changed`. actor: who did it; None: nobody that is known. details: at most 50
    ids, words of enumerations, numbers and booleans, or lists of those, by names of lower-case letters. Raises
    ValueError for anything else: the log is kept for years and must not know addresses, names or secrets.
    """
    if not _ACTION.fullmatch(action) or len(action) > 100:
        raise ValueError("an action is called like session.created")
    if not _NAME.fullmatch(subject_type):
        raise ValueError("a type of subject is a word of lower-case letters")
    names = {
        "action": action,
        "actor_type": "anonymous" if actor is None else actor.kind.value,
        "actor_id": None if actor is None else actor.id,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "request_id": request_id,
        "details": Jsonb(_pseudonymous(details or {})),
    }
    work.before_commit(partial(work.execute, load_queries(_FOLDER)["insert_entry"], names))


def _pseudonymous(details: Mapping[str, Any]) -> dict[str, Any]:
    if len(details) > _MOST_NAMES:
        raise ValueError(f"details name at most {_MOST_NAMES} things")
    found: dict[str, Any] = {}
    for name, value in details.items():
        if not _NAME.fullmatch(name):
            raise ValueError("the names of details are lower-case letters")
        if isinstance(value, list | tuple | set | frozenset):
            if len(value) > _MOST_ITEMS:
                raise ValueError(f"{name} lists more than {_MOST_ITEMS} things")
            found[name] = [_plain(name, item) for item in value]
        else:
            found[name] = _plain(name, value)
    return found


def _plain(name: str, value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, int) and abs(value) < 2**63:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, str) and _WORD.fullmatch(value):
        return str(value)
    # The value itself may be what must not be written anywhere.
    raise ValueError(f"{name} must be an id, a word, a number or a boolean")


def list_entries(work: UnitOfWork, asked: AuditLogQuery, after: UUID | None, limit: int) -> list[AuditEntry]:
    """Return entries of the tenant that fit what is asked, newest first, beginning after an entry."""
    names = {
        "after": after,
        "action": asked.action,
        "actor_id": asked.actor,
        "subject_id": asked.subject,
        "since": asked.since,
        "until": asked.until,
        "limit": limit,
    }
    return [AuditEntry(**row) for row in work.fetch_all(load_queries(_FOLDER)["list_entries"], names)]
