"""The table of periods says what the data models say, and its numbers fit together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared import periods
from shared.periods import PERIODS, Period, Span


@pytest.mark.parametrize(
    ("span", "days", "seconds"),
    [
        (Span(1, "hours"), 1, 3600),
        (Span(24, "hours"), 1, 86_400),
        (Span(25, "hours"), 2, 90_000),
        (Span(30, "days"), 30, 30 * 86_400),
        (Span(2, "years"), 731, 63_115_200),
        (Span(5, "years"), 1827, 157_788_000),
    ],
)
def test_a_span_is_never_shorter_than_it_says(span: Span, days: int, seconds: int) -> None:
    assert (span.days, span.seconds, span.delta) == (days, seconds, timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("name", "active", "archived"),
    [
        ("events", Span(2, "years"), Span(5, "years")),
        ("campaigns", Span(3, "years"), Span(7, "years")),
        ("generated projects", Span(30, "days"), Span(90, "days")),
        ("exports", Span(90, "days"), None),
        ("failed exports", Span(30, "days"), None),
        ("deleted projects", Span(90, "days"), None),
        ("logs", Span(30, "days"), None),
        ("interactions", Span(30, "days"), None),
        ("sessions", Span(24, "hours"), None),
        ("bus archive", Span(7, "days"), None),
        ("daily dumps", Span(7, "days"), None),
        ("erasure from live stores", Span(24, "hours"), None),
        ("erasure from backups", Span(35, "days"), None),
    ],
)
def test_the_documents_are_kept_to(name: str, active: Span, archived: Span | None) -> None:
    assert (PERIODS[name].active, PERIODS[name].archived) == (active, archived)


def test_every_period_of_the_module_is_in_the_table_with_a_source() -> None:
    named = [value for value in vars(periods).values() if isinstance(value, Period)]

    assert sorted(PERIODS) == sorted(period.name for period in named)
    assert {period.source for period in named} <= {"000", "001", "002", "003", "004", "house"}


def test_what_has_no_archive_says_so() -> None:
    assert periods.EVENTS.kept == Span(5, "years")
    with pytest.raises(ValueError, match="logs are not archived"):
        _ = periods.LOGS.kept
