"""What has run out is deleted, and nothing else, by a role that may delete nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from functions.identity.people.sweep import SWEPT, sweep
from infra.local.postgres import SUPERUSER
from shared.db.unit_of_work import Database
from shared.errors import AppError
from tests.fixtures.engines import TestDatabase
from tests.integration.database.conftest import HOUSE, OTHER
from tests.integration.database.rows import add_tenant

# A row of each table for a tenant, and by how much its time is in the past.
_ROWS = """
WITH person AS (
    INSERT INTO identity.users (tenant_id, email, username, password_hash)
    VALUES (%(t)s, 'a@example.com', 'a', 'x') RETURNING id
), session AS (
    INSERT INTO identity.sessions (tenant_id, user_id, ip_address, user_agent, expires_at, created_at)
    SELECT %(t)s, id, 'x', 'x', now() - %(old)s::interval + interval '1 day', now() - %(old)s::interval
    FROM person RETURNING id
), refresh AS (
    INSERT INTO identity.refresh_tokens (tenant_id, session_id, created_at)
    SELECT %(t)s, id, now() - %(old)s::interval FROM session
), once AS (
    INSERT INTO identity.one_time_tokens (tenant_id, user_id, purpose, email, expires_at)
    SELECT %(t)s, id, 'verify_email', 'a@example.com', now() - %(old)s::interval FROM person
), told AS (
    INSERT INTO identity.outbox (tenant_id, event_type, detail, published_at)
    VALUES (%(t)s, 'x', '{}', now() - %(old)s::interval), (%(t)s, 'y', '{}', NULL)
), revoked AS (
    INSERT INTO identity.revoked_tokens (jti, tenant_id, expires_at)
    VALUES (%(jti)s, %(t)s, now() - %(old)s::interval)
)
INSERT INTO identity.idempotency_keys
    (tenant_id, operation, key, fingerprint, status_code, response, created_at)
VALUES (%(t)s, 'x', 'x', repeat('0', 64), 200, '{}', now() - %(old)s::interval)
"""


@pytest.fixture
def all_seeing(database: TestDatabase) -> Iterator[psycopg.Connection[tuple[int]]]:
    """The database as its administrator sees it."""
    with psycopg.connect(database.dsn(SUPERUSER), autocommit=True) as link:
        yield link


def _counts(link: psycopg.Connection[tuple[int]]) -> dict[str, int]:
    found = {}
    for table in SWEPT:
        counting = f"SELECT count(*) FROM identity.{table}"  # noqa: S608 - names of the module
        if table == "outbox":
            counting += " WHERE published_at IS NOT NULL"
        row = link.execute(counting.encode()).fetchone()
        assert row is not None
        found[table] = row[0]
    return found


def _add(link: psycopg.Connection[tuple[int]], tenant: object, old: str) -> None:
    link.execute(_ROWS.encode(), {"t": tenant, "old": old, "jti": uuid4()})


def test_what_has_run_out_goes_for_every_tenant(
    app: Database, system: Database, all_seeing: psycopg.Connection[tuple[int]]
) -> None:
    add_tenant(app, OTHER)
    for tenant in (HOUSE, OTHER):
        _add(all_seeing, tenant, "34 days")
    assert _counts(all_seeing) == dict.fromkeys(SWEPT, 2)

    assert sweep(system) == dict.fromkeys(SWEPT, 2)

    assert _counts(all_seeing) == dict.fromkeys(SWEPT, 0)
    assert sweep(system) == dict.fromkeys(SWEPT, 0)


@pytest.mark.parametrize(
    ("old", "left"),
    [
        ("-1 hours", set(SWEPT)),
        ("1 hours", {"outbox", "idempotency_keys", "one_time_tokens", "refresh_tokens", "sessions"}),
        ("25 hours", {"outbox", "one_time_tokens", "refresh_tokens", "sessions"}),
        ("7 days 1 hour", {"one_time_tokens", "refresh_tokens", "sessions"}),
        ("30 days 1 hour", {"refresh_tokens", "sessions"}),
        ("32 days", {"sessions"}),
        ("33 days 1 hour", set()),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} left",
)
def test_what_has_not_run_out_stays(
    system: Database, all_seeing: psycopg.Connection[tuple[int]], old: str, left: set[str]
) -> None:
    _add(all_seeing, HOUSE, old)

    sweep(system)

    assert {table for table, count in _counts(all_seeing).items() if count} == left


def test_an_event_that_was_never_published_stays(
    system: Database, all_seeing: psycopg.Connection[tuple[int]]
) -> None:
    _add(all_seeing, HOUSE, "90 days")

    sweep(system)

    assert all_seeing.execute("SELECT count(*), min(event_type) FROM identity.outbox").fetchone() == (1, "y")


@pytest.mark.parametrize("table", ["users", "invitations", "api_keys", "teams", "audit_log", "tenants"])
def test_the_system_deletes_nothing_else(system: Database, table: str) -> None:
    with pytest.raises(AppError), system.transaction(None) as work:
        work.execute(f"DELETE FROM identity.{table}")  # noqa: S608 - names of this file
