"""Redis is flushed and killed while requests go on: it is asked first, and whatever it says opens nothing."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis

from functions.identity.access import api_keys
from infra.local.processes import wait_until
from infra.local.redis import Redis
from shared import base64url
from shared.adapters.redis_connection import hashed_to
from shared.bootstrap import Container
from tests.fixtures.engines import TestDatabase
from tests.integration.identity.accounts.door import Door

THREADS = 4
ROUNDS = 3
KEYS = "/v1/api-keys"


class Storm(Door):
    """A door whose containers use the machine's clock and the Redis that there is, limits included."""

    def enter(self) -> Container:
        made = super().enter()
        for name in ("clock", "copies", "limiter"):
            del made.__dict__[name]
        return made

    def close(self) -> None:
        super().close()
        for made in self._made:
            made.limiter.close()

    def use(self, token: str | None) -> int:
        """Return the status that a list of projects is answered with."""
        return self.send("GET", "/v1/projects", token=token).status

    def make_key(self, token: str, **changes: Any) -> dict[str, Any]:
        reply = self.send("POST", KEYS, {"name": "Report", "scopes": ["*"], **changes}, token=token)
        assert reply.status == 201, reply
        found: dict[str, Any] = reply.json
        return found


@pytest.fixture
def cache() -> Iterator[Redis]:
    """A Redis of the test's own, to be killed."""
    with tempfile.TemporaryDirectory(prefix="robo-") as folder, Redis(Path(folder) / "redis") as server:
        yield server


@pytest.fixture
def storm(
    door_database: TestDatabase, cache: Redis, cheap_hashes: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Storm]:
    made = Storm(door_database, cache.url, monkeypatch)
    yield made
    made.close()


@dataclass
class Load:
    """Threads that send with every token, over and over. wrong: answers that must not be."""

    storm: Storm
    good: dict[str, str]
    bad: dict[str, str | None]
    victims: dict[str, str]
    ended: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    rounds: list[int] = field(default_factory=lambda: [0] * THREADS)
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send in the background while the block does its worst."""
        threads = [threading.Thread(target=self._run, args=(index,)) for index in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join()

    def go_on(self) -> None:
        """Wait until every thread has sent everything a few times more."""
        goal = [count + ROUNDS for count in self.rounds]
        assert wait_until(lambda: self._beyond(goal) or bool(self.wrong), 60)
        assert self.wrong == []

    def _beyond(self, goal: list[int]) -> bool:
        return all(count >= wanted for count, wanted in zip(self.rounds, goal, strict=True))

    def _run(self, index: int) -> None:
        try:
            self.storm.enter()
            while not self.over.is_set():
                self._send_all()
                self.rounds[index] += 1
        except Exception as error:
            self.wrong.append(repr(error))

    def _send_all(self) -> None:
        for name, good in self.good.items():
            self._expect(name, good, {200})
        for name, bad in self.bad.items():
            self._expect(name, bad, {401})
        for name, victim in self.victims.items():
            # What was revoked before a request began must not let it in; one on its way may still pass.
            self._expect(name, victim, {401} if name in self.ended else {200, 401})

    def _expect(self, name: str, token: str | None, allowed: set[int]) -> None:
        status = self.storm.use(token)
        if status not in allowed:
            self.wrong.append(f"{name}: {status}")


@dataclass(frozen=True)
class Cast:
    """Somebody with keys and sessions, and what they need to end them."""

    storm: Storm
    token: str

    def revoked_key(self) -> str:
        made = self.storm.make_key(self.token)
        assert self.storm.send("DELETE", f"{KEYS}/{made['id']}", token=self.token).status == 204
        return str(made["key"])

    def expired_key(self) -> str:
        made = self.storm.make_key(self.token)
        statement = "UPDATE identity.api_keys SET expires_at = now() - interval '1 second' WHERE id = %(id)s"
        self.storm.rows(statement, id=made["id"])
        return str(made["key"])

    def replaced_key(self) -> str:
        made = self.storm.make_key(self.token)
        assert self.storm.send("POST", f"{KEYS}/{made['id']}/rotate", {}, token=self.token).status == 201
        return str(made["key"])

    def key_of_somebody_gone(self) -> str:
        self.storm.add_user("gone@example.com", "admin")
        made = self.storm.make_key(self.storm.tokens(email="gone@example.com")["access_token"])
        self.storm.rows(
            "UPDATE identity.users SET is_active = false, deleted_at = now()"
            " WHERE tenant_id = %(tenant)s AND email = 'gone@example.com'"
        )
        return str(made["key"])

    def moved_key(self, key: str) -> str:
        """The key with another tenant in it."""
        payload = base64url.decode(key.removeprefix(api_keys.PREFIX))
        other, _ = self.storm.add_tenant()
        return api_keys.PREFIX + base64url.encode(payload[:16] + other.bytes + payload[32:])

    def session(self) -> str:
        return str(self.storm.tokens()["access_token"])

    def left_session(self) -> str:
        token = self.session()
        self.leave(token)
        return token

    def leave(self, token: str) -> None:
        assert self.storm.send("DELETE", "/v1/sessions/current", token=token).status == 204


def test_redis_flushed_and_killed_lets_nobody_in_and_locks_nobody_out(
    storm: Storm, cache: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    storm.add_user(role="developer")
    cast = Cast(storm, str(storm.tokens()["access_token"]))
    key = str(storm.make_key(cast.token)["key"])
    first, second = storm.make_key(cast.token), storm.make_key(cast.token)
    session = cast.session()
    forged = key[:-2] + ("AA" if not key.endswith("AA") else "QQ")
    load = Load(
        storm,
        good={"session": cast.token, "key": key},
        bad={
            "nothing": None,
            "garbage": "garbage",
            "revoked key": (revoked := cast.revoked_key()),
            "expired key": cast.expired_key(),
            "replaced key": cast.replaced_key(),
            "key of somebody gone": cast.key_of_somebody_gone(),
            "forged key": forged,
            "key of another tenant": cast.moved_key(key),
            "session that was left": cast.left_session(),
            "altered session": cast.token[:-6] + ("A" * 6),
        },
        victims={"first": str(first["key"]), "second": str(second["key"]), "session": session},
    )

    def end(name: str, act: Callable[[], object]) -> None:
        act()
        load.ended.add(name)

    with load.running(), closing(redis.Redis.from_url(cache.url)) as client:
        load.go_on()
        for _ in range(5):
            client.flushall()
        load.go_on()
        end("first", lambda: storm.send("DELETE", f"{KEYS}/{first['id']}", token=cast.token))
        client.flushall()
        load.go_on()

        cache.kill()
        load.go_on()
        end("second", lambda: storm.send("DELETE", f"{KEYS}/{second['id']}", token=cast.token))
        end("session", lambda: cast.leave(session))
        load.go_on()

        cache.start()
        load.go_on()
        assert wait_until(lambda: client.exists(_copy(revoked)) == 1, 30), "copies did not come back"
        assert wait_until(lambda: bool(client.keys("rate_limit:*")), 30), "limits did not come back"
        load.go_on()
        assert [name for name in client.keys("*") if client.ttl(name) < 0] == []

    assert load.wrong == []
    _is_limited(storm, monkeypatch)


def _copy(key: str) -> str:
    return hashed_to("api_key:", key[:25])


def _is_limited(storm: Storm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two environments count together, which they can in Redis only."""
    monkeypatch.setenv("RATE_LIMIT_KEY_REQUESTS", "3")
    fresh = str(storm.make_key(str(storm.tokens()["access_token"]))["key"])
    found = []
    for _ in range(4):
        storm.enter()
        found.append(storm.use(fresh))

    assert found == [200, 200, 200, 429]
