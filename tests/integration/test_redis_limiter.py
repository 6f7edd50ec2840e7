"""The limiter on a real Redis: its script against the model, times to live, room, and what happens in an outage."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import queue
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

import infra.local.redis
from infra.local.redis import Redis
from shared import observability
from shared.adapters.clock import FakeClock, SystemClock
from shared.adapters.limiter import SCRIPT, FallbackLimiter, InMemoryLimiter, Limit, RedisLimiter
from shared.adapters.redis_connection import hashed_to
from shared.bootstrap import Container
from shared.errors import AppError, DependencyUnavailable
from tests.fixtures.limit_model import (
    QUOTAS,
    REQUESTS,
    SECOND,
    WINDOWS,
    BruteForce,
    limits_of,
    most_in_any_window,
)

CLOCK = "the clock of this test"
START = 1_767_225_600 * SECOND
ON_A_SET_CLOCK = f"""
local server = redis
local redis = {{call = function(name, ...)
  if name ~= 'TIME' then return server.call(name, ...) end
  local now = server.call('GET', '{CLOCK}')
  return {{string.sub(now, 1, -7), string.sub(now, -6)}}
end}}
{SCRIPT}"""


class SetClockLimiter(RedisLimiter):
    """The product's limiter and script on a server whose TIME the test says."""

    script = ON_A_SET_CLOCK


@pytest.fixture(scope="module")
def client(redis_server: Redis) -> Iterator[redis.Redis]:
    with closing(redis.Redis.from_url(redis_server.url, decode_responses=True)) as made:
        yield made


@pytest.fixture(scope="module")
def limiter(redis_server: Redis) -> Iterator[RedisLimiter]:
    with closing(RedisLimiter(redis_server.url)) as made:
        yield made


@pytest.fixture(scope="module")
def set_clock(redis_server: Redis) -> Iterator[SetClockLimiter]:
    with closing(SetClockLimiter(redis_server.url)) as made:
        yield made


def set_time(client: redis.Redis, microseconds: int) -> None:
    client.set(CLOCK, START + microseconds, ex=600)


def subject() -> str:
    return str(uuid.uuid4())


def limit(who: str, quota: int, *, suffix: str = "", window: int = 3600) -> Limit:
    return Limit("user", hashed_to("rate_limit:", who, suffix), quota, window)


def lives_on(client: redis.Redis) -> dict[str, int]:
    """The milliseconds that each key of a limit still lives; those that ended meanwhile left out."""
    found = {key: int(client.pttl(key)) for key in client.scan_iter("rate*")}
    return {key: left for key, left in found.items() if left != -2}


@settings(max_examples=60)
@given(quotas=QUOTAS, windows=WINDOWS, requests=REQUESTS)
def test_the_script_answers_as_the_model_does(
    set_clock: SetClockLimiter,
    client: redis.Redis,
    quotas: tuple[int, int, int],
    windows: tuple[int, int],
    requests: list[tuple[int, int, int]],
) -> None:
    model = BruteForce()
    kinds = limits_of(subject(), quotas, windows)
    now = 0
    for step, kind, cost in requests:
        now += step
        set_time(client, now)

        assert set_clock.admit(kinds[kind], cost) == model.admit(kinds[kind], cost, START + now)

    for each in {each for kind in kinds for each in kind}:
        moments = model.admitted.get(each.key, [])
        assert most_in_any_window(moments, each.window_seconds * SECOND) <= each.quota
        kept = [int(moment) for moment in client.lrange(each.key, 0, -1)]
        assert kept == moments[len(moments) - len(kept) :]
        assert len(kept) <= each.quota


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 40 * SECOND), st.integers(0, 90 * SECOND)), max_size=20))
def test_a_server_whose_clock_is_behind_lets_no_more_through_and_locks_nobody_out(
    set_clock: SetClockLimiter, client: redis.Redis, requests: list[tuple[int, int]]
) -> None:
    one = limit(subject(), 3, window=60)
    true, behind, moments = 0, 0, []
    for step, falls in requests:
        true, behind = true + step, behind + falls
        set_time(client, true - behind)
        if set_clock.admit([one]).allowed:
            moments.append(true)
        assert 0 < int(client.pttl(one.key)) <= 60_001

    assert most_in_any_window(moments, 60 * SECOND) <= one.quota
    set_time(client, true - behind + 60 * SECOND)
    assert set_clock.admit([one]).allowed


def test_the_clock_of_the_server_decides(limiter: RedisLimiter, client: redis.Redis) -> None:
    one = limit(subject(), 3)

    before = client.time()
    limiter.admit([one])
    after = client.time()

    (moment,) = client.lrange(one.key, 0, -1)
    assert before[0] * SECOND + before[1] <= int(moment) <= after[0] * SECOND + after[1]


def test_a_log_lives_until_its_last_entry_has_left_the_window(
    limiter: RedisLimiter, client: redis.Redis
) -> None:
    one = limit(subject(), 30, window=60)
    for _ in range(30):
        limiter.admit([one])

        ends = int(client.pexpiretime(one.key)) * 1000
        assert 0 <= ends - int(client.lindex(one.key, -1) or 0) - 60 * SECOND <= 1000


_ACTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from([1, 2, 5]), st.integers(1, 3), st.booleans()),
    max_size=15,
)


@settings(max_examples=40)
@given(acts=_ACTS)
def test_no_key_is_ever_without_a_time_to_live(
    limiter: RedisLimiter, client: redis.Redis, acts: list[tuple[str, int, int, bool]]
) -> None:
    who = subject()
    for name, window, cost, both in acts:
        parts = [limit(who, 4, suffix=f":{name}", window=window), *([limit(who, 6, window=window)] * both)]
        limiter.admit(parts, cost)

        for part in parts:
            # -2: gone or never made; -1 would be for ever.
            assert client.pttl(part.key) != -1


def test_a_log_takes_room_for_its_quota_and_no_more(set_clock: SetClockLimiter, client: redis.Redis) -> None:
    quota = 3600
    one = limit(subject(), quota)
    for turn in range(3):
        set_time(client, turn * 3600 * SECOND)
        assert set_clock.admit([one], cost=quota).allowed
        assert [set_clock.admit([one]).allowed for _ in range(20)] == [False] * 20

        assert client.llen(one.key) == quota
        assert int(client.memory_usage(one.key, samples=0) or 0) < 12 * quota

    set_time(client, 4 * 3600 * SECOND)
    set_clock.admit([one])
    assert int(client.memory_usage(one.key, samples=0) or 0) < 200


@pytest.mark.parametrize("forget", ["script_flush", "flushall"])
def test_what_the_server_forgot_is_brought_again(tmp_path: Path, forget: str) -> None:
    one = limit("u", 2)
    with Redis(tmp_path / "redis") as server, closing(RedisLimiter(server.url)) as limiter:
        assert limiter.admit([one]).allowed
        with closing(redis.Redis.from_url(server.url)) as client:
            getattr(client, forget)()
            client.script_flush()

            answers = [limiter.admit([one]).allowed for _ in range(3)]

            assert answers == ([True, False, False] if forget == "script_flush" else [True, True, False])
            assert lives_on(client).keys() == {one.key.encode()}


class Load:
    """Threads of one execution environment that send as many requests as they are told to.

    A request counts in the limit of everybody, after one of somebody new in two limits.
    """

    def __init__(self, limiter: FallbackLimiter, quota: int) -> None:
        self._limiter = limiter
        self._hot = limit("hot", quota)
        self._orders: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[bool | BaseException] = queue.SimpleQueue()
        self._numbers = itertools.count()
        self._waiting = 0
        self.admitted = 0
        self._threads = [threading.Thread(target=self._send) for _ in range(8)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for _ in self._threads:
            self._orders.put(None)
        for thread in self._threads:
            thread.join()

    def begin(self, requests: int) -> None:
        """Have so many more requests sent."""
        self._waiting += requests
        for _ in range(requests):
            self._orders.put(next(self._numbers))

    def await_until_left(self, requests: int) -> None:
        """Return when no more than so many of them are on their way."""
        while self._waiting > requests:
            answer = self._answers.get(timeout=60)
            if isinstance(answer, BaseException):
                raise answer
            self.admitted += answer
            self._waiting -= 1

    def _send(self) -> None:
        while (number := self._orders.get()) is not None:
            new = [limit(str(number), 3), limit(str(number), 2, suffix=":endpoint")]
            try:
                assert self._limiter.admit(new).allowed
                self._answers.put(self._limiter.admit([self._hot]).allowed)
            except BaseException as error:
                self._answers.put(error)


def environment(url: str) -> FallbackLimiter:
    """What one execution environment counts with; it asks a dead Redis every time."""
    clock = SystemClock()
    return FallbackLimiter(RedisLimiter(url), InMemoryLimiter(clock), clock, pause_seconds=0)


@pytest.mark.parametrize("appendonly", ["no", "yes"])
def test_a_kill_leaves_no_key_without_a_time_to_live_and_lets_no_more_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, appendonly: str
) -> None:
    monkeypatch.setitem(infra.local.redis._OPTIONS, "appendonly", appendonly)
    server = Redis(tmp_path / "redis")
    server.start()
    with closing(environment(server.url)) as limiter, Load(limiter, quota=500) as load:
        try:
            for _ in range(3):
                load.begin(200)
                load.await_until_left(100)
                server.kill()
                load.await_until_left(50)
                server.start()
                load.begin(20)
                load.await_until_left(0)
                with closing(redis.Redis.from_url(server.url)) as client:
                    found = lives_on(client)
                # Without a file, the server has seen these last ones only.
                assert len(found) >= 2 * (20 if appendonly == "no" else 120)
                assert all(0 < left <= 3_600_001 for left in found.values()), found
        finally:
            server.stop()

    # What was counted and whose answer was lost is counted again: with a file, that can cost a few of the quota.
    assert load.admitted <= 500
    assert appendonly == "yes" or load.admitted == 500


def test_a_flush_in_the_middle_lifts_no_limit(tmp_path: Path) -> None:
    with (
        Redis(tmp_path / "redis") as server,
        closing(redis.Redis.from_url(server.url)) as client,
        closing(environment(server.url)) as limiter,
        Load(limiter, quota=300) as load,
    ):
        for forget in [client.flushall, client.script_flush] * 5:
            load.begin(50)
            load.await_until_left(25)
            forget()
        load.await_until_left(0)
        assert all(0 < left <= 3_600_001 for left in lives_on(client).values())
        assert load.admitted == 300


def test_a_redis_that_hangs_is_given_up_and_memory_goes_on(tmp_path: Path) -> None:
    one = limit("u", 3)
    clock = FakeClock()
    failed: list[int] = []
    with Redis(tmp_path / "redis") as server, closing(RedisLimiter(server.url)) as shared:
        limiter = FallbackLimiter(shared, InMemoryLimiter(clock), clock, report=lambda: failed.append(1))
        assert limiter.admit([one]).allowed
        os.kill(server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(DependencyUnavailable):
                shared.admit([one])
            assert [limiter.admit([one]).allowed for _ in range(4)] == [True, True, False, False]
            assert len(failed) == 1
        finally:
            os.kill(server.pid, signal.SIGCONT)

        clock.advance(1)
        other = limit("v", 3)
        assert limiter.admit([other]).allowed
        with closing(redis.Redis.from_url(server.url)) as client:
            assert client.llen(other.key) == 1


def test_an_environment_counts_in_redis_and_says_when_it_cannot(
    redis_server: Redis, client: redis.Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    monkeypatch.setattr(observability, "_stream", said)
    monkeypatch.setenv("CACHE_URL", redis_server.url)
    one = limit(subject(), 2)

    with closing(Container().limiter) as limiter:
        assert limiter.admit([one]).allowed
    assert client.llen(one.key) == 1
    assert not said.getvalue()

    monkeypatch.setenv("CACHE_URL", f"unix://{tmp_path}/none")
    with closing(Container().limiter) as limiter:
        assert [limiter.admit([one]).allowed for _ in range(3)] == [True, True, False]
    assert json.loads(said.getvalue().splitlines()[0])["LimiterUnavailable"] == [1.0]


def test_nothing_is_connected_before_it_is_used(tmp_path: Path) -> None:
    limiter = RedisLimiter(f"unix://{tmp_path}/none")

    with pytest.raises(DependencyUnavailable):
        limiter.admit([limit("u", 1)])


def test_a_full_redis_goes_on_refusing_and_admits_nobody_halfway(tmp_path: Path) -> None:
    known, new = limit("known", 1), [limit("new", 1), limit("new", 1, suffix=":endpoint")]
    with Redis(tmp_path / "redis") as server, closing(RedisLimiter(server.url)) as limiter:
        assert limiter.admit([known]).allowed
        with closing(redis.Redis.from_url(server.url)) as client:
            client.config_set("maxmemory", "1")

            assert not limiter.admit([known]).allowed
            with pytest.raises(DependencyUnavailable):
                limiter.admit(new)
            assert lives_on(client).keys() == {known.key.encode()}

            client.config_set("maxmemory", "64mb")
            assert limiter.admit(new).allowed


def _becomes_a_replica(client: redis.Redis) -> Callable[[], object]:
    client.replicaof("127.0.0.1", 1)
    return lambda: client.replicaof("NO", "ONE")


def _lacks_replicas(client: redis.Redis) -> Callable[[], object]:
    client.config_set("min-replicas-to-write", 1)
    return lambda: client.config_set("min-replicas-to-write", 0)


def _is_busy(client: redis.Redis) -> bool:
    try:
        client.ping()
    except redis.ResponseError as error:
        return str(error).startswith("BUSY")
    return False


def _runs_a_script_for_ever(client: redis.Redis) -> Callable[[], object]:
    client.config_set("busy-reply-threshold", 1)
    runner = client.client()

    def run() -> None:
        with contextlib.suppress(redis.ResponseError):
            runner.eval("while true do end", 0)

    thread = threading.Thread(target=run)
    thread.start()
    # From the first such answer on everybody gets it.
    while not _is_busy(client):
        pass

    def end() -> None:
        client.script_kill()
        thread.join()
        runner.close()

    return end


@pytest.mark.parametrize("trouble", [_becomes_a_replica, _lacks_replicas, _runs_a_script_for_ever])
def test_what_passes_by_itself_is_an_outage_and_not_a_mistake(
    tmp_path: Path, trouble: Callable[[redis.Redis], Callable[[], object]]
) -> None:
    one = limit("u", 3)
    with Redis(tmp_path / "redis") as server, closing(RedisLimiter(server.url)) as limiter:
        assert limiter.admit([one]).allowed
        with closing(redis.Redis.from_url(server.url)) as client:
            end = trouble(client)
            try:
                with pytest.raises(DependencyUnavailable):
                    limiter.admit([one])
            finally:
                end()
        assert limiter.admit([one]).standings[0].remaining == 1


def test_a_node_that_is_no_longer_the_primary_is_left(tmp_path: Path) -> None:
    with Redis(tmp_path / "redis") as server, closing(RedisLimiter(server.url)) as limiter:
        limiter.admit([limit("u", 3)])
        with closing(redis.Redis.from_url(server.url)) as client:
            (before,) = {each["id"] for each in client.client_list()} - {str(client.client_id())}
            client.replicaof("127.0.0.1", 1)
            with pytest.raises(DependencyUnavailable):
                limiter.admit([limit("u", 3)])
            client.replicaof("NO", "ONE")
            limiter.admit([limit("u", 3)])

            assert before not in {each["id"] for each in client.client_list()}


def test_a_key_that_holds_something_else_is_a_mistake_not_an_outage(
    limiter: RedisLimiter, client: redis.Redis
) -> None:
    good, odd = limit("odd", 2), limit("odd", 2, suffix=":endpoint")
    client.set(odd.key, "x", ex=60)

    with pytest.raises(AppError) as caught:
        limiter.admit([good, odd])

    assert type(caught.value) is AppError
    assert not client.exists(good.key)
