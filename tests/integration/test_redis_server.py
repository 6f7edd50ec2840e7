"""Redis on one machine: on a socket only, empty after a restart, never left behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from infra.local.processes import EngineError, FolderInUse, is_alive
from infra.local.redis import Redis


@pytest.fixture
def server() -> Iterator[Redis]:
    with tempfile.TemporaryDirectory(prefix="robo-test-") as folder:
        made = Redis(Path(folder) / "redis é")
        yield made
        made.stop()


def _client(server: Redis) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def test_it_answers_on_a_socket_and_nowhere_else(server: Redis) -> None:
    server.start()

    with closing(_client(server)) as client:
        assert client.ping()
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert "graph" not in {module["name"] for module in client.module_list()}
    assert server.url.startswith("unix:///")
    assert (server.folder / "run").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_it_starts_again_at_once_and_empty(server: Redis, end: str) -> None:
    server.start()
    first = server.pid
    with closing(_client(server)) as client:
        client.set("a", "1")

    getattr(server, end)()
    assert not is_alive(first)
    with pytest.raises(EngineError):
        _ = server.url
    server.start()

    with closing(_client(server)) as client:
        assert client.get("a") is None
    assert not list(server.folder.glob("*.rdb"))


def test_a_second_starter_is_told_who_was_first(server: Redis) -> None:
    server.start()

    with pytest.raises(FolderInUse, match=f"in use by process {os.getpid()}"):
        Redis(server.folder).start()

    with closing(_client(server)) as client:
        assert client.ping()


def test_an_orphan_is_stopped_and_replaced(server: Redis) -> None:
    orphan = Redis(server.folder)
    orphan.start()
    pid = orphan.pid
    orphan._lock.release()

    server.start()

    assert not is_alive(pid)
    assert server.pid != pid
    orphan.stop()
    with closing(_client(server)) as client:
        assert client.ping()


def test_a_stranger_with_the_number_of_a_dead_server_is_left_alone(server: Redis) -> None:
    server.folder.mkdir(parents=True)
    (server.folder / "pid").write_text(f"{os.getpid()}\n")

    server.start()

    with closing(_client(server)) as client:
        assert client.ping()
