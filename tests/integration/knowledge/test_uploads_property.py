"""Whatever happens to the bucket, and in whatever order it is told: what is indexed is what the bucket holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID, uuid5

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from functions.knowledge.address import address_of
from functions.knowledge.workflows.uploads import START
from shared.db.unit_of_work import Database
from shared.errors import NotFound
from tests.integration.database.conftest import HOUSE
from tests.integration.database.rows import add_tenant
from tests.integration.knowledge.uploading import COLLECTION, POISON, Execution, Uploads

NAMES = ("a.md", "b.md", "c/a.md")
TEXTS = (
    b"Herring is landed at dawn.\n\nThe auction opens at six.",
    b"Herring is landed at dawn.\n\nThe auction opens at seven.\n\nIce is free.",
    b"Nets are mended on Mondays.",
    POISON,
)
ACTS = ("upload", "upload", "delete", "rename", "begin", "begin", "advance", "advance", "advance", "deliver")
MEANWHILE = ("upload", "delete", "begin", "deliver", "deliver", "attempt_again")


class World:
    """A bucket, events that nobody has seen, executions under way, and those that died."""

    def __init__(self, uploads: Uploads, tenant_id: UUID, data: DataObject) -> None:
        self.uploads, self.tenant_id, self.data = uploads, tenant_id, data
        self.told: list[str] = []
        self.running: list[Execution] = []
        self.died: list[str] = []
        self.lost = False
        self.nested = False
        uploads.bucket.events.clear()
        uploads.on_effect = self.interrupt

    def _one(self, options: list[str]) -> str:
        return self.data.draw(st.sampled_from(options))

    def act(self, name: str) -> None:
        """Do one thing that can happen."""
        getattr(self, name)()
        self.told += self.uploads.bucket.events
        self.uploads.bucket.events.clear()

    def upload(self) -> None:
        said = {"category": self._one(["help", "law"])}
        body = self.data.draw(st.sampled_from(TEXTS))
        self.uploads.upload(self.tenant_id, self._one(list(NAMES)), body, said)

    def delete(self) -> None:
        self.uploads.bucket.delete("knowledge", self._key())

    def rename(self) -> None:
        old, new = self._key(), self._key()
        if old != new:
            with suppress(NotFound):
                self.uploads.bucket.copy("knowledge", old, new)
                self.uploads.bucket.delete("knowledge", old)

    def begin(self) -> None:
        """An event is delivered: any of them, perhaps one that was delivered already."""
        if self.told:
            key = self._one(self.told)
            if self.data.draw(st.booleans()):
                self.told.remove(key)
            self.running.append(Execution(key))

    def advance(self) -> None:
        """An execution goes on to its next state, or dies before it."""
        if not self.running:
            return
        execution = self.data.draw(st.sampled_from(self.running))
        if self.data.draw(st.integers(0, 9)) == 0:
            self._die(execution)
        else:
            self._go_on(execution)

    def _go_on(self, execution: Execution) -> None:
        # Nobody else moves it meanwhile.
        self.running.remove(execution)
        self.uploads.advance(execution)
        if execution.state is not None:
            self.running.append(execution)

    def deliver(self) -> None:
        """An event is delivered and settled while nothing else goes on."""
        if self.told:
            self.uploads.run(self._one(self.told))

    def attempt_again(self) -> None:
        """A state is tried again while its first attempt goes on: both have the same claim."""
        if self.running:
            execution = self.data.draw(st.sampled_from(self.running))
            attempt = Execution(execution.key, execution.again)
            attempt.state, attempt.given = execution.state, dict(execution.given)
            self.uploads.advance(attempt)
            if attempt.state is not None:
                self.running.append(attempt)

    def _die(self, execution: Execution) -> None:
        """Its message comes again; or, if it was one that had come again and said so in the row, is lost for good."""
        self.running.remove(execution)
        if execution.again and execution.state != START:
            self.lost = True
        else:
            self.died.append(execution.key)

    def interrupt(self, _effect: str) -> None:
        """In the middle of a state anything else may happen."""
        if self.nested or self.data.draw(st.integers(0, 3)):
            return
        self.nested = True
        try:
            for _ in range(self.data.draw(st.integers(1, 3))):
                self.act(self._one(list(MEANWHILE)))
        finally:
            self.nested = False

    def finish(self) -> None:
        """Every event is delivered, whatever died comes again, all executions end, in any order."""
        self.uploads.on_effect = lambda _name: None
        while self.running or self.told or self.died:
            self.running += [Execution(key) for key in self.told]
            self.running += [Execution(key, again=True) for key in self.died]
            self.told, self.died = [], []
            execution = self.data.draw(st.sampled_from(self.running))
            if execution.again and self.data.draw(st.integers(0, 5)) == 0:
                self._die(execution)
            else:
                self._go_on(execution)
        if self.lost:
            for key in self.uploads.revived():
                self.uploads.run(key, again=True)

    def _key(self) -> str:
        return address_of(self.tenant_id, COLLECTION, self._one(list(NAMES))).key


@pytest.fixture
def uploads(app: Database, system: Database) -> Uploads:
    return Uploads(app, system)


@pytest.fixture
def tenants(app: Database) -> Iterator[UUID]:
    """A tenant for each example, so that none finds what another left."""

    def made() -> Iterator[UUID]:
        for number in range(10_000):
            tenant = uuid5(HOUSE, str(number))
            add_tenant(app, tenant)
            yield tenant

    return made()


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(acts=st.lists(st.sampled_from(ACTS), min_size=4, max_size=25), data=st.data())
def test_what_is_indexed_is_what_the_bucket_holds(
    uploads: Uploads, tenants: Iterator[UUID], acts: list[str], data: DataObject
) -> None:
    world = World(uploads, next(tenants), data)

    for name in acts:
        world.act(name)
    world.finish()

    uploads.check(world.tenant_id)
