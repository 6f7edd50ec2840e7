"""At each deployment, before the other functions change: the newest migration, and the house's own tenant."""

from __future__ import annotations

from typing import Any

from functions.stewardship.migrations import migrate
from shared.observability import observed
from shared.settings import OwnerDatabaseSettings


@observed("stewardship.migrate_database")
def handler(event: Any, context: Any) -> dict[str, str]:
    """Migrate; answer the revision that the database stands at."""
    del event, context
    return {"revision": migrate(OwnerDatabaseSettings.load())}
