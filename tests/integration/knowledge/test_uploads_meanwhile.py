"""While one looks at an object, another sees it change: the one that looked last decides, wherever the first is."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from shared.db.unit_of_work import Database
from tests.integration.database.conftest import HOUSE
from tests.integration.knowledge.uploading import POISON, Uploads

BEFORE = "Returns are free for thirty days.\n\nRefunds take a week."
NOW = "Returns are free for ten days.\n\nRefunds take a week."
LATER = "Returns cost a fee.\n\nRefunds take a week.\n\nAsk the harbour master."

Change = Callable[[Uploads], str]


@pytest.fixture
def uploads(app: Database, system: Database) -> Uploads:
    return Uploads(app, system)


def overwritten(uploads: Uploads) -> str:
    return uploads.upload(HOUSE, "a.md", LATER).key


def deleted(uploads: Uploads) -> str:
    key = uploads.upload(HOUSE, "a.md", NOW).key
    uploads.bucket.delete("knowledge", key)
    return key


def described_anew(uploads: Uploads) -> str:
    return uploads.upload(HOUSE, "a.md", NOW, {"category": "law"}).key


def begun(uploads: Uploads, body: str | bytes) -> str:
    """A document is there, and its next version has just been uploaded."""
    uploads.upload(HOUSE, "a.md", BEFORE)
    uploads.settle()
    key = uploads.upload(HOUSE, "a.md", body).key
    uploads.bucket.events.clear()
    return key


class Meanwhile:
    """Has a change happen, and whoever is told of it finish, at one effect of an execution."""

    def __init__(self, uploads: Uploads, change: Change, at: int) -> None:
        self._uploads, self._change, self._left = uploads, change, at
        self.outcome: str | None = None

    def __call__(self, _effect: str) -> None:
        """An effect is about to happen or has happened."""
        self._left -= 1
        if self._left < 0 and self.outcome is None:
            self.outcome = "begun"
            self.outcome = self._uploads.run(self._change(self._uploads))


@pytest.mark.parametrize(
    ("body", "change"),
    [(NOW, overwritten), (NOW, deleted), (NOW, described_anew), (POISON, overwritten)],
    ids=["overwritten", "deleted", "described-anew", "poison-overwritten"],
)
def test_whoever_looks_last_decides(uploads: Uploads, body: str | bytes, change: Change) -> None:
    for moment in itertools.count():
        key = begun(uploads, body)
        uploads.on_effect = meanwhile = Meanwhile(uploads, change, moment)
        uploads.run(key)
        uploads.on_effect = lambda _effect: None
        if meanwhile.outcome is None:
            break
        uploads.check(HOUSE)
        uploads.bucket.delete("knowledge", key)
        uploads.run(key)
        uploads.check(HOUSE)
    assert moment > 10
