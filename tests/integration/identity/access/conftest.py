"""Whose token it is."""

from __future__ import annotations

import pytest

from tests.integration.identity.accounts.door import Door


@pytest.fixture
def token(door: Door) -> str:
    """The access token of a developer."""
    door.add_user(role="developer")
    made: str = door.tokens()["access_token"]
    return made
