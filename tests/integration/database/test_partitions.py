"""Every month has its partition before it comes, and a row of a month that has none is refused aloud."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from functions.stewardship.events.maintain_partitions import handler
from functions.stewardship.partitions import MONTHS_AHEAD, ensure_partitions
from infra.local.postgres import OWNER, SUPERUSER
from shared.db.unit_of_work import Database
from shared.errors import AppError
from shared.settings import OwnerDatabaseSettings
from tests.fixtures.engines import TestDatabase
from tests.integration.database.conftest import HOUSE
from tests.integration.database.schema import partitions

LOG = "identity.audit_log"
ACT = (
    "INSERT INTO identity.audit_log (tenant_id, occurred_at, action, actor_type, subject_type)"
    " VALUES (%(tenant_id)s, %(at)s, 'a.b', 'system', 'x')"
)


def settings(database: TestDatabase) -> OwnerDatabaseSettings:
    given = database.environment() | {"DATABASE_OWNER": OWNER, "HOUSE_TENANT_ID": str(HOUSE)}
    return OwnerDatabaseSettings.load(given)


def months(database: TestDatabase) -> list[str]:
    """The months that the audit log has partitions of, as `2026-11`."""
    with psycopg.connect(database.dsn(SUPERUSER)) as connection:
        names = [name for name in partitions(connection) if name.startswith(f"{LOG}_y")]
    return [name.removeprefix(f"{LOG}_y").replace("m", "-") for name in names]


def month_of(moment: datetime, later: int = 0) -> str:
    count = moment.year * 12 + moment.month - 1 + later
    return f"{count // 12}-{count % 12 + 1:02}"


def write(owner: Database, at: datetime) -> None:
    with owner.transaction(HOUSE) as work:
        work.execute(ACT, {"at": at})


def test_a_new_database_has_this_month_and_four_more(database: TestDatabase) -> None:
    found = months(database)
    first = datetime.strptime(found[0], "%Y-%m").replace(tzinfo=UTC)

    assert found == [month_of(first, later) for later in range(MONTHS_AHEAD + 1)]


def test_a_day_of_every_year_to_come_has_its_partition_when_maintained(
    database: TestDatabase, owner: Database
) -> None:
    made = 0
    for year in range(2030, 2033):
        now = datetime(year, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
        made += ensure_partitions(settings(database), now)[LOG]
        for later in (now, now + timedelta(microseconds=1), datetime(year + 1, 3, 31, 23, tzinfo=UTC)):
            write(owner, later)

    assert made == 3 * (MONTHS_AHEAD + 1)
    assert {"2030-11", "2031-03", "2032-12", "2033-03"} <= set(months(database))


def test_what_is_there_stays_as_it_is(database: TestDatabase, owner: Database) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    assert ensure_partitions(settings(database), now)[LOG] == MONTHS_AHEAD + 1
    write(owner, now)
    before = months(database)

    assert ensure_partitions(settings(database), now)[LOG] == 0
    assert ensure_partitions(settings(database), datetime(2030, 2, 1, tzinfo=UTC))[LOG] == 1
    assert months(database) == sorted([*before, "2030-06"])


def test_two_who_maintain_at_once_do_not_meet(database: TestDatabase) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: ensure_partitions(settings(database), now), range(2)))

    assert len([month for month in months(database) if month.startswith("2030")]) == MONTHS_AHEAD + 1
    assert max(each[LOG] for each in made) == MONTHS_AHEAD + 1


def test_requests_go_on_while_a_partition_is_made(database: TestDatabase, owner: Database) -> None:
    """A writer who has not committed yet holds nobody up, and is not held up."""
    with owner.transaction(HOUSE) as work:
        work.execute(ACT, {"at": datetime.now(UTC)})
        assert ensure_partitions(settings(database), datetime(2030, 1, 1, tzinfo=UTC))[LOG] > 0
        work.execute(ACT, {"at": datetime.now(UTC)})


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "UTC"])
def test_months_begin_in_utc_whatever_zone_the_session_has(database: TestDatabase, zone: str) -> None:
    with psycopg.connect(database.dsn(OWNER)) as connection:
        connection.execute("SELECT set_config('TimeZone', %s, false)", [zone])
        connection.execute("CALL kernel.ensure_months('identity.audit_log', 14, '2030-03-01 00:30Z')")
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.execute(
            "SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class"
            " WHERE relispartition AND relname ~ '^audit_log_y203[01]m[0-9]+$' ORDER BY 1"
        ).fetchall()
    start = datetime(2030, 3, 1, tzinfo=UTC)

    assert rows == [
        (
            f"audit_log_y{month_of(start, later).replace('-', 'm')}",
            f"FOR VALUES FROM ('{month_of(start, later)}-01 00:00:00+00')"
            f" TO ('{month_of(start, later + 1)}-01 00:00:00+00')",
        )
        for later in range(15)
    ]


def test_a_month_without_a_partition_refuses_aloud(database: TestDatabase, owner: Database) -> None:
    with pytest.raises(AppError, match=r"no partition .* stewardship\.maintain_partitions") as raised:
        write(owner, datetime(2040, 1, 1, tzinfo=UTC))

    assert raised.value.status == 500
    assert ensure_partitions(settings(database), datetime(2039, 12, 1, tzinfo=UTC))[LOG] > 0
    write(owner, datetime(2040, 1, 1, tzinfo=UTC))


def test_a_partition_that_was_detached_for_the_archive_keeps_what_it_holds(
    database: TestDatabase, owner: Database
) -> None:
    write(owner, datetime.now(UTC))
    part = f"{LOG}_y{month_of(datetime.now(UTC)).replace('-', 'm')}"
    with owner.transaction(HOUSE) as work:
        work.execute(f"ALTER TABLE {LOG} DETACH PARTITION {part}")

    for statement in (f"DELETE FROM {part}", f"UPDATE {part} SET action = 'x.y'", f"TRUNCATE {part}"):  # noqa: S608
        with pytest.raises(AppError), owner.transaction(HOUSE) as work:
            work.execute(statement)
    with owner.transaction(HOUSE) as work:
        assert work.fetch_one(f"SELECT count(*) AS rows FROM {part}") == {"rows": 1}  # noqa: S608
        work.execute(f"DROP TABLE {part}")


def test_the_function_maintains_every_partitioned_table(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (database.environment() | {"DATABASE_OWNER": OWNER}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOUSE_TENANT_ID", str(HOUSE))
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    with psycopg.connect(database.dsn(OWNER)) as connection:
        last = months(database)[-1].replace("-", "m")
        connection.execute(f"ALTER TABLE {LOG} DETACH PARTITION {LOG}_y{last}".encode())
        connection.execute(f"DROP TABLE {LOG}_y{last}".encode())

    answer: dict[str, Any] = handler({}, None)

    assert answer == {LOG: 1}
    assert months(database)[-1].replace("-", "m") == last
