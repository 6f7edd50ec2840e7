"""At each deployment, before the other functions change: logins, the newest migration, and the house's own tenant."""

from __future__ import annotations

from typing import Any

from functions.stewardship.logins import ensure_logins, read_administrator
from functions.stewardship.migrations import migrate
from shared.bootstrap import container
from shared.observability import observed
from shared.settings import MigrationSettings


@observed("stewardship.migrate_database")
def handler(event: Any, context: Any) -> dict[str, str]:
    """Make the logins where they are missing, then migrate; answer the revision that the database stands at."""
    del event, context
    settings = MigrationSettings.load()
    if secret := settings.database_administrator_secret:
        ensure_logins(settings, read_administrator(container().secrets.read(secret)))
    return {"revision": migrate(settings)}
