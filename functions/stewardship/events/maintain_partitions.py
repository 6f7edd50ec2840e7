"""Every day: the partitions of the months to come."""

from __future__ import annotations

from typing import Any

from functions.stewardship.partitions import ensure_partitions
from shared.observability import observed
from shared.settings import OwnerDatabaseSettings


@observed("stewardship.maintain_partitions")
def handler(event: Any, context: Any) -> dict[str, int]:
    """Make them; answer how many were made for each partitioned table."""
    del event, context
    return ensure_partitions(OwnerDatabaseSettings.load())
