"""The API of people, in process, with an office of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.engines import TestDatabase
from tests.integration.identity.people.office import Office


@pytest.fixture
def office(database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Handlers over a database of the test's own; mail, bus and secrets in memory."""
    made = Office(database, monkeypatch)
    yield made
    made.close()
