"""What every end-to-end test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.browser import launched

# Its assertions become the words of a report; plain ones would say nothing.
pytest.register_assert_rewrite("tests.e2e.clicking")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole session; a test without one fails and says what to install."""
    with launched() as running:
        yield running
