"""What tests of identity stand on: the database, a tenant of their own and the way into it, a world for webhooks."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import NoReturn

import pytest

from tests.fixtures.engines import TestDatabase
from tests.integration.database.conftest import HOUSE, app, other_tenant, owner, system
from tests.integration.identity.accounts.door import cheap_hashes, door, door_database, user
from tests.integration.identity.webhook_world import Outside, World

__all__ = ["app", "cheap_hashes", "door", "door_database", "other_tenant", "owner", "system", "user"]


@pytest.fixture
def webhook_settings(database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of what sends webhooks, as on AWS: nothing private."""
    given = {
        **database.environment(),
        "DATABASE_SYSTEM_USER": "robo_system",
        "HOUSE_TENANT_ID": str(HOUSE),
        "WEBHOOK_KEY_SECRET": "webhook-key",
        "POWERTOOLS_TRACE_DISABLED": "true",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def outside() -> Outside:
    """The network."""
    return Outside()


@pytest.fixture
def world(webhook_settings: None, outside: Outside, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The product with everything that carries its webhooks; a real socket would be noticed."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a socket was opened past the network of the test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    made = World(outside)
    yield made
    made.close()
