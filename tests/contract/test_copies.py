"""What every place for copies promises; and Redis, that nobody waits for it twice."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest
import redis

from infra.local.redis import Redis
from shared.adapters.clock import FakeClock
from shared.adapters.copies import Copies, InMemoryCopies, RedisCopies
from shared.adapters.redis_connection import hashed_to


@pytest.fixture(params=["fake", "redis"])
def copies(request: pytest.FixtureRequest) -> Iterator[Copies]:
    if request.param == "fake":
        yield InMemoryCopies(FakeClock())
        return
    server: Redis = request.getfixturevalue("redis_server")
    with closing(RedisCopies(server.url, FakeClock())) as made:
        yield made


@pytest.fixture
def name() -> str:
    return hashed_to("blacklist:", str(uuid.uuid4()))


def test_copies_are_found_until_they_are_forgotten(copies: Copies, name: str) -> None:
    other = f"{name}:other"
    assert copies.find([name, other]) == [None, None]

    copies.keep(name, b"\x00\xff", 60)
    assert copies.find([other, name]) == [None, b"\x00\xff"]
    copies.keep(name, b"", 60)
    assert copies.find([name]) == [b""]

    copies.forget(name)
    copies.forget(name)
    assert copies.find([name]) == [None]


def test_a_copy_without_a_remaining_life_is_none(copies: Copies, name: str) -> None:
    copies.keep(name, b"1", -5)

    assert copies.find([]) == []


def test_a_copy_has_its_own_name_and_a_time_to_live(redis_server: Redis, name: str) -> None:
    with (
        closing(RedisCopies(redis_server.url, FakeClock())) as copies,
        closing(redis.Redis.from_url(redis_server.url)) as client,
    ):
        copies.keep(name, b"1", 600)

        assert client.get(name) == b"1"
        assert 0 < int(client.pttl(name)) <= 600_000


def test_without_redis_there_are_no_copies_and_it_is_asked_again_after_a_pause() -> None:
    clock = FakeClock()
    failures: list[bool] = []
    copies = RedisCopies("redis://127.0.0.1:1", clock, report=lambda: failures.append(True))

    assert copies.find(["a", "b"]) == [None, None]
    copies.keep("a", b"1", 60)
    copies.forget("a")
    assert len(failures) == 1

    clock.advance(1)
    assert copies.find(["a"]) == [None]
    assert len(failures) == 2


def test_a_redis_that_comes_back_is_used_again(redis_server: Redis, name: str) -> None:
    clock = FakeClock()
    with closing(RedisCopies(redis_server.url, clock)) as copies:
        copies.keep(name, b"1", 60)
        with closing(redis.Redis.from_url(redis_server.url)) as client:
            client.client_kill_filter(_type="normal", skipme=True)

        assert copies.find([name]) == [b"1"]
