"""The cache on a real Redis: its script against the model, times to live, and what happens in an outage."""

from __future__ import annotations

import os
import signal
import socket
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.redis import Redis
from shared.adapters.cache import InMemoryCache, RedisCache
from shared.adapters.clock import FakeClock
from shared.errors import AppError, DependencyUnavailable


@pytest.fixture(scope="module")
def client(redis_server: Redis) -> Iterator[redis.Redis]:
    with closing(redis.Redis.from_url(redis_server.url)) as made:
        yield made


@pytest.fixture(scope="module")
def cache(redis_server: Redis) -> Iterator[RedisCache]:
    with closing(RedisCache(redis_server.url)) as made:
        yield made


def _let_time_pass(client: redis.Redis, name: str, seconds: float) -> None:
    """Move what a key remembers into the past, which is the same to the script as waiting."""
    kept = client.get(name)
    if kept is not None:
        client.set(name, f"{int(kept) - int(seconds * 1_000_000)}", px=60_000)


# Time passes in half requests of 50 seconds and more. The milliseconds that really pass can only empty the
# bucket by as much, which changes neither a decision nor a count.
@settings(max_examples=40)
@given(
    limit=st.integers(2, 6),
    unit=st.integers(100, 400),
    requests=st.lists(st.tuples(st.integers(0, 12), st.integers(1, 2)), min_size=1, max_size=20),
)
def test_the_script_decides_as_the_model_does(
    cache: RedisCache, client: redis.Redis, limit: int, unit: int, requests: list[tuple[int, int]]
) -> None:
    clock = FakeClock()
    model = InMemoryCache(clock)
    key = str(uuid.uuid4())
    for halves, cost in requests:
        clock.advance(halves * unit / 2)
        _let_time_pass(client, f"limit:{{{key}}}", halves * unit / 2)

        expected = model.admit(key, limit, unit * limit, cost)
        found = cache.admit(key, limit, unit * limit, cost)

        assert (found.allowed, found.remaining) == (expected.allowed, expected.remaining)
        assert 0 <= expected.retry_after_seconds - found.retry_after_seconds <= 10
        assert 0 <= expected.reset_after_seconds - found.reset_after_seconds <= 10


_keys = st.sampled_from(["a", "b", "{c}"])
_commands = st.one_of(
    st.tuples(st.just("set"), _keys, st.floats(0.001, 5)),
    st.tuples(st.just("admit"), _keys, st.floats(0.001, 5)),
    st.tuples(st.just("delete"), _keys, st.just(1.0)),
)


@settings(max_examples=40)
@given(st.lists(_commands, max_size=15))
def test_no_key_is_ever_without_a_time_to_live(
    cache: RedisCache, client: redis.Redis, commands: list[tuple[str, str, float]]
) -> None:
    for command, key, seconds in commands:
        if command == "set":
            cache.set(key, b"value", seconds)
        elif command == "admit":
            cache.admit(key, 5, seconds)
        else:
            cache.delete(key)

        lifetimes = {name: client.pttl(name) for name in client.scan_iter()}
        # -2: gone between the two calls; -1 would be for ever.
        assert all(lifetime == -2 or lifetime >= 0 for lifetime in lifetimes.values()), lifetimes


def test_a_limit_is_forgotten_when_it_no_longer_counts(cache: RedisCache, client: redis.Redis) -> None:
    key = str(uuid.uuid4())

    cache.admit(key, 10, 3600)

    assert 359_000 < int(client.pttl(f"limit:{{{key}}}")) <= 360_000


def test_a_key_that_holds_something_else_is_a_mistake_not_an_outage(
    cache: RedisCache, client: redis.Redis
) -> None:
    client.rpush("limit:{odd}", "x")
    client.expire("limit:{odd}", 60)

    with pytest.raises(AppError) as caught:
        cache.admit("odd", 1, 60)

    assert type(caught.value) is AppError


def test_nothing_is_connected_before_it_is_used(tmp_path: Path) -> None:
    cache = RedisCache(f"unix://{tmp_path}/none")

    with pytest.raises(DependencyUnavailable):
        cache.get("a")


def test_a_cache_that_hangs_is_given_up(tmp_path: Path) -> None:
    with Redis(tmp_path / "redis") as server, closing(RedisCache(server.url)) as cache:
        assert cache.admit("a", 5, 60).allowed
        os.kill(server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(DependencyUnavailable):
                cache.admit("a", 5, 60)
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert cache.admit("a", 5, 60).allowed


def test_an_address_that_swallows_everything_is_given_up() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        with closing(RedisCache(address)) as cache, pytest.raises(DependencyUnavailable):
            cache.get("a")


def test_the_first_call_after_a_restart_works(tmp_path: Path) -> None:
    server = Redis(tmp_path / "redis")
    server.start()
    with closing(RedisCache(server.url)) as cache:
        cache.set("a", b"1", 60)
        server.kill()
        with pytest.raises(DependencyUnavailable):
            cache.get("a")
        server.start()
        try:
            assert cache.get("a") is None
            server.stop()
            server.start()
            assert cache.admit("a", 1, 60).allowed
        finally:
            server.stop()


def test_a_full_cache_says_so_and_evicts_no_limit(tmp_path: Path) -> None:
    with Redis(tmp_path / "redis") as server, closing(RedisCache(server.url)) as cache:
        assert cache.admit("visitor", 1, 3600).allowed
        with closing(redis.Redis.from_url(server.url)) as client:
            client.config_set("maxmemory", "1")
        with pytest.raises(DependencyUnavailable):
            cache.set("more", b"x", 60)
        assert not cache.admit("visitor", 1, 3600).allowed
