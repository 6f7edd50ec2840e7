"""The API of people, in process: a database for all tests of this folder, a tenant for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.postgres import Postgres
from tests.fixtures.engines import TestDatabase
from tests.integration.identity.people.office import Office


@pytest.fixture(scope="session")
def people_database(postgres: Postgres, template_database: str) -> Iterator[TestDatabase]:
    """A database for the tests of this folder; what they do in it, they do in tenants of their own."""
    name = "test_people"
    postgres.create_database(name, template_database)
    yield TestDatabase(postgres, name)
    postgres.drop_database(name)


@pytest.fixture
def office(people_database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Handlers over the database, with a new tenant as their house; mail, bus and secrets in memory."""
    made = Office(people_database, monkeypatch)
    yield made
    made.close()
