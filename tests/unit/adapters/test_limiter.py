"""The logs of limits against counting everything anew, and what is left of them without Redis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from shared.adapters.clock import FakeClock
from shared.adapters.limiter import FallbackLimiter, InMemoryLimiter, Limit, Verdict
from shared.adapters.redis_connection import hashed_to
from shared.errors import AppError, DependencyUnavailable
from tests.fixtures.limit_model import (
    QUOTAS,
    REQUESTS,
    SECOND,
    WINDOWS,
    BruteForce,
    SettableClock,
    at,
    limits_of,
    most_in_any_window,
)

LIMIT = Limit("user", "rate_limit:{u}", 3, 60)


@given(quotas=QUOTAS, windows=WINDOWS, requests=REQUESTS)
def test_every_answer_is_that_of_the_model(
    quotas: tuple[int, int, int], windows: tuple[int, int], requests: list[tuple[int, int, int]]
) -> None:
    clock, model = FakeClock(), BruteForce()
    limiter = InMemoryLimiter(clock)
    kinds = limits_of("u", quotas, windows)
    now = 0
    for step, kind, cost in requests:
        now += step
        clock.advance(timedelta(microseconds=step))

        assert limiter.admit(kinds[kind], cost) == model.admit(kinds[kind], cost, now)

    for limit in {limit for kind in kinds for limit in kind}:
        moments = model.admitted.get(limit.key, [])
        assert most_in_any_window(moments, limit.window_seconds * SECOND) <= limit.quota


@given(requests=st.lists(st.tuples(st.integers(0, 40 * SECOND), st.integers(0, 90 * SECOND)), max_size=30))
def test_a_clock_that_falls_back_lets_no_more_through(requests: list[tuple[int, int]]) -> None:
    clock = SettableClock()
    limiter = InMemoryLimiter(clock)
    true, behind, moments = 0, 0, []
    for step, falls in requests:
        true, behind = true + step, behind + falls
        clock.moment = at(true - behind)
        if limiter.admit([LIMIT]).allowed:
            moments.append(true)

    assert most_in_any_window(moments, 60 * SECOND) <= LIMIT.quota
    clock.moment += timedelta(seconds=60)
    assert limiter.admit([LIMIT]).allowed


@given(quota=st.integers(1, 20), window=st.integers(1, 7200), gaps=st.lists(st.integers(0, SECOND)))
def test_who_waits_as_long_as_told_may_pass(quota: int, window: int, gaps: list[int]) -> None:
    clock = FakeClock()
    limiter = InMemoryLimiter(clock)
    limit = Limit("user", "rate_limit:{u}", quota, window)
    for gap in gaps:
        clock.advance(timedelta(microseconds=gap))
        limiter.admit([limit])
    while (answer := limiter.admit([limit])).allowed:
        assert answer.retry_after_seconds == 0

    clock.advance(answer.retry_after_seconds - 1)
    assert answer.retry_after_seconds == 1 or not limiter.admit([limit]).allowed
    clock.advance(1)
    assert limiter.admit([limit]).allowed


def test_memory_has_a_bound_and_forgets_whom_nobody_asks_for() -> None:
    limiter = InMemoryLimiter(FakeClock(), entries=1000)
    guest = Limit("user", "rate_limit:{guest}", 1, 60)
    regular = Limit("user", "rate_limit:{regular}", 500, 60)
    limiter.admit([guest])

    allowed = 0
    for number in range(3000):
        assert limiter.admit([Limit("user", f"rate_limit:{{{number}}}", 1, 60)]).allowed
        allowed += limiter.admit([regular]).allowed
        assert len(limiter) <= 1000

    assert allowed == 500
    assert limiter.admit([guest]).allowed


def test_who_may_do_more_than_memory_holds_is_counted_all_the_same() -> None:
    limiter = InMemoryLimiter(FakeClock(), entries=10)

    assert [limiter.admit([LIMIT, Limit("all", "all:{u}", 50, 60)], cost=3).allowed for _ in range(2)] == [
        True,
        False,
    ]
    assert sum(limiter.admit([Limit("all", "all:{u}", 50, 60)]).allowed for _ in range(60)) == 47


def test_what_has_left_its_window_or_was_taken_back_takes_no_room() -> None:
    clock = FakeClock()
    limiter = InMemoryLimiter(clock)
    limiter.admit([LIMIT], cost=3)
    limiter.take_back([LIMIT], cost=2)
    assert len(limiter) == 1
    limiter.take_back([LIMIT], cost=2)
    assert (len(limiter), dict(limiter._logs)) == (0, {})

    limiter.admit([LIMIT], cost=3)
    clock.advance(60)
    limiter.admit([LIMIT])
    assert (len(limiter), len(limiter._logs)) == (1, 1)


class Shared:
    """A shared limiter that can be told to fail, and says how often it was asked."""

    def __init__(self, clock: FakeClock) -> None:
        self.memory = InMemoryLimiter(clock)
        self.failure: Exception | None = None
        self.asked = 0
        self.closed = False

    def admit(self, limits: Sequence[Limit], cost: int = 1) -> Verdict:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return self.memory.admit(limits, cost)

    def take_back(self, limits: Sequence[Limit], cost: int = 1) -> None:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        self.memory.take_back(limits, cost)

    def close(self) -> None:
        self.closed = True


class Environment:
    """An execution environment's limiter and what it stands on."""

    def __init__(self, shared: Shared, clock: FakeClock) -> None:
        self.reports: list[str] = []
        self.memory = InMemoryLimiter(clock)
        self.limiter = FallbackLimiter(
            shared, self.memory, clock, report=lambda: self.reports.append("unavailable")
        )

    def admit(self) -> bool:
        return self.limiter.admit([LIMIT]).allowed


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def shared(clock: FakeClock) -> Shared:
    return Shared(clock)


@pytest.fixture
def environment(shared: Shared, clock: FakeClock) -> Environment:
    return Environment(shared, clock)


def test_the_shared_limiter_decides_and_refusals_do_not_count(
    environment: Environment, shared: Shared
) -> None:
    shared.memory.admit([LIMIT], cost=3)

    assert [environment.admit() for _ in range(5)] == [False] * 5
    assert len(environment.memory) == 0
    assert shared.asked == 5


def test_what_is_taken_back_is_so_in_memory_whatever_the_shared_limiter_says(
    environment: Environment, shared: Shared
) -> None:
    environment.admit()
    environment.limiter.take_back([LIMIT])
    assert (len(environment.memory), len(shared.memory)) == (0, 0)

    environment.admit()
    shared.failure = DependencyUnavailable()
    environment.limiter.take_back([LIMIT])
    environment.limiter.take_back([LIMIT])
    assert (len(environment.memory), len(shared.memory), shared.asked) == (0, 1, 4)
    assert environment.reports == ["unavailable"]


def test_an_outage_neither_opens_the_door_nor_shuts_it(environment: Environment, shared: Shared) -> None:
    assert environment.admit()
    shared.failure = DependencyUnavailable()

    assert [environment.admit() for _ in range(4)] == [True, True, False, False]


def test_during_an_outage_the_shared_limiter_is_asked_once_in_a_while(
    environment: Environment, shared: Shared, clock: FakeClock
) -> None:
    shared.failure = DependencyUnavailable()
    for _ in range(20):
        environment.limiter.admit([Limit("user", "rate_limit:{v}", 100, 60)])
    assert (shared.asked, len(environment.reports)) == (1, 1)

    clock.advance(0.999)
    environment.admit()
    assert shared.asked == 1
    clock.advance(0.001)
    environment.admit()
    assert (shared.asked, len(environment.reports)) == (2, 2)


def test_after_an_outage_the_shared_limiter_decides_again(
    environment: Environment, shared: Shared, clock: FakeClock
) -> None:
    shared.failure = DependencyUnavailable()
    environment.admit()
    shared.failure = None
    shared.memory.admit([LIMIT], cost=3)
    assert environment.admit()

    clock.advance(1)

    assert not environment.admit()
    assert not environment.admit()
    assert shared.asked == 3


def test_a_clock_that_is_set_back_does_not_prolong_the_pause(shared: Shared) -> None:
    clock = SettableClock()
    limiter = FallbackLimiter(shared, InMemoryLimiter(clock), clock)
    shared.failure = DependencyUnavailable()
    limiter.admit([LIMIT])

    clock.moment -= timedelta(hours=1)
    limiter.admit([LIMIT])

    assert shared.asked == 2


def test_whatever_becomes_of_the_shared_logs_one_environment_admits_no_more_than_the_quota(
    environment: Environment, shared: Shared, clock: FakeClock
) -> None:
    assert environment.admit()
    shared.memory = InMemoryLimiter(clock)
    assert environment.admit()
    shared.memory = InMemoryLimiter(clock)
    assert environment.admit()

    assert not environment.admit()
    clock.advance(60)
    assert environment.admit()


def test_a_mistake_is_no_outage(environment: Environment, shared: Shared) -> None:
    shared.failure = AppError("The cache refused the command.")

    with pytest.raises(AppError, match="refused"):
        environment.admit()
    assert len(environment.memory) == 0
    assert not environment.reports


def test_closing_closes_the_shared_limiter(environment: Environment, shared: Shared) -> None:
    environment.limiter.close()

    assert shared.closed


@pytest.mark.parametrize(
    ("name", "key", "quota", "window"),
    [
        ("", "a:{b}", 1, 1),
        ('a"b', "a:{b}", 1, 1),
        ("a", "a:b", 1, 1),
        ("a", "a:{}", 1, 1),
        ("a", "a:{b}", 0, 1),
        ("a", "a:{b}", 1, 0),
    ],
)
def test_a_limit_that_makes_no_sense_is_a_mistake(name: str, key: str, quota: int, window: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        Limit(name, key, quota, window)


@given(subject=st.text(st.characters(), max_size=300))
def test_a_subject_stays_within_its_braces(subject: str) -> None:
    whole, part = hashed_to("rate_limit:", subject), hashed_to("rate_limit:", subject, ":operation")

    assert whole.isascii()
    assert whole.isprintable()
    assert len(whole) < 250
    assert (whole.count("{"), whole.count("}"), whole[-1]) == (1, 1, "}")
    assert part == whole + ":operation"
    assert key_slot(whole.encode()) == key_slot(part.encode()) == key_slot(whole.split("{")[1][:-1].encode())


@given(st.lists(st.text(st.characters(), max_size=80), unique=True, min_size=2, max_size=2))
def test_two_subjects_have_two_keys(subjects: list[str]) -> None:
    one, other = subjects

    assert hashed_to("rate_limit:", one) != hashed_to("rate_limit:", other)
