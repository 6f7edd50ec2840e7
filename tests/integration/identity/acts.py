"""Acts in the audit log, as tests of it need them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row

from functions.identity.audit import service as audit
from infra.local.postgres import SUPERUSER
from shared.db.connection import Connection
from shared.db.unit_of_work import Database, UnitOfWork
from shared.models.caller import Caller, CallerKind
from tests.fixtures.engines import TestDatabase


def act(work: UnitOfWork, number: int = 0, **details: Any) -> None:
    """Record an act; odd ones have an actor and a subject, even ones lack what may be lacking."""
    assert work.tenant_id is not None
    known = number % 2 == 1
    audit.record(
        work,
        "session.created" if known else "session.refused",
        actor=Caller(work.tenant_id, CallerKind.USER, uuid4()) if known else None,
        subject_type="session",
        subject_id=uuid4() if known else None,
        request_id=f"request-{number}" if known else None,
        details={"number": number, **details} if known else None,
    )


def fill_log(app: Database, tenant_id: UUID, entries: int) -> None:
    """Record so many acts of a tenant, in as many transactions."""
    for number in range(1, entries + 1):
        with app.transaction(tenant_id) as work:
            act(work, number)


def log_of(app: Database, tenant_id: UUID) -> list[dict[str, Any]]:
    """Return a tenant's log, oldest first."""
    with app.transaction(tenant_id) as work:
        return work.fetch_all("SELECT * FROM identity.audit_log ORDER BY sequence")


@contextmanager
def intruder(database: TestDatabase) -> Iterator[Connection]:
    """A superuser before whom no trigger, no wall and no reference stands; what they do is undone in the end."""
    with psycopg.connect(database.dsn(SUPERUSER), row_factory=dict_row) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.commit()
        yield connection
        connection.rollback()
