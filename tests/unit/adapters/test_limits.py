"""The arithmetic of limits, against a model with exact fractions."""

from datetime import timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.cache import InMemoryCache
from shared.adapters.clock import FakeClock

_requests = st.lists(st.tuples(st.integers(0, 5_000_000), st.integers(1, 3)), max_size=60)


@given(limit=st.integers(3, 12), period=st.integers(1, 40), requests=_requests)
def test_between_any_two_moments_no_more_than_the_limit_and_what_came_back(
    limit: int, period: int, requests: list[tuple[int, int]]
) -> None:
    clock = FakeClock()
    cache = InMemoryCache(clock)
    admitted: list[tuple[Fraction, int]] = []
    elapsed = Fraction(0)
    for microseconds, cost in requests:
        clock.advance(timedelta(microseconds=microseconds))
        elapsed += Fraction(microseconds, 1_000_000)
        if cache.admit("key", limit, period, cost).allowed:
            admitted.append((elapsed, cost))

    for first in range(len(admitted)):
        total = 0
        for moment, cost in admitted[first:]:
            total += cost
            assert total <= limit * (1 + (moment - admitted[first][0]) / period)


@given(limit=st.integers(1, 12), period=st.integers(1, 40), requests=_requests)
def test_a_request_is_refused_only_when_the_bucket_is_too_full(
    limit: int, period: int, requests: list[tuple[int, int]]
) -> None:
    clock = FakeClock()
    cache = InMemoryCache(clock)
    level = Fraction(0)
    emission = Fraction(-(-period * 1_000_000 // limit), 1_000_000)
    for microseconds, cost in requests:
        clock.advance(timedelta(microseconds=microseconds))
        level = max(level - Fraction(microseconds, 1_000_000) / emission, Fraction(0))
        fits = level + min(cost, limit) <= limit
        answer = cache.admit("key", limit, period, min(cost, limit))

        assert answer.allowed is fits
        level += min(cost, limit) * fits
        assert answer.remaining == int(limit - level)


@given(limit=st.integers(1, 20), period=st.floats(0.5, 7200))
def test_who_waits_as_long_as_told_may_pass(limit: int, period: float) -> None:
    clock = FakeClock()
    cache = InMemoryCache(clock)
    while (answer := cache.admit("key", limit, period)).allowed:
        assert answer.retry_after_seconds == 0
    assert answer.retry_after_seconds > 0

    clock.advance(answer.retry_after_seconds)

    assert cache.admit("key", limit, period).allowed
