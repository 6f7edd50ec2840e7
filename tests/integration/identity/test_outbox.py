"""What is committed is published: at once, or by the relay; by two relays once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import UUID

import pytest

from functions.identity import service
from shared.adapters.bus import BusEvent, EventBus, FakeBus
from shared.bootstrap import Container
from shared.db.unit_of_work import Database
from tests.fixtures.engines import TestDatabase
from tests.integration.database.conftest import HOUSE


class Own(Container):
    """A container with a bus of the test's own."""

    def __init__(self, bus: EventBus) -> None:
        super().__init__()
        self.__dict__["bus"] = bus


@pytest.fixture
def environment(database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of the relay."""
    for name, value in database.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_SYSTEM_USER", "robo_system")


@pytest.fixture
def own(environment: None) -> Iterator[Own]:
    """A container on the test's database and a fake bus."""
    made = Own(FakeBus())
    yield made
    made.database.close()
    made.system_database.close()


def bus_of(own: Own) -> FakeBus:
    assert isinstance(own.bus, FakeBus)
    return own.bus


def announce(database: Database, count: int = 1, tenant: UUID = HOUSE) -> list[str]:
    with database.transaction(tenant) as work:
        return [str(work.announce("run_requested", {"number": number})) for number in range(count)]


def waiting(database: Database, tenant: UUID = HOUSE) -> list[int]:
    """How often each unpublished event was tried."""
    with database.transaction(tenant) as work:
        rows = work.fetch_all("SELECT attempts FROM identity.outbox WHERE published_at IS NULL")
    return [row["attempts"] for row in rows]


def test_an_event_is_on_the_bus_right_after_its_commit(own: Own) -> None:
    (identity,) = announce(own.database)

    (event,) = bus_of(own).published
    assert (event.id, event.source, event.detail_type) == (identity, "roboagency", "run_requested")
    assert event.detail["number"] == 0
    assert event.detail["event_id"] == identity
    assert event.detail["event_type"] == "run_requested"
    assert event.detail["tenant_id"] == str(HOUSE)
    assert "T" in event.detail["timestamp"]
    assert waiting(own.database) == []
    assert service.relay_outbox(own, 0) == 0
    assert len(bus_of(own).published) == 1


def test_an_event_that_the_bus_refused_is_relayed_later(own: Own, app: Database) -> None:
    (identity,) = announce(app)
    bus_of(own).refuse = {identity}

    assert service.relay_outbox(own, 0) == 0
    assert waiting(app) == [0]

    bus_of(own).refuse = set()
    assert service.relay_outbox(own, 0) == 1
    assert [event.id for event in bus_of(own).published] == [identity]
    assert waiting(app) == []


def test_a_bus_that_is_down_keeps_everything_for_the_relay(own: Own) -> None:
    class Down:
        def publish(self, events: list[BusEvent]) -> list[str]:
            raise OSError(f"no bus for {len(events)}")

    fake = own.bus
    own.__dict__["bus"] = Down()
    announce(own.database, 3)
    assert waiting(own.database) == [0, 0, 0]
    with pytest.raises(OSError, match="no bus"):
        service.relay_outbox(own, 0)

    own.__dict__["bus"] = fake
    assert service.relay_outbox(own, 0) == 3


def test_the_relay_leaves_what_is_just_being_published(own: Own, app: Database) -> None:
    announce(app)

    assert service.relay_outbox(own, 5) == 0
    assert service.relay_outbox(own, 0) == 1


def test_the_relay_keeps_the_order_and_takes_more_than_a_batch(own: Own, app: Database) -> None:
    ids = announce(app, service.RELAY_BATCH * 2 + 1)

    assert service.relay_outbox(own, 0) == len(ids)
    assert [event.id for event in bus_of(own).published] == ids


def test_the_relay_serves_every_tenant(own: Own, app: Database, other_tenant: UUID) -> None:
    announce(app)
    announce(app, tenant=other_tenant)

    assert service.relay_outbox(own, 0) == 2
    assert {event.detail["tenant_id"] for event in bus_of(own).published} == {str(HOUSE), str(other_tenant)}


def test_two_relays_at_once_publish_each_event_once(environment: None, app: Database) -> None:
    both = threading.Barrier(2)

    class Meeting(FakeBus):
        """Holds its batch until the other relay holds one too."""

        def publish(self, events: list[BusEvent]) -> list[str]:
            if not self.published:
                both.wait(10)
            return super().publish(events)

    ids = announce(app, service.RELAY_BATCH * 2)
    owns = [Own(Meeting()), Own(Meeting())]
    counts: list[int] = []

    def relay(own: Own) -> None:
        counts.append(service.relay_outbox(own, 0))
        own.system_database.close()

    threads = [threading.Thread(target=relay, args=(own,)) for own in owns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    published = [event.id for own in owns for event in bus_of(own).published]
    assert sorted(published) == sorted(ids)
    assert counts == [service.RELAY_BATCH] * 2
    assert waiting(app) == []


def test_the_age_of_the_outbox_is_that_of_the_event_that_waits_longest(own: Own, app: Database) -> None:
    assert service.get_outbox_age(own) == 0

    announce(app, 2)
    with app.transaction(HOUSE) as work:
        work.execute(
            "UPDATE identity.outbox SET created_at = now() - interval '1 hour' WHERE detail->>'number' = '1'"
        )
    assert 3600 <= service.get_outbox_age(own) < 3700

    service.relay_outbox(own, 0)
    assert service.get_outbox_age(own) == 0
