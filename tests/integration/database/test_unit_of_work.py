"""One transaction: all of it or nothing, for one tenant, on a connection that works."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest

from infra.local.postgres import SUPERUSER
from shared.db.unit_of_work import Database, Row, UnitOfWork
from shared.errors import AppError, Conflict, DependencyUnavailable
from tests.fixtures.engines import TestDatabase
from tests.integration.database.conftest import HOUSE

ADD = (
    "INSERT INTO agency.leads (tenant_id, email, sector, idea) VALUES (%(tenant_id)s, %(email)s, 'saas', 'x')"
)
EMAILS = "SELECT email FROM agency.leads ORDER BY email"
TENANT = "SELECT kernel.tenant() AS tenant, pg_backend_pid() AS pid"


def emails(database: Database) -> list[str]:
    with database.transaction(HOUSE) as work:
        return [row["email"] for row in work.fetch_all(EMAILS)]


def session(database: Database, tenant: UUID | None) -> Row:
    with database.transaction(tenant) as work:
        row = work.fetch_one(TENANT)
    assert row is not None
    return row


def run(database: Database, *acts: Callable[[UnitOfWork], object]) -> None:
    """Do some things in one transaction of the house."""
    with database.transaction(HOUSE) as work:
        for act in acts:
            act(work)


def add(email: str) -> Callable[[UnitOfWork], object]:
    return lambda work: work.execute(ADD, {"email": email})


def fail(_: UnitOfWork) -> None:
    raise ZeroDivisionError


def end_connections(database: TestDatabase) -> None:
    """End every connection of the application, as a failover does."""
    with psycopg.connect(database.dsn(SUPERUSER), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'robo_app'"
        )


def test_what_a_block_wrote_is_there_after_it_and_not_before(database: TestDatabase, app: Database) -> None:
    other = Database(database.settings())
    with app.transaction(HOUSE) as work:
        assert work.execute(ADD, {"email": "a@b.co"}) == 1
        assert emails(other) == []

    assert emails(other) == ["a@b.co"]
    other.close()


def test_a_block_that_fails_leaves_nothing_and_its_error_goes_on(app: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        run(app, add("a@b.co"), fail)

    assert emails(app) == []


def test_what_waits_for_the_end_is_done_last_and_in_order(app: Database) -> None:
    done: list[str] = []
    with app.transaction(HOUSE) as work:
        work.before_commit(lambda: done.append("first"))
        work.before_commit(lambda: (done.append("second"), work.execute(ADD, {"email": "a@b.co"})))
        done.append("block")

    assert done == ["block", "first", "second"]
    assert emails(app) == ["a@b.co"]


def test_what_waits_for_the_end_is_not_done_when_the_block_fails(app: Database) -> None:
    done: list[str] = []
    with pytest.raises(ZeroDivisionError):
        run(app, lambda work: work.before_commit(lambda: done.append("done")), fail)

    assert done == []


def test_what_fails_at_the_end_takes_the_block_along(app: Database) -> None:
    with pytest.raises(Conflict, match="leads_email"):
        run(app, add("a@b.co"), lambda work: work.before_commit(lambda: add("A@b.co")(work)))

    assert emails(app) == []


def test_a_statement_that_fails_takes_those_before_it_along(app: Database) -> None:
    with pytest.raises(Conflict, match="leads_email"):
        run(app, add("a@b.co"), add("A@B.co"))

    assert emails(app) == []


@pytest.mark.parametrize(
    ("statement", "kind", "words"),
    [
        ("INSERT INTO agency.leads (tenant_id, email, sector, idea) VALUES (%(tenant_id)s, 'a@b', 'x', 'x')",
         Conflict, "leads_sector_check"),
        ("INSERT INTO identity.outbox (tenant_id, event_type) VALUES (%(tenant_id)s, 'x')",
         Conflict, "breaks a rule"),
        ("INSERT INTO agency.run_steps (tenant_id, run_id, step, position) VALUES (%(tenant_id)s, uuidv7(), 'x', 1)",
         Conflict, "run_steps_tenant_id_run_id_fkey"),
        ("SELECT 1 / 0", AppError, "refused the statement"),
        ("SELEKT secret", AppError, "refused the statement"),
        ("SELECT * FROM agency.nothing", AppError, "refused the statement"),
    ],
)  # fmt: skip
def test_an_error_of_the_driver_is_one_of_ours_and_says_no_sql(
    app: Database, statement: str, kind: type[AppError], words: str
) -> None:
    with pytest.raises(AppError) as raised, app.transaction(HOUSE) as work:
        work.execute(statement)

    assert type(raised.value) is kind
    assert words in raised.value.message
    assert "INSERT" not in raised.value.message
    assert "secret" not in raised.value.message
    assert emails(app) == []


def test_what_passes_by_itself_may_be_tried_again(app: Database) -> None:
    with pytest.raises(DependencyUnavailable):
        run(
            app,
            lambda work: work.execute("SET LOCAL statement_timeout = '20ms'"),
            lambda work: work.execute("SELECT pg_sleep(5)"),
        )

    with pytest.raises(DependencyUnavailable), app.transaction(HOUSE) as work:
        work.fetch_one("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$")


def test_a_tenant_ends_with_its_transaction(app: Database) -> None:
    first = session(app, HOUSE)
    second = session(app, None)

    assert (first["tenant"], second["tenant"]) == (HOUSE, None)
    assert first["pid"] == second["pid"]


def test_a_tenant_ends_with_a_transaction_that_fails(app: Database) -> None:
    with pytest.raises(AppError), app.transaction(HOUSE) as work:
        work.execute("SELECT 1 / 0")

    assert session(app, None)["tenant"] is None


def test_a_connection_that_died_in_the_pause_is_replaced_without_a_word(
    database: TestDatabase, app: Database
) -> None:
    before = session(app, HOUSE)
    end_connections(database)

    after = session(app, HOUSE)

    assert after["tenant"] == HOUSE
    assert after["pid"] != before["pid"]


def test_a_connection_that_dies_within_a_transaction_may_be_tried_again(
    database: TestDatabase, app: Database
) -> None:
    with pytest.raises(DependencyUnavailable):
        run(app, add("a@b.co"), lambda _: end_connections(database), add("c@d.co"))

    assert emails(app) == []


def test_a_connection_that_dies_before_its_commit_leaves_nothing(
    database: TestDatabase, app: Database
) -> None:
    with pytest.raises(DependencyUnavailable):
        run(app, add("a@b.co"), lambda _: end_connections(database))

    assert emails(app) == []


def test_a_server_that_is_not_there_is_unavailable(database: TestDatabase) -> None:
    settings = database.settings().model_copy(update={"database_host": "127.0.0.1", "database_port": 9})

    with pytest.raises(DependencyUnavailable), Database(settings).transaction(HOUSE):
        raise AssertionError("nothing opens")


def test_what_is_announced_is_handed_on_after_the_commit_and_only_then(database: TestDatabase) -> None:
    told: list[list[Row]] = []
    app = Database(database.settings(), after_commit=told.append)
    with pytest.raises(ZeroDivisionError):
        run(app, lambda work: work.announce("lost", {"n": 1}), fail)
    with app.transaction(HOUSE) as work:
        first = work.announce("kept", {"n": 2})
        second = work.announce("kept", {"n": 3})
        assert told == []

    (rows,) = told
    assert [row["id"] for row in rows] == [first, second]
    assert [row["detail"] for row in rows] == [{"n": 2}, {"n": 3}]
    with app.transaction(HOUSE) as work:
        assert work.fetch_all("SELECT event_type FROM identity.outbox") == [{"event_type": "kept"}] * 2
    assert len(told) == 1
    app.close()


def test_a_publisher_that_fails_costs_the_caller_nothing(
    database: TestDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: list[Row]) -> None:
        raise OSError("no bus")

    app = Database(database.settings(), after_commit=broken)
    with caplog.at_level("WARNING"), app.transaction(HOUSE) as work:
        work.announce("kept", {})

    with app.transaction(HOUSE) as work:
        assert work.fetch_all("SELECT published_at FROM identity.outbox") == [{"published_at": None}]
    assert "could not publish at once" in caplog.text
    app.close()


def test_updated_at_moves_with_a_row_and_cannot_be_set(app: Database) -> None:
    with app.transaction(HOUSE) as work:
        work.execute(ADD, {"email": "a@b.co"})
    with app.transaction(HOUSE) as work:
        work.execute("UPDATE agency.leads SET name = 'Ada', updated_at = '2000-01-01'")
        row = work.fetch_one("SELECT updated_at > created_at AS moved FROM agency.leads")

    assert row == {"moved": True}


def test_each_thread_has_its_own_connection_and_tenant(database: TestDatabase, app: Database) -> None:
    found: list[Row] = []

    def ask() -> None:
        own = Database(database.settings())
        found.append(session(own, None))
        own.close()

    with app.transaction(HOUSE) as work:
        work.execute(ADD, {"email": "a@b.co"})
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()

    assert found[0]["tenant"] is None
