"""Migrations lead up and back down, step by step, and leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from functions.stewardship.migrations import NEWEST, migrate
from infra.local.postgres import OWNER
from shared.db.migrations.runner import FOLDER, downgrade, upgrade
from shared.settings import OwnerDatabaseSettings
from tests.fixtures.engines import TestDatabase
from tests.integration.database.schema import SCHEMAS, dump

TENANT = "00000000-0000-7000-8000-000000000001"


def revisions() -> list[str]:
    """Every revision, the first one first."""
    configuration = Config()
    configuration.set_main_option("script_location", str(FOLDER))
    scripts = ScriptDirectory.from_config(configuration)
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


@contextmanager
def owner(database: TestDatabase) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.dsn(OWNER)) as connection:
        yield connection


def settings(database: TestDatabase, tenant: str = TENANT) -> OwnerDatabaseSettings:
    given = database.environment() | {"DATABASE_OWNER": OWNER, "HOUSE_TENANT_ID": tenant}
    return OwnerDatabaseSettings.load(given)


def test_there_is_one_line_of_migrations_and_its_end_is_the_newest() -> None:
    found = revisions()

    assert found == [f"{number:04}" for number in range(1, len(found) + 1)]
    assert found[-1] == NEWEST


def test_every_step_down_leaves_what_was_there_before_its_step_up(empty_database: TestDatabase) -> None:
    with owner(empty_database) as connection:
        before = {"base": dump(connection)}
        for revision in revisions():
            upgrade(connection, revision)
            before[revision] = dump(connection)
        stations = ["base", *revisions()]
        assert len({str(before[station]) for station in stations}) == len(stations)

        for station in reversed(stations[:-1]):
            downgrade(connection, station)
            assert dump(connection) == before[station], f"after the way down to {station}"

        upgrade(connection)
        assert dump(connection) == before[stations[-1]]


def test_the_newest_database_has_the_schemas_of_every_context(database: TestDatabase) -> None:
    with owner(database) as connection:
        found = {row[0] for row in dump(connection)["schemas"]}

    assert found == {*SCHEMAS, "public"}


def test_an_empty_database_is_migrated_and_has_its_house(empty_database: TestDatabase) -> None:
    assert migrate(settings(empty_database)) == NEWEST

    with owner(empty_database) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [TENANT])
        rows = connection.execute("SELECT id::text, name, status FROM identity.tenants").fetchall()
    assert rows == [(TENANT, "RoboAgency", "active")]


def test_migrating_again_changes_nothing(empty_database: TestDatabase) -> None:
    migrate(settings(empty_database))
    with owner(empty_database) as connection:
        before = dump(connection)

    assert migrate(settings(empty_database)) == NEWEST

    with owner(empty_database) as connection:
        assert dump(connection) == before


def test_a_database_of_an_older_day_keeps_its_rows(empty_database: TestDatabase) -> None:
    with owner(empty_database) as connection:
        upgrade(connection, "0003")
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [TENANT])
        connection.execute("INSERT INTO identity.tenants (id, name) VALUES (%s, 'Old')", [TENANT])
        connection.execute(
            "INSERT INTO agency.leads (tenant_id, email, sector, idea) VALUES (%s, 'a@b.co', 'saas', 'x')",
            [TENANT],
        )
        connection.commit()

    migrate(settings(empty_database))

    with owner(empty_database) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [TENANT])
        assert connection.execute("SELECT name FROM identity.tenants").fetchall() == [("Old",)]
        assert connection.execute("SELECT count(*) FROM agency.leads").fetchone() == (1,)


_OLD_DELIVERIES = """
INSERT INTO identity.webhook_deliveries (tenant_id, event_type, subject_id, payload, status, attempts, delivered_at)
VALUES (%(id)s, 'project_completed', uuidv7(), '{"n": 1}', 'delivered', 2, now()),
    (%(id)s, 'project_completed', uuidv7(), '{"n": 2}', 'pending', 1, NULL),
    (%(id)s, 'project_completed', uuidv7(), '{"n": 3}', 'failed', 8, NULL),
    (%(id)s, 'project_completed', uuidv7(), '{"n": 4}', 'disabled', 0, NULL)
"""


def test_webhooks_of_an_older_day_are_still_told_of(empty_database: TestDatabase) -> None:
    def seen(connection: psycopg.Connection[Any], query: str) -> list[tuple[Any, ...]]:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [TENANT])
        found = connection.execute(query.encode()).fetchall()
        connection.commit()
        return found

    with owner(empty_database) as connection:
        upgrade(connection, "0008")
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [TENANT])
        connection.execute("INSERT INTO identity.tenants (id, name) VALUES (%s, 'Old')", [TENANT])
        connection.execute(_OLD_DELIVERIES, {"id": TENANT})
        connection.commit()
        before = seen(
            connection, "SELECT id, subject_id FROM identity.webhook_deliveries ORDER BY payload ->> 'n'"
        )

        upgrade(connection, "0009")
        events = seen(connection, "SELECT id, subject_id FROM identity.webhook_events ORDER BY data ->> 'n'")
        after = seen(
            connection,
            """SELECT d.id, d.status, d.attempts FROM identity.webhook_deliveries d
            JOIN identity.webhook_events e ON e.id = d.event_id ORDER BY e.data ->> 'n'""",
        )
        assert events == before
        states = [("delivered", 2), ("cancelled", 1), ("failed", 8)]
        assert after == [(row[0], *state) for row, state in zip(before, states, strict=False)]

        downgrade(connection, "0008")
        back = seen(
            connection,
            "SELECT id, subject_id, status FROM identity.webhook_deliveries ORDER BY payload ->> 'n'",
        )
        assert [row[:2] for row in back] == before
        assert [row[2] for row in back] == ["delivered", "failed", "failed", "disabled"]


def test_a_step_that_fails_leaves_the_step_before_it(
    empty_database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.db.migrations import runner

    with owner(empty_database) as connection:
        upgrade(connection, "0002")
        before = dump(connection)
        run_sql = runner.run_sql

        def half(name: str) -> None:
            run_sql(name)
            raise RuntimeError("the power went")

        monkeypatch.setattr(runner, "run_sql", half)
        with pytest.raises(RuntimeError, match="the power went"):
            upgrade(connection, "0003")
        connection.rollback()
        monkeypatch.undo()

        assert dump(connection) == before
        upgrade(connection)
