"""A short campaign within the suite; `make fuzz` is the long one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.catalog import CATALOG
from infra.local.postgres import Postgres
from infra.local.redis import Redis
from tests.contract.api.house import House, opened
from tests.fuzz.campaign import run
from tests.fuzz.people import Administrators

CASES = 500


@pytest.fixture
def house(
    postgres: Postgres, template_database: str, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """The API over a database of its own."""
    folder = tmp_path_factory.mktemp("fuzz")
    with opened(postgres, template_database, redis_server.url, folder, "test_fuzz") as made, made.around():
        yield made


def test_every_answer_is_as_documented(house: House) -> None:
    people = Administrators(house)
    found = run(house.app, people.token, people.known, CASES, coverage=False)

    assert not found.failures
    assert found.cases >= CASES
    assert set(found.statuses) == {f"{route.method} {route.path}" for route in CATALOG.routes}


def test_an_answer_that_is_not_as_documented_is_found() -> None:
    """An application that answers every request well, and wrongly."""

    def liar(environ: dict[str, str], start_response: object) -> list[bytes]:
        start_response("200 OK", [("content-type", "application/json")])  # type: ignore[operator]
        return [b"{}"]

    found = run(liar, lambda: "token", lambda _: None, 50, coverage=False, only="/v1/me")

    titles = " ".join(found.failures)
    assert "Missing required response headers" in titles
    assert "Response violates schema" in titles
