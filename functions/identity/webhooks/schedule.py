"""When a webhook is tried again. Source: Standard Webhooks, "Deliverability and reliability"."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

_MINUTE, _HOUR = 60, 3600
DELAYS = (5, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)
"""Seconds from one attempt to the next; the first is made at once. Together three days and four hours."""
MOST_ATTEMPTS = len(DELAYS) + 1
JITTER = 0.1
"""How much later than its delay an attempt may be, as a part of the delay; never earlier."""
LONGEST_WAIT_SECONDS = 24 * _HOUR
"""Of a receiver that says when to come again, as much is believed."""
FAILING_AFTER = timedelta(days=3)
"""An endpoint that has taken nothing for so long, and now fails a whole schedule, is disabled."""


def delay_seconds(delivery_id: UUID, failures: int) -> int:
    """Return the seconds to wait after so many failures (1 … len(DELAYS)) of a delivery's schedule.

    The jitter is drawn from the delivery's id: what failed together comes back apart, and yet it can be told when.
    """
    drawn = hashlib.sha256(f"{delivery_id}:{failures}".encode()).digest()
    part = int.from_bytes(drawn[:8]) / 2**64
    return round(DELAYS[failures - 1] * (1 + JITTER * part))


def next_attempt(
    delivery_id: UUID, failures: int, started_at: datetime, retry_after: int | None
) -> datetime | None:
    """Return when to try again after the attempt of `started_at` failed; None when that was the last.

    retry_after: seconds that the receiver asked for; the later of both counts, up to a day.
    """
    if failures >= MOST_ATTEMPTS:
        return None
    wait = max(delay_seconds(delivery_id, failures), min(retry_after or 0, LONGEST_WAIT_SECONDS))
    return started_at + timedelta(seconds=wait)
