"""A tenant of each test's own, and the way into it."""

from tests.integration.identity.accounts.door import cheap_hashes, door, door_database, user

__all__ = ["cheap_hashes", "door", "door_database", "user"]
