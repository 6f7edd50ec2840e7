"""What every cache promises."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
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


def test_values_and_limits_do_not_share_names(cache: Cache, key: str) -> None:
    cache.set(key, b"value", 60)

    assert cache.admit(key, 1, 60).allowed
    assert cache.get(key) == b"value"


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_nothing_is_kept_for_ever_or_not_at_all(cache: Cache, key: str, seconds: float) -> None:
    with pytest.raises(ValueError, match="kept"):
        cache.set(key, b"", seconds)


@pytest.mark.parametrize("odd", ["", "{a}b", "}{", "%7B", "ü 港", "a\nb", "a\x00b"])
def test_any_text_is_a_key_of_its_own(cache: Cache, key: str, odd: str) -> None:
    cache.set(key + odd, b"1", 60)

    assert cache.get(key + odd) == b"1"
    assert cache.get(f"{key}{odd}x") is None
    assert cache.admit(key + odd, 1, 60).allowed
    assert not cache.admit(key + odd, 1, 60).allowed


def test_a_limit_admits_its_number_at_once_and_then_no_more(cache: Cache, key: str) -> None:
    answers = [cache.admit(key, 3, 3600) for _ in range(5)]

    assert [answer.allowed for answer in answers] == [True, True, True, False, False]
    assert [answer.remaining for answer in answers] == [2, 1, 0, 0, 0]
    assert [answer.limit for answer in answers] == [3] * 5
    assert [answer.retry_after_seconds for answer in answers] == [0, 0, 0, 1200, 1200]
    assert [answer.reset_after_seconds for answer in answers] == [1200, 2400, 3600, 3600, 3600]


def test_a_dear_request_costs_more_and_a_refused_one_nothing(cache: Cache, key: str) -> None:
    assert cache.admit(key, 10, 3600, cost=7).remaining == 3

    refused = cache.admit(key, 10, 3600, cost=4)
    assert not refused.allowed
    assert refused.remaining == 3
    assert refused.retry_after_seconds == 360

    assert cache.admit(key, 10, 3600, cost=3).allowed
    assert not cache.admit(key, 10, 3600).allowed


def test_limits_of_different_keys_do_not_touch(cache: Cache, key: str) -> None:
    assert cache.admit(f"{key}-a", 1, 60).allowed
    assert cache.admit(f"{key}-b", 1, 60).allowed
    assert not cache.admit(f"{key}-a", 1, 60).allowed


@pytest.mark.parametrize(("limit", "cost"), [(0, 1), (1, 2), (5, 0), (5, -1)])
def test_a_request_that_could_never_pass_is_a_mistake(cache: Cache, key: str, limit: int, cost: int) -> None:
    with pytest.raises(ValueError, match="costs"):
        cache.admit(key, limit, 60, cost)


@pytest.mark.parametrize("period", [0, -1, float("inf"), float("nan")])
def test_a_limit_needs_a_period(cache: Cache, key: str, period: float) -> None:
    with pytest.raises(ValueError, match="period"):
        cache.admit(key, 1, period)


def test_a_crowd_is_admitted_exactly_to_the_limit(cache: Cache, key: str) -> None:
    allowed: Counter[bool] = Counter()
    lock = threading.Lock()

    def ask() -> None:
        for _ in range(25):
            answer = cache.admit(key, 40, 3600).allowed
            with lock:
                allowed[answer] += 1

    crowd = [threading.Thread(target=ask) for _ in range(8)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()

    assert allowed == {True: 40, False: 160}


def test_a_value_ends_with_its_time() -> None:
    clock = FakeClock()
    cache = InMemoryCache(clock)
    cache.set("a", b"1", 60)

    clock.advance(timedelta(seconds=59.999))
    assert cache.get("a") == b"1"
    clock.advance(0.001)
    assert cache.get("a") is None
