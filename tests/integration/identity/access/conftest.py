"""A tenant of each test's own, and the way into it."""

from __future__ import annotations

import pytest

from tests.integration.identity.accounts.door import Door, cheap_hashes, door, door_database

__all__ = ["cheap_hashes", "door", "door_database"]


@pytest.fixture
def token(door: Door) -> str:
    """The access token of a developer."""
    door.add_user(role="developer")
    made: str = door.tokens()["access_token"]
    return made
