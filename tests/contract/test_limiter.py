"""What every limiter promises."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from infra.local.redis import Redis
from shared.adapters.clock import FakeClock
from shared.adapters.limiter import FallbackLimiter, InMemoryLimiter, Limit, Limiter, RedisLimiter
from shared.adapters.redis_connection import hashed_to


@pytest.fixture(params=["fake", "redis", "redis with memory beside it"])
def limiter(request: pytest.FixtureRequest) -> Iterator[Limiter]:
    clock = FakeClock()
    if request.param == "fake":
        yield InMemoryLimiter(clock)
        return
    server: Redis = request.getfixturevalue("redis_server")
    made: Limiter = RedisLimiter(server.url)
    if request.param != "redis":
        made = FallbackLimiter(made, InMemoryLimiter(clock), clock)
    with closing(made):
        yield made


@pytest.fixture
def user() -> str:
    return str(uuid.uuid4())


def limit(subject: str, quota: int, *, suffix: str = "", window: int = 3600) -> Limit:
    return Limit("user", hashed_to("rate_limit:", subject, suffix), quota, window)


def test_a_limit_admits_its_quota_at_once_and_then_no_more(limiter: Limiter, user: str) -> None:
    answers = [limiter.admit([limit(user, 3)]) for _ in range(5)]

    assert [answer.allowed for answer in answers] == [True, True, True, False, False]
    assert [answer.standings[0].remaining for answer in answers] == [2, 1, 0, 0, 0]
    assert [answer.standings[0].reset_seconds for answer in answers] == [3600] * 5
    assert [answer.retry_after_seconds for answer in answers] == [0, 0, 0, 3600, 3600]
    assert [len(answer.refusals) for answer in answers] == [0, 0, 0, 1, 1]


def test_a_request_counts_in_all_limits_or_in_none(limiter: Limiter, user: str) -> None:
    whole, part, other = limit(user, 4), limit(user, 2, suffix=":a"), limit(user, 2, suffix=":b")

    assert [limiter.admit([whole, part]).allowed for _ in range(4)] == [True, True, False, False]
    refused = limiter.admit([part, whole])
    assert [(each.limit, each.remaining, each.refused) for each in refused.standings] == [
        (part, 0, True),
        (whole, 2, False),
    ]
    assert [limiter.admit([other, whole]).allowed for _ in range(3)] == [True, True, False]
    assert [each.limit for each in limiter.admit([whole, part]).refusals] == [whole, part]


def test_what_is_taken_back_does_not_count(limiter: Limiter, user: str) -> None:
    whole, part = limit(user, 3), limit(user, 2, suffix=":a")
    limiter.take_back([whole, part])
    limiter.admit([whole, part], 2)
    limiter.take_back([part], 2)

    verdict = limiter.admit([whole, part])
    assert [each.remaining for each in verdict.standings] == [0, 1]
    limiter.take_back([whole, part])
    limiter.take_back([whole], 2)
    assert limiter.admit([whole], 3).allowed
    limiter.take_back([])


def test_a_limit_that_nobody_has_used_is_untouched_by_a_refusal(limiter: Limiter, user: str) -> None:
    used, fresh = limit(user, 1), limit(user, 5, suffix=":a", window=60)
    limiter.admit([used])

    verdict = limiter.admit([used, fresh])

    assert not verdict.allowed
    assert (verdict.standings[1].remaining, verdict.standings[1].reset_seconds) == (5, 0)


def test_a_dear_request_costs_more_and_a_refused_one_nothing(limiter: Limiter, user: str) -> None:
    assert limiter.admit([limit(user, 10)], cost=7).standings[0].remaining == 3

    refused = limiter.admit([limit(user, 10)], cost=4)
    assert not refused.allowed
    assert refused.standings[0].remaining == 3

    assert limiter.admit([limit(user, 10)], cost=3).allowed
    assert not limiter.admit([limit(user, 10)]).allowed


def test_limits_of_different_people_do_not_touch(limiter: Limiter, user: str) -> None:
    assert limiter.admit([limit(f"{user}-a", 1)]).allowed
    assert limiter.admit([limit(f"{user}-b", 1)]).allowed
    assert not limiter.admit([limit(f"{user}-a", 1)]).allowed


@pytest.mark.parametrize("odd", ["", "{a}b", "}{", "%7B", "ü 港", "a\nb", "a\x00b", "\ud800", "x" * 5000])
def test_any_text_is_somebody_of_their_own(limiter: Limiter, user: str, odd: str) -> None:
    assert limiter.admit([limit(user + odd, 1)]).allowed
    assert limiter.admit([limit(f"{user}{odd}x", 1)]).allowed
    assert not limiter.admit([limit(user + odd, 1)]).allowed


def test_a_quota_that_was_lowered_counts_at_once(limiter: Limiter, user: str) -> None:
    for _ in range(5):
        assert limiter.admit([limit(user, 5)]).allowed

    refused = limiter.admit([limit(user, 2)])
    assert not refused.allowed
    assert refused.standings[0].remaining == 0
    assert limiter.admit([limit(user, 6)]).allowed


def test_no_limit_lets_pass(limiter: Limiter) -> None:
    verdict = limiter.admit([])

    assert (verdict.allowed, verdict.standings, verdict.retry_after_seconds) == (True, (), 0)


@pytest.mark.parametrize(("quota", "cost"), [(1, 2), (5, 0), (5, -1)])
def test_a_request_that_could_never_pass_is_a_mistake(
    limiter: Limiter, user: str, quota: int, cost: int
) -> None:
    with pytest.raises(ValueError, match="costs"):
        limiter.admit([limit(user, quota)], cost)


def test_limits_that_could_not_be_counted_in_one_step_are_a_mistake(limiter: Limiter, user: str) -> None:
    with pytest.raises(ValueError, match="hash tag"):
        limiter.admit([limit(f"{user}-a", 1), limit(f"{user}-b", 1)])
    with pytest.raises(ValueError, match="once"):
        limiter.admit([limit(user, 1), limit(user, 2)])


def test_a_crowd_is_admitted_exactly_to_the_quota(limiter: Limiter, user: str) -> None:
    whole = limit(user, 40)
    parts = [limit(user, 25, suffix=":a"), limit(user, 25, suffix=":b")]
    allowed: Counter[int] = Counter()
    lock = threading.Lock()

    def ask(number: int) -> None:
        for turn in range(25):
            part = (number + turn) % 2
            if limiter.admit([whole, parts[part]]).allowed:
                with lock:
                    allowed[part] += 1

    crowd = [threading.Thread(target=ask, args=(number,)) for number in range(10)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()

    assert allowed.total() == 40
    assert max(allowed.values()) <= 25
