"""A tenant sees its own rows and nobody else's, whatever a statement says."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from shared.db.unit_of_work import Database, UnitOfWork
from shared.errors import AppError
from tests.fixtures.engines import TestDatabase
from tests.integration.database.conftest import HOUSE, OTHER
from tests.integration.database.rows import DIGEST, fill
from tests.integration.database.schema import tables

# Rows of a table without an insert of their own: identity.tenants is the tenant itself.
_TENANT_COLUMN = {"identity.tenants": "id"}


def every_table(database: TestDatabase) -> list[str]:
    with psycopg.connect(database.dsn("postgres")) as connection:
        return tables(connection)


def count(work: UnitOfWork, table: str) -> int:
    row = work.fetch_one(f"SELECT count(*) AS rows FROM {table}")  # noqa: S608 - names from the catalog
    assert row is not None
    return int(row["rows"])


def counts(app: Database, tenant: UUID | None, names: list[str]) -> dict[str, int]:
    with app.transaction(tenant) as work:
        return {name: count(work, name) for name in names}


def test_every_table_is_filled_for_these_tests(database: TestDatabase, app: Database) -> None:
    fill(app, HOUSE)

    found = counts(app, HOUSE, every_table(database))

    assert [name for name, rows in found.items() if rows == 0] == []


def test_nothing_is_seen_without_a_tenant(database: TestDatabase, app: Database) -> None:
    fill(app, HOUSE)

    assert set(counts(app, None, every_table(database)).values()) == {0}


def test_the_owner_of_the_tables_sees_nothing_without_a_tenant(
    database: TestDatabase, app: Database, owner: Database
) -> None:
    fill(app, HOUSE)

    assert set(counts(owner, None, every_table(database)).values()) == {0}


def test_a_tenant_sees_only_its_own(database: TestDatabase, app: Database, other_tenant: UUID) -> None:
    names = every_table(database)
    fill(app, HOUSE)
    before = counts(app, HOUSE, names)

    assert {n: r for n, r in counts(app, other_tenant, names).items() if r} == {"identity.tenants": 1}

    fill(app, other_tenant)
    assert counts(app, HOUSE, names) == before
    assert counts(app, other_tenant, names) == before
    assert sum(before.values()) > 50


def test_a_tenant_changes_and_deletes_nothing_of_another(
    database: TestDatabase, app: Database, other_tenant: UUID
) -> None:
    names = every_table(database)
    fill(app, HOUSE)
    before = counts(app, HOUSE, names)

    for name in names:
        column = _TENANT_COLUMN.get(name, "tenant_id")
        for statement in (
            f"DELETE FROM {name} WHERE {column} = %(house)s",  # noqa: S608 - names from the catalog
            f"UPDATE {name} SET {column} = {column} WHERE {column} = %(house)s",  # noqa: S608 - the same
        ):
            assert touched(app, other_tenant, statement, {"house": HOUSE}) in (0, None)

    assert counts(app, HOUSE, names) == before


def touched(app: Database, tenant: UUID | None, statement: str, values: dict[str, Any]) -> int | None:
    """Return how many rows a statement touches; None when the database refuses it."""
    try:
        with app.transaction(tenant) as work:
            return work.execute(statement, values)
    except AppError:
        return None


def test_a_row_cannot_be_given_away(database: TestDatabase, app: Database, other_tenant: UUID) -> None:
    fill(app, HOUSE)

    for name in every_table(database):
        column = _TENANT_COLUMN.get(name, "tenant_id")
        statement = f"UPDATE {name} SET {column} = %(other)s"  # noqa: S608 - names from the catalog
        assert touched(app, HOUSE, statement, {"other": other_tenant}) is None


@pytest.mark.parametrize("tenant", [None, OTHER])
def test_a_row_cannot_be_written_for_another(app: Database, other_tenant: UUID, tenant: UUID | None) -> None:
    rows = {
        "identity.tenants": "INSERT INTO identity.tenants (id, name) VALUES (%(new)s, 'x')",
        "identity.outbox": (
            "INSERT INTO identity.outbox (tenant_id, event_type, detail) VALUES (%(house)s, 'x', '{}')"
        ),
        "agency.leads": (
            "INSERT INTO agency.leads (tenant_id, email, sector, idea) VALUES (%(house)s, 'a@b', 'saas', 'x')"
        ),
        "identity.audit_log": (
            "INSERT INTO identity.audit_log (tenant_id, action, actor_type, subject_type)"
            " VALUES (%(house)s, 'a.b', 'system', 'x')"
        ),
        "identity.idempotency_keys": (
            "INSERT INTO identity.idempotency_keys (tenant_id, operation, key, fingerprint, status_code, response)"
            " VALUES (%(house)s, 'x', 'x', %(digest)s, 200, '{}')"
        ),
    }
    values = {"house": HOUSE, "new": uuid4(), "digest": DIGEST}

    assert {table: touched(app, tenant, row, values) for table, row in rows.items()} == dict.fromkeys(rows)


def test_a_row_cannot_hang_on_another_tenants_row(app: Database, other_tenant: UUID) -> None:
    ids = fill(app, HOUSE)
    statement = (
        "INSERT INTO agency.workflow_runs (tenant_id, project_id, workflow_name, budget_microusd)"
        " VALUES (%(tenant_id)s, %(project)s, 'proto_v1', 1)"
    )

    assert touched(app, other_tenant, statement, {"project": ids["project"]}) is None
    assert touched(app, HOUSE, statement, {"project": ids["project"]}) == 1


def test_the_system_sees_the_outbox_and_stalled_work_of_all_and_nothing_else(
    database: TestDatabase, app: Database, system: Database, other_tenant: UUID
) -> None:
    fill(app, HOUSE)
    fill(app, other_tenant)
    seen = {
        "agency.workflow_runs",
        "identity.audit_heads",
        "identity.audit_log",
        "identity.outbox",
        "identity.webhook_deliveries",
        "knowledge.documents",
    }

    for name in every_table(database):
        statement = f"SELECT DISTINCT tenant_id FROM {name}"  # noqa: S608 - names from the catalog
        if name in seen:
            with system.transaction(None) as work:
                assert {row["tenant_id"] for row in work.fetch_all(statement)} == {HOUSE, other_tenant}
        else:
            assert touched(system, None, statement.replace("DISTINCT tenant_id", "1"), {}) is None


def test_the_system_does_not_read_what_documents_are_called_or_say(app: Database, system: Database) -> None:
    fill(app, HOUSE)

    assert touched(system, None, "SELECT name FROM knowledge.documents", {}) is None
    assert touched(system, None, "SELECT payload FROM knowledge.documents", {}) is None
    assert touched(system, None, "SELECT id, key, status FROM knowledge.documents", {}) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE agency.workflow_runs SET status = 'queued'",
        "UPDATE knowledge.documents SET status = 'indexing'",
        "UPDATE identity.webhook_deliveries SET status = 'pending'",
        "INSERT INTO identity.audit_log (tenant_id, action, actor_type, subject_type)"
        " VALUES (%(house)s, 'a.b', 'system', 'x')",
        "DELETE FROM agency.workflow_runs",
        "INSERT INTO identity.outbox (tenant_id, event_type, detail) VALUES (%(house)s, 'x', '{}')",
    ],
)
def test_the_system_writes_only_the_mark_of_the_outbox(
    app: Database, system: Database, statement: str
) -> None:
    fill(app, HOUSE)

    assert touched(system, None, statement, {"house": HOUSE}) is None
    assert touched(system, None, "DELETE FROM identity.outbox", {}) == 0, "what is new stays"
    assert touched(system, None, "UPDATE identity.outbox SET published_at = now()", {}) == 3


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE agency.leads NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant_wall ON agency.leads",
        "CREATE TABLE agency.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "TRUNCATE agency.leads CASCADE",
        "SET ROLE robo_owner",
        "SET SESSION AUTHORIZATION robo_owner",
        "UPDATE agents.definitions SET name = 'x'",
    ],
)
def test_the_application_cannot_take_the_wall_down(app: Database, statement: str) -> None:
    fill(app, HOUSE)

    assert touched(app, HOUSE, statement, {}) is None


def test_the_view_of_active_projects_has_one_row_a_project_of_ones_own(
    app: Database, other_tenant: UUID
) -> None:
    ids = fill(app, HOUSE)
    touched(
        app,
        HOUSE,
        "INSERT INTO agency.workflow_runs (tenant_id, project_id, workflow_name, budget_microusd)"
        " VALUES (%(tenant_id)s, %(project)s, 'proto_v1', 1)",
        {"project": ids["project"]},
    )

    assert counts(app, HOUSE, ["agency.active_projects_dashboard"]) == {"agency.active_projects_dashboard": 1}
    assert counts(app, other_tenant, ["agency.active_projects_dashboard"]) == {
        "agency.active_projects_dashboard": 0
    }
