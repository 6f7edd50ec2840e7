"""The fixtures of the database tests, for the outbox and webhooks."""

from tests.integration.database.conftest import app, other_tenant, owner, system

__all__ = ["app", "other_tenant", "owner", "system"]
