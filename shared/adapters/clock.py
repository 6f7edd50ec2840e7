"""The time, so that tests can turn it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        return datetime.now(UTC)


class FakeClock:
    """A clock that moves only when told to."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs a time zone")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment at which the clock stands."""
        return self._now

    def advance(self, step: timedelta | float) -> None:
        """Move the clock forward by `step` (a number: seconds). Raises ValueError when that is backwards."""
        duration = step if isinstance(step, timedelta) else timedelta(seconds=step)
        if duration < timedelta(0):
            raise ValueError("a clock does not go back")
        self._now += duration
