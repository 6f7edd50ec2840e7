"""What SQL says about periods is what their table says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.db.unit_of_work import Database
from shared.periods import (
    IDEMPOTENCY_KEYS,
    PUBLISHED_EVENTS,
    SESSION_HISTORY,
    SESSION_TOKENS,
    SPENT_TOKENS,
    Period,
)

_SWEPT = """
SELECT tablename, qual, substring(qual FROM '''(.+)''::interval')::interval AS kept
FROM pg_policies WHERE policyname = 'sweep' ORDER BY 1
"""


def swept(owner: Database) -> dict[str, timedelta | None]:
    with owner.transaction(None) as work:
        return {row["tablename"]: row["kept"] for row in work.fetch_all(_SWEPT)}


@pytest.mark.parametrize(
    ("table", "period"),
    [
        ("idempotency_keys", IDEMPOTENCY_KEYS),
        ("outbox", PUBLISHED_EVENTS),
        ("one_time_tokens", SPENT_TOKENS),
        ("refresh_tokens", SESSION_TOKENS),
        ("sessions", SESSION_HISTORY),
    ],
    ids=str,
)
def test_the_sweep_deletes_what_the_table_of_periods_ends(
    owner: Database, table: str, period: Period
) -> None:
    assert swept(owner)[table] == period.active.delta
