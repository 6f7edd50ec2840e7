"""Monthly partitions, made ahead: a row whose month has none is refused."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from shared.db.connection import Connection, connect
from shared.db.queries import load_queries
from shared.settings import OwnerDatabaseSettings

_FOLDER = Path(__file__).parent
MONTHS_AHEAD = 4


def _partitioned(connection: Connection) -> dict[str, int]:
    rows = connection.execute(load_queries(_FOLDER)["list_partitioned"].encode()).fetchall()
    return {row["name"]: row["partitions"] for row in rows}


def ensure_partitions(settings: OwnerDatabaseSettings, since: datetime | None = None) -> dict[str, int]:
    """Make sure that every partitioned table has partitions from this month to four months on.

    since: the moment that counts as now (default: the database's). Returns how many were made for each table.
    """
    sql = load_queries(_FOLDER)
    with connect(settings, settings.database_owner) as connection:
        connection.execute(sql["wait_briefly"].encode())
        before = _partitioned(connection)
        for name in before:
            names = {"name": name, "months_ahead": MONTHS_AHEAD, "since": since}
            connection.execute(sql["ensure_months"].encode(), names)
        after = _partitioned(connection)
    return {name: after[name] - before[name] for name in before}
