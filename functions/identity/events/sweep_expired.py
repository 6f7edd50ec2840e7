"""Every hour: rows that have run out, of every tenant, are deleted. What that means, their tables' policies say."""

from __future__ import annotations

from typing import Any

from functions.identity.people.sweep import sweep
from shared.bootstrap import container
from shared.observability import observed


@observed("identity.sweep_expired")
def handler(event: Any, context: Any) -> dict[str, int]:
    """Delete what has run out; return how many rows of each table."""
    del event, context
    return sweep(container().system_database)
