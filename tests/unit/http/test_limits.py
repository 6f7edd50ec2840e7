"""The documented limits of a caller, and what an answer says of them."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from redis.crc import key_slot

from shared.adapters.clock import FakeClock
from shared.adapters.limiter import InMemoryLimiter, Limit
from shared.bootstrap import Container
from shared.errors import RateLimited
from shared.http.limits import admit_caller, admit_or_refuse, caller_limits, limit_headers
from shared.models.caller import Caller, CallerKind
from shared.settings import RateLimitSettings

TENANT = UUID("00000000-0000-7000-8000-000000000001")
ADA = UUID("0199c0de-0000-7000-8000-000000000002")
KEY = UUID("0199c0de-0000-7000-8000-000000000003")
USER = Caller(TENANT, CallerKind.USER, ADA, user_id=ADA)
PROGRAM = Caller(TENANT, CallerKind.API_KEY, KEY, user_id=ADA)
VISITOR = Caller(TENANT, CallerKind.VISITOR, KEY, project_id=KEY)

# An item of a structured field list (RFC 9651): a string with two integer parameters.
ITEM = re.compile(r'"([a-z][a-z0-9_-]*)";([a-z]+)=(\d{1,15});([a-z]+)=(\d{1,15})')


def parsed(field: str) -> list[tuple[str, dict[str, int]]]:
    """The items of a RateLimit or RateLimit-Policy field."""
    found = [ITEM.fullmatch(item) for item in field.split(", ")]
    return [(m[1], {m[2]: int(m[3]), m[4]: int(m[5])}) for m in found if m] if all(found) else []


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def limiter(clock: FakeClock) -> InMemoryLimiter:
    return InMemoryLimiter(clock)


def limit(name: str, quota: int, window: int) -> Limit:
    return Limit(name, f"rate_limit:{{u}}:{name}", quota, window)


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (USER, [(f"rate_limit:{{{ADA}}}", 100, 60), (f"rate_limit:{{{ADA}}}:get_run", 60, 60)]),
        (
            PROGRAM,
            [
                (f"rate_limit:{{{ADA}}}", 100, 60),
                (f"rate_limit:{{{ADA}}}:get_run", 60, 60),
                (f"rate_limit:api_key:{KEY}:{{{ADA}}}", 3600, 3600),
            ],
        ),
        (VISITOR, [(f"rate_limit:{{{KEY}}}", 100, 60), (f"rate_limit:{{{KEY}}}:get_run", 60, 60)]),
    ],
    ids=["user", "API key", "visitor"],
)
def test_the_documented_limits(caller: Caller, expected: list[tuple[str, int, int]]) -> None:
    found = caller_limits(caller, "get_run", RateLimitSettings.load({}))

    assert [(each.key, each.quota, each.window_seconds) for each in found] == expected
    assert len({key_slot(each.key.encode()) for each in found}) == 1


def test_every_number_is_a_setting() -> None:
    settings = RateLimitSettings.load(
        {
            "RATE_LIMIT_USER_REQUESTS": "1",
            "RATE_LIMIT_ENDPOINT_REQUESTS": "2",
            "RATE_LIMIT_SECONDS": "3",
            "RATE_LIMIT_KEY_REQUESTS": "4",
            "RATE_LIMIT_KEY_SECONDS": "5",
        }
    )

    found = caller_limits(PROGRAM, "get_run", settings)
    assert [(each.quota, each.window_seconds) for each in found] == [(1, 3), (2, 3), (4, 5)]


def test_a_caller_is_counted_by_the_container(limiter: InMemoryLimiter) -> None:
    own = Container()
    own.__dict__["limiter"] = limiter
    own._settings[RateLimitSettings] = RateLimitSettings(rate_limit_endpoint_requests=2)

    assert admit_caller(own, USER, "get_run")["ratelimit"] == '"user";r=99;t=60, "endpoint";r=1;t=60'
    assert admit_caller(own, PROGRAM, "get_run")["ratelimit"].startswith('"user";r=98;t=60, "endpoint";r=0')
    with pytest.raises(RateLimited, match=r"^You may send 2 requests a minute to this endpoint\.$"):
        admit_caller(own, USER, "get_run")
    assert admit_caller(own, USER, "list_runs")["ratelimit"] == '"user";r=97;t=60, "endpoint";r=1;t=60'


def test_headers_say_every_policy_and_what_is_left(limiter: InMemoryLimiter, clock: FakeClock) -> None:
    limits = [limit("user", 100, 60), limit("api_key", 3600, 3600)]
    limiter.admit(limits)
    clock.advance(20.5)

    headers = admit_or_refuse(limiter, limits)

    assert parsed(headers["ratelimit-policy"]) == [
        ("user", {"q": 100, "w": 60}),
        ("api_key", {"q": 3600, "w": 3600}),
    ]
    assert parsed(headers["ratelimit"]) == [
        ("user", {"r": 98, "t": 40}),
        ("api_key", {"r": 3598, "t": 3580}),
    ]


def test_no_limit_has_no_header(limiter: InMemoryLimiter) -> None:
    assert limit_headers(limiter.admit([])) == {}


def test_a_refusal_says_which_limit_and_how_long(limiter: InMemoryLimiter, clock: FakeClock) -> None:
    limits = [limit("endpoint", 1, 60), limit("user", 5, 60)]
    admit_or_refuse(limiter, limits)
    clock.advance(12)

    with pytest.raises(RateLimited) as caught:
        admit_or_refuse(limiter, limits)

    assert str(caught.value) == "You may send 1 request a minute to this endpoint."
    assert caught.value.retry_after == 48
    assert parsed(caught.value.headers["ratelimit"]) == [
        ("endpoint", {"r": 0, "t": 48}),
        ("user", {"r": 4, "t": 48}),
    ]
    assert parsed(caught.value.headers["ratelimit-policy"])


def test_of_several_refusals_the_longest_wait_counts(limiter: InMemoryLimiter) -> None:
    limits = [limit("user", 1, 60), limit("api_key", 1, 3600)]
    admit_or_refuse(limiter, limits)

    with pytest.raises(RateLimited) as caught:
        admit_or_refuse(limiter, limits)

    assert caught.value.retry_after == 3600
    assert str(caught.value) == "You may send 1 request a minute. An API key may send 1 request an hour."


@pytest.mark.parametrize(
    ("name", "quota", "window", "sentence"),
    [
        ("intake", 10, 3600, "An address may send 10 ideas an hour."),
        ("api_key", 3600, 3600, "An API key may send 3600 requests an hour."),
        ("user", 7, 90, "You may send 7 requests in 90 seconds."),
        ("user", 2, 1, "You may send 2 requests a second."),
        ("login", 5, 900, "An account takes 5 failed logins from one address in a quarter of an hour."),
        ("login_account", 1, 3600, "An account takes 1 failed login an hour."),
        ("address", 30, 3600, "An address may send 30 such requests an hour."),
        ("receiver", 5, 3600, "A mailbox gets 5 such mails an hour."),
        ("password", 10, 3600, "You may try 10 passwords an hour."),
        ("something_new", 5, 86_400, "The limit of something new is 5 requests a day."),
    ],
)
def test_a_limit_is_said_in_plain_words(
    limiter: InMemoryLimiter, name: str, quota: int, window: int, sentence: str
) -> None:
    for _ in range(quota):
        admit_or_refuse(limiter, [limit(name, quota, window)])

    with pytest.raises(RateLimited) as caught:
        admit_or_refuse(limiter, [limit(name, quota, window)])

    assert str(caught.value) == sentence
