"""Deleting what has run out: published events, answers of idempotent requests, tokens and sessions."""

from __future__ import annotations

from functions.identity.people.act import queries
from shared.db.unit_of_work import Database

# Refresh tokens before the sessions they belong to.
SWEPT = ("outbox", "idempotency_keys", "revoked_tokens", "one_time_tokens", "refresh_tokens", "sessions")


def sweep(database: Database) -> dict[str, int]:
    """Delete what has run out, each table in a transaction of its own; return how many rows of each.

    database: as the system's role, which may delete nothing else: the policies of the tables carry the conditions.
    """
    found = {}
    for table in SWEPT:
        with database.transaction(None) as work:
            found[table] = work.execute(queries()[f"sweep_{table}"])
    return found
