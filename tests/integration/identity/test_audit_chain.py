"""Acts of a tenant become one chain without a gap, whoever writes at the same time, and nobody changes it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from uuid import UUID, uuid4

import psycopg
import pytest

from functions.identity.audit import service as audit
from functions.identity.audit.chain import FIELDS, GENESIS
from functions.identity.audit.verification import verify, verify_every_chain
from infra.local.postgres import APP, OWNER, SUPERUSER, SYSTEM
from infra.local.processes import wait_until
from shared.db.unit_of_work import Database, UnitOfWork
from shared.errors import AppError
from shared.models.caller import Caller, CallerKind
from tests.fixtures.engines import TestDatabase
from tests.integration.database.conftest import HOUSE
from tests.integration.database.rows import add_tenant
from tests.integration.identity.acts import act, fill_log, log_of

LEAD = (
    "INSERT INTO agency.leads (tenant_id, email, sector, idea) VALUES (%(tenant_id)s, 'a@b.co', 'saas', 'x')"
)
TOUCH = "UPDATE agency.leads SET name = %(name)s"


def fail_after(app: Database, *acts: Callable[[UnitOfWork], object]) -> None:
    """Do some things in a transaction of the house that fails in the end."""
    with app.transaction(HOUSE) as work:
        for each in acts:
            each(work)
        raise ZeroDivisionError


def test_an_act_is_written_as_it_happened(app: Database) -> None:
    caller, subject = Caller(HOUSE, CallerKind.API_KEY, uuid4()), uuid4()
    with app.transaction(HOUSE) as work:
        audit.record(
            work,
            "user.role_changed",
            actor=caller,
            subject_type="user",
            subject_id=subject,
            request_id="request-1",
            details={"role": "admin", "before": "viewer", "count": 2, "forced": True, "team_id": subject},
        )

    (row,) = log_of(app, HOUSE)
    assert (row["action"], row["actor_type"], row["actor_id"]) == ("user.role_changed", "api_key", caller.id)
    assert (row["subject_type"], row["subject_id"], row["request_id"]) == ("user", subject, "request-1")
    assert row["details"] == {
        "role": "admin",
        "before": "viewer",
        "count": 2,
        "forced": True,
        "team_id": str(subject),
    }
    assert (row["sequence"], row["previous_hash"]) == (1, GENESIS)


def test_every_column_but_the_hash_is_hashed(app: Database) -> None:
    fill_log(app, HOUSE, 1)

    assert log_of(app, HOUSE)[0].keys() - {"hash"} == set(FIELDS)


def test_an_act_without_an_actor_is_nobodys(app: Database) -> None:
    with app.transaction(HOUSE) as work:
        act(work, 0)

    (row,) = log_of(app, HOUSE)
    assert (row["actor_type"], row["actor_id"], row["details"]) == ("anonymous", None, {})


def test_each_entry_follows_the_one_before_it(app: Database) -> None:
    with app.transaction(HOUSE) as work:
        act(work, 1)
        act(work, 2)
    fill_log(app, HOUSE, 3)

    rows = log_of(app, HOUSE)
    assert [row["sequence"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["previous_hash"] for row in rows] == [GENESIS, *(row["hash"] for row in rows[:-1])]
    assert len({row["hash"] for row in rows}) == 5


def test_a_rollback_leaves_no_gap(app: Database) -> None:
    fill_log(app, HOUSE, 2)
    with pytest.raises(ZeroDivisionError):
        fail_after(app, act, UnitOfWork.finish)
    fill_log(app, HOUSE, 1)

    assert [row["sequence"] for row in log_of(app, HOUSE)] == [1, 2, 3]
    with app.transaction(HOUSE) as work:
        assert verify(work, HOUSE).broken is None


def test_an_act_that_fails_is_not_in_the_log(app: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_after(app, act)

    assert log_of(app, HOUSE) == []


def test_an_act_whose_entry_fails_does_not_happen(app: Database) -> None:
    def refused_entry() -> None:
        with app.transaction(HOUSE) as work:
            work.execute(LEAD)
            audit.record(
                work, "a.b", actor=None, subject_type="x", subject_id=None, request_id="far too long " * 10
            )

    with pytest.raises(AppError):
        refused_entry()

    with app.transaction(HOUSE) as work:
        assert work.fetch_all("SELECT 1 FROM agency.leads") == []


def test_tenants_have_chains_of_their_own(app: Database, system: Database, other_tenant: UUID) -> None:
    fill_log(app, HOUSE, 3)
    fill_log(app, other_tenant, 2)

    assert [row["sequence"] for row in log_of(app, other_tenant)] == [1, 2]
    found = {chain.tenant_id: chain.entries for chain in verify_every_chain(system)}
    assert found == {HOUSE: 3, other_tenant: 2}


def test_eight_writers_make_gapless_chains(database: TestDatabase, app: Database, system: Database) -> None:
    tenants = [HOUSE, *(uuid4() for _ in range(3))]
    for tenant in tenants[1:]:
        add_tenant(app, tenant)

    def write(seed: int) -> int:
        chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        written = 0
        with closing(Database(database.settings())) as own:
            for number in range(12):
                entries, fails = chance.randrange(1, 4), chance.random() < 0.25
                with suppress(ZeroDivisionError), own.transaction(chance.choice(tenants)) as work:
                    for _ in range(entries):
                        act(work, number)
                    if fails:
                        work.finish()
                        raise ZeroDivisionError
                written += 0 if fails else entries
        return written

    with ThreadPoolExecutor(8) as pool:
        written = sum(pool.map(write, range(8)))

    found = list(verify_every_chain(system))
    assert [chain.broken for chain in found] == [None] * len(tenants)
    assert all(chain.complete and chain.entries == chain.sequence == chain.head_sequence for chain in found)
    assert sum(chain.entries for chain in found) == written > 100


def in_thread(do: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=do)
    thread.start()
    return thread


def waits(database: TestDatabase) -> bool:
    """Whether a connection of this database waits for another's lock."""
    with psycopg.connect(database.dsn(SUPERUSER)) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
            [database.name],
        ).fetchone()
    return row is not None and row[0] > 0


def test_acts_do_not_wait_for_each_other_in_a_circle(database: TestDatabase, app: Database) -> None:
    """One records and then changes a row; the other changes the row and then records."""
    with app.transaction(HOUSE) as work:
        work.execute(LEAD)
    recorded, changed = threading.Event(), threading.Event()

    def record_first() -> None:
        with closing(Database(database.settings())) as own, own.transaction(HOUSE) as work:
            act(work, 1)
            recorded.set()
            assert changed.wait(30)
            work.execute(TOUCH, {"name": "first"})

    thread = in_thread(record_first)
    with app.transaction(HOUSE) as work:
        assert recorded.wait(30)
        work.execute(TOUCH, {"name": "second"})
        changed.set()
        assert wait_until(lambda: waits(database), 30)
        act(work, 3)
    thread.join()

    with app.transaction(HOUSE) as work:
        assert work.fetch_all("SELECT name FROM agency.leads") == [{"name": "first"}]
        assert (verify(work, HOUSE).entries, verify(work, HOUSE).broken) == (2, None)


def test_whoever_waits_for_the_tenant_holds_up_no_chain(database: TestDatabase, app: Database) -> None:
    """A new slug locks the row that every entry refers to; the entry's own transaction must not wait in a circle."""
    fill_log(app, HOUSE, 1)

    def record() -> None:
        with closing(Database(database.settings())) as own, own.transaction(HOUSE) as work:
            act(work, 1)

    with app.transaction(HOUSE) as work:
        work.execute("UPDATE identity.tenants SET slug = 'moved'")
        thread = in_thread(record)
        assert wait_until(lambda: waits(database), 30)
        act(work, 3)
    thread.join()

    with app.transaction(HOUSE) as work:
        assert (verify(work, HOUSE).entries, verify(work, HOUSE).broken) == (3, None)


_PLAIN = "(tenant_id, action, actor_type, subject_type{more}) VALUES (%(house)s, 'a.b', 'system', 'x'{value})"
_OWN_COLUMNS = {
    "id": "uuidv7()",
    "sequence": "7",
    "occurred_at": "now()",
    "previous_hash": "decode(repeat('00', 32), 'hex')",
    "hash": "decode(repeat('00', 32), 'hex')",
}


def refused(database: TestDatabase, role: str, statement: str) -> bool:
    """Whether the database refuses a statement for want of a right; it is undone in any case."""
    with psycopg.connect(database.dsn(role)) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(HOUSE)])
        try:
            connection.execute(statement.encode(), {"house": HOUSE})
        except psycopg.errors.InsufficientPrivilege:
            return True
        finally:
            connection.rollback()
    return False


@pytest.mark.parametrize("role", [APP, SYSTEM, OWNER])
def test_nobody_changes_or_removes_what_was_written(database: TestDatabase, app: Database, role: str) -> None:
    fill_log(app, HOUSE, 2)
    with psycopg.connect(database.dsn(SUPERUSER)) as connection:
        row = connection.execute(
            "SELECT DISTINCT tableoid::regclass::text FROM identity.audit_log"
        ).fetchone()
    assert row is not None

    for name in ("identity.audit_log", "identity.audit_heads", row[0]):
        assert refused(database, role, f"UPDATE {name} SET tenant_id = tenant_id"), name  # noqa: S608 - our names
        assert refused(database, role, f"DELETE FROM {name}"), name  # noqa: S608 - our names
        assert refused(database, role, f"TRUNCATE {name}"), name
    assert len(log_of(app, HOUSE)) == 2


def test_the_application_adds_what_happened_and_nothing_else(database: TestDatabase, app: Database) -> None:
    fill_log(app, HOUSE, 1)
    plain = "INSERT INTO identity.audit_log " + _PLAIN.format(more="", value="")

    assert not refused(database, APP, plain)
    assert refused(database, SYSTEM, plain)
    for column, value in _OWN_COLUMNS.items():
        statement = "INSERT INTO identity.audit_log " + _PLAIN.format(more=f", {column}", value=f", {value}")
        assert refused(database, APP, statement), column
    for statement in (
        "INSERT INTO identity.audit_heads (tenant_id) VALUES (%(house)s)",
        "SELECT FROM identity.audit_heads FOR UPDATE",
        "ALTER TABLE identity.audit_log DISABLE TRIGGER chain",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION identity.audit_field(value text) RETURNS text LANGUAGE sql RETURN 'x'",
    ):
        assert refused(database, APP, statement), statement


def test_what_the_owner_gives_is_numbered_and_hashed_by_the_database_all_the_same(
    owner: Database, app: Database
) -> None:
    fill_log(app, HOUSE, 1)
    with owner.transaction(HOUSE) as work:
        more = ", sequence, previous_hash, hash"
        value = ", 99, decode(repeat('11', 32), 'hex'), decode(repeat('22', 32), 'hex')"
        work.execute(
            "INSERT INTO identity.audit_log " + _PLAIN.format(more=more, value=value), {"house": HOUSE}
        )

    with app.transaction(HOUSE) as work:
        found = verify(work, HOUSE)
    assert (found.entries, found.sequence, found.broken) == (2, 2, None)


def test_an_entry_cannot_be_written_for_another_tenant(app: Database, other_tenant: UUID) -> None:
    statement = "INSERT INTO identity.audit_log " + _PLAIN.format(more="", value="")
    with pytest.raises(AppError), app.transaction(other_tenant) as work:
        work.execute(statement, {"house": HOUSE})

    assert log_of(app, HOUSE) == []
