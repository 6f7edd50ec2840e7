"""The API in process and the tenants of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.postgres import Postgres
from infra.local.redis import Redis
from tests.contract.api.house import House, opened
from tests.contract.api.stage import Tenancy, settle


@pytest.fixture(scope="session")
def house(
    postgres: Postgres, template_database: str, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """The API over a database of its own, for all tests of this folder."""
    folder = tmp_path_factory.mktemp("house")
    with opened(postgres, template_database, redis_server.url, folder, "test_api") as made:
        yield made


@pytest.fixture(scope="session")
def tenancy(house: House) -> Tenancy:
    """A tenant to look at and to send bad requests to: tests change nothing that others need."""
    return settle(house)


@pytest.fixture
def fresh(house: House) -> Tenancy:
    """A tenant of the test's own."""
    return settle(house)
