"""The fixtures of the database tests, for definitions and calls."""

from tests.integration.database.conftest import app, other_tenant, owner, system

__all__ = ["app", "other_tenant", "owner", "system"]
