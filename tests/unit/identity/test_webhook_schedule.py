"""When a webhook is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.identity.webhooks.posting import retry_after_of
from functions.identity.webhooks.schedule import (
    DELAYS,
    FAILING_AFTER,
    JITTER,
    LONGEST_WAIT_SECONDS,
    MOST_ATTEMPTS,
    delay_seconds,
    next_attempt,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_delays_are_those_of_standard_webhooks() -> None:
    units = {"s": 1, "min": 60, "h": 3600}
    written = ["5 s", "5 min", "30 min", "2 h", "5 h", "10 h", "14 h", "20 h", "24 h"]

    assert [int(text.split()[0]) * units[text.split()[1]] for text in written] == list(DELAYS)
    assert timedelta(seconds=sum(DELAYS)) >= FAILING_AFTER


@given(st.uuids(), st.integers(1, len(DELAYS)))
def test_an_attempt_is_never_early_and_at_most_a_tenth_late(delivery: UUID, failures: int) -> None:
    delay = DELAYS[failures - 1]

    assert delay <= delay_seconds(delivery, failures) <= round(delay * (1 + JITTER))
    assert delay_seconds(delivery, failures) == delay_seconds(delivery, failures)


def test_what_failed_together_comes_back_apart() -> None:
    waits = {delay_seconds(UUID(int=number), 5) for number in range(200)}

    assert len(waits) > 150
    assert max(waits) - min(waits) > 0.08 * DELAYS[4]


@given(st.uuids(), st.integers(1, len(DELAYS)), st.integers(0, 10**9) | st.none())
def test_the_later_of_schedule_and_wish_counts_up_to_a_day(
    delivery: UUID, failures: int, wish: int | None
) -> None:
    due = next_attempt(delivery, failures, NOW, wish)

    assert due is not None
    wait = int((due - NOW).total_seconds())
    planned = delay_seconds(delivery, failures)
    assert wait >= planned
    assert wait in (planned, wish, LONGEST_WAIT_SECONDS)
    assert wait <= max(planned, LONGEST_WAIT_SECONDS)


@given(st.uuids(), st.integers(0, 10**6) | st.none())
def test_after_the_last_attempt_there_is_none(delivery: UUID, wish: int | None) -> None:
    assert next_attempt(delivery, MOST_ATTEMPTS, NOW, wish) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("99999999999", None),
        ("9999999999", 86_400),
        ("Sun, 22 Nov 2026 12:01:00 GMT", 60),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Sun, 22 Nov 2026 12:00:30", 30),
        ("Sun, 22 Nov 2026 14:01:00 +0200", 60),
        ("Sat, 01 Jan 2950 00:00:00 GMT", 86_400),
        ("1.5", None),
        ("-1", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_what_a_receiver_asks_for_is_read(value: str | None, seconds: int | None) -> None:
    assert retry_after_of(value, NOW) == seconds


@given(st.text(max_size=40))
def test_whatever_stands_there_is_read_or_nothing(value: str) -> None:
    found = retry_after_of(value, NOW)

    assert found is None or 0 <= found <= LONGEST_WAIT_SECONDS
