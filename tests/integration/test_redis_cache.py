"""The cache on a real Redis: its names, times to live, and what happens in an outage."""

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
from shared.adapters.cache import RedisCache
from shared.errors import AppError, DependencyUnavailable


@pytest.fixture(scope="module")
def client(redis_server: Redis) -> Iterator[redis.Redis]:
    with closing(redis.Redis.from_url(redis_server.url)) as made:
        yield made


@pytest.fixture(scope="module")
def cache(redis_server: Redis) -> Iterator[RedisCache]:
    with closing(RedisCache(redis_server.url)) as made:
        yield made


_keys = st.sampled_from(["a", "b", "{c}"])
_commands = st.one_of(
    st.tuples(st.just("set"), _keys, st.floats(0.001, 5)),
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
        else:
            cache.delete(key)

        lifetimes = {name: client.pttl(name) for name in client.scan_iter("cache:*")}
        # -2: gone between the two calls; -1 would be for ever.
        assert all(lifetime == -2 or lifetime >= 0 for lifetime in lifetimes.values()), lifetimes


def test_a_value_has_its_documented_name(cache: RedisCache, client: redis.Redis) -> None:
    key = str(uuid.uuid4())

    cache.set(key, b"1", 60)

    assert client.get(f"cache:{{{key}}}") == b"1"
    assert 59_000 < int(client.pttl(f"cache:{{{key}}}")) <= 60_000


def test_a_key_that_holds_something_else_is_a_mistake_not_an_outage(
    cache: RedisCache, client: redis.Redis
) -> None:
    client.rpush("cache:{odd}", "x")
    client.expire("cache:{odd}", 60)

    with pytest.raises(AppError) as caught:
        cache.get("odd")

    assert type(caught.value) is AppError


def test_nothing_is_connected_before_it_is_used(tmp_path: Path) -> None:
    cache = RedisCache(f"unix://{tmp_path}/none")

    with pytest.raises(DependencyUnavailable):
        cache.get("a")


def test_a_cache_that_hangs_is_given_up(tmp_path: Path) -> None:
    with Redis(tmp_path / "redis") as server, closing(RedisCache(server.url)) as cache:
        cache.set("a", b"1", 60)
        os.kill(server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(DependencyUnavailable):
                cache.get("a")
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert cache.get("a") == b"1"


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
            cache.set("a", b"2", 60)
            assert cache.get("a") == b"2"
        finally:
            server.stop()


def test_a_full_cache_says_so_and_evicts_nothing(tmp_path: Path) -> None:
    with Redis(tmp_path / "redis") as server, closing(RedisCache(server.url)) as cache:
        cache.set("a", b"1", 60)
        with closing(redis.Redis.from_url(server.url)) as client:
            client.config_set("maxmemory", "1")
        with pytest.raises(DependencyUnavailable):
            cache.set("more", b"x", 60)
        assert cache.get("a") == b"1"
