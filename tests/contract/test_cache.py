"""What every cache promises."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from infra.local.redis import Redis
from shared.adapters.cache import Cache, InMemoryCache, RedisCache
from shared.adapters.clock import FakeClock


@pytest.fixture(params=["fake", "redis"])
def cache(request: pytest.FixtureRequest) -> Iterator[Cache]:
    if request.param == "fake":
        yield InMemoryCache(FakeClock())
        return
    server: Redis = request.getfixturevalue("redis_server")
    with closing(RedisCache(server.url)) as made:
        yield made


@pytest.fixture
def key() -> str:
    return f"{uuid.uuid4()}"


def test_what_was_set_can_be_got_until_it_is_deleted(cache: Cache, key: str) -> None:
    assert cache.get(key) is None

    cache.set(key, b"\x00\xff", 60)
    assert cache.get(key) == b"\x00\xff"
    cache.set(key, b"new", 60)
    assert cache.get(key) == b"new"

    cache.delete(key)
    cache.delete(key)
    assert cache.get(key) is None


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_nothing_is_kept_for_ever_or_not_at_all(cache: Cache, key: str, seconds: float) -> None:
    with pytest.raises(ValueError, match="kept"):
        cache.set(key, b"", seconds)


@pytest.mark.parametrize("odd", ["", "{a}b", "}{", "%7B", "ü 港", "a\nb", "a\x00b", "\ud800", "x" * 5000])
def test_any_text_is_a_key_of_its_own(cache: Cache, key: str, odd: str) -> None:
    cache.set(key + odd, b"1", 60)

    assert cache.get(key + odd) == b"1"
    assert cache.get(f"{key}{odd}x") is None


def test_a_value_ends_with_its_time() -> None:
    clock = FakeClock()
    cache = InMemoryCache(clock)
    cache.set("a", b"1", 60)

    clock.advance(timedelta(seconds=59.999))
    assert cache.get("a") == b"1"
    clock.advance(0.001)
    assert cache.get("a") is None
