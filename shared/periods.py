"""The one table of periods: how long everything is kept, each number once and with its source. Pure data.

Lifecycles of buckets, retention of logs, archives of buses, limits of sessions and what deletes rows read it. SQL
that says a period itself (a policy that lets old rows be deleted) is held equal to it by a test.

Sources: 000 to 004 are the data models this product grew out of, `house` is a decision of our own (docs/adr/0009).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

_HOURS = {"hours": 1.0, "days": 24.0, "years": 24 * 365.25}


@dataclass(frozen=True)
class Span:
    """A length of time. A year has 365.25 days, so that years together are never too short."""

    amount: int
    unit: Literal["hours", "days", "years"]

    @property
    def seconds(self) -> int:
        """Seconds."""
        return round(self.amount * _HOURS[self.unit] * 3600)

    @property
    def days(self) -> int:
        """Whole days, rounded up: what is promised for five years is kept for five years."""
        return -(-self.seconds // 86_400)

    @property
    def delta(self) -> timedelta:
        """The same for a calculation with moments."""
        return timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class Period:
    """How long something is kept: `active` where it is in use, then, where there is an archive, `archived` there."""

    name: str
    active: Span
    source: str
    archived: Span | None = None

    @property
    def kept(self) -> Span:
        """The archive's part. ValueError when there is no archive."""
        if self.archived is None:
            raise ValueError(f"{self.name} are not archived")
        return self.archived


def _hours(amount: int) -> Span:
    return Span(amount, "hours")


def _days(amount: int) -> Span:
    return Span(amount, "days")


def _years(amount: int) -> Span:
    return Span(amount, "years")


EVENTS = Period("events", _years(2), "002", archived=_years(5))
CAMPAIGNS = Period("campaigns", _years(3), "002", archived=_years(7))
GENERATED_PROJECTS = Period("generated projects", _days(30), "003", archived=_days(90))
EXPORTS = Period("exports", _days(90), "003")
FAILED_EXPORTS = Period("failed exports", _days(30), "003")
DELETED_PROJECTS = Period("deleted projects", _days(90), "004")
LOGS = Period("logs", _days(30), "004")
INTERACTIONS = Period("interactions", _days(30), "004")
# Requests to the model and its answers: what an interaction consists of.
HANDOFF = Period("handoff", INTERACTIONS.active, "004")
SESSIONS = Period("sessions", _hours(24), "004")
IDLE_SESSIONS = Period("idle sessions", _hours(1), "000")
BUS_ARCHIVE = Period("bus archive", _days(7), "001")
# The bus's archive holds them for as long; then nothing needs the row any more.
PUBLISHED_EVENTS = Period("published events", BUS_ARCHIVE.active, "001")
IDEMPOTENCY_KEYS = Period("idempotency keys", _hours(24), "house")
SPENT_TOKENS = Period("spent tokens", _days(30), "house")
# A session is listed for 30 days after its end. Its tokens go first: they refer to it.
SESSION_TOKENS = Period("session tokens", _days(31), "house")
SESSION_HISTORY = Period("session history", _days(33), "house")

DAILY_DUMPS = Period("daily dumps", _days(7), "000")
# The longest month: until the next copy is there. See ERASED_FROM_BACKUPS for why not longer.
MONTHLY_DUMPS = Period("monthly dumps", _days(31), "000")
POINT_IN_TIME = Period("point in time recovery", _days(7), "002")
# S3 hides what a lifecycle ends in a versioned bucket, and deletes it this much later.
HIDDEN_BACKUPS = Period("hidden backups", _days(1), "house")
REPLACED_OBJECTS = Period("replaced objects", _days(30), "house")
BACKUP_LOCK = Period("backup lock", DAILY_DUMPS.active, "000")
# When Parquet is verified, and nobody reads it often.
FRESH_ARCHIVE = Period("fresh archive", _days(30), "house")
UNFINISHED_UPLOADS = Period("unfinished uploads", _days(7), "house")

ERASED_FROM_LIVE_STORES = Period("erasure from live stores", _hours(24), "004")
ERASED_FROM_BACKUPS = Period("erasure from backups", _days(35), "004")

QUEUED_MESSAGES = Period("queued messages", _days(4), "house")
DEAD_LETTERS = Period("dead letters", _days(14), "house")

PERIODS = {
    period.name: period
    for period in (
        EVENTS,
        CAMPAIGNS,
        GENERATED_PROJECTS,
        EXPORTS,
        FAILED_EXPORTS,
        DELETED_PROJECTS,
        LOGS,
        INTERACTIONS,
        HANDOFF,
        SESSIONS,
        IDLE_SESSIONS,
        BUS_ARCHIVE,
        PUBLISHED_EVENTS,
        IDEMPOTENCY_KEYS,
        SPENT_TOKENS,
        SESSION_TOKENS,
        SESSION_HISTORY,
        DAILY_DUMPS,
        MONTHLY_DUMPS,
        POINT_IN_TIME,
        HIDDEN_BACKUPS,
        REPLACED_OBJECTS,
        BACKUP_LOCK,
        FRESH_ARCHIVE,
        UNFINISHED_UPLOADS,
        ERASED_FROM_LIVE_STORES,
        ERASED_FROM_BACKUPS,
        QUEUED_MESSAGES,
        DEAD_LETTERS,
    )
}
"""Every period by its name."""
