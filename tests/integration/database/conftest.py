"""The database as the product opens it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from infra.local.environment import HOUSE_TENANT_ID
from infra.local.postgres import OWNER
from shared.db.unit_of_work import Database
from tests.fixtures.engines import TestDatabase
from tests.integration.database.rows import add_tenant

HOUSE = UUID(HOUSE_TENANT_ID)
OTHER = UUID("00000000-0000-7000-8000-00000000000b")


@pytest.fixture
def app(database: TestDatabase) -> Iterator[Database]:
    """The database as requests and steps see it."""
    made = Database(database.settings())
    yield made
    made.close()


@pytest.fixture
def system(database: TestDatabase) -> Iterator[Database]:
    """The database as the relay and the revival see it."""
    made = Database(database.settings(), user="robo_system")
    yield made
    made.close()


@pytest.fixture
def owner(database: TestDatabase) -> Iterator[Database]:
    """The database as migrations see it."""
    made = Database(database.settings(), user=OWNER)
    yield made
    made.close()


@pytest.fixture
def other_tenant(app: Database) -> UUID:
    """A second tenant."""
    add_tenant(app, OTHER)
    return OTHER
