"""What every clock promises."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.adapters.clock import Clock, FakeClock, SystemClock


@pytest.fixture(params=[SystemClock, FakeClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


def test_the_time_is_aware_and_in_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC


def test_time_does_not_go_back(clock: Clock) -> None:
    first = clock.now()

    assert clock.now() >= first


def test_the_clock_of_the_machine_tells_its_time() -> None:
    before = datetime.now(UTC)

    assert before <= SystemClock().now() <= datetime.now(UTC)


def test_a_fake_clock_stands_until_it_is_moved() -> None:
    clock = FakeClock(datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2))))

    assert clock.now() == clock.now() == datetime(2026, 3, 1, 10, tzinfo=UTC)
    clock.advance(90)
    clock.advance(timedelta(days=1))
    assert clock.now() == datetime(2026, 3, 2, 10, 1, 30, tzinfo=UTC)


def test_a_fake_clock_refuses_to_go_back_or_to_be_without_zone() -> None:
    with pytest.raises(ValueError, match="go back"):
        FakeClock().advance(-1)
    with pytest.raises(ValueError, match="time zone"):
        FakeClock(datetime(2026, 1, 1))
