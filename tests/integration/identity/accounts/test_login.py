"""A login on real PostgreSQL and Redis: what it answers, what it tells nobody, and how often it may be tried."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import bcrypt
import pytest

from functions.identity.accounts import sessions
from functions.identity.accounts.passwords import verify_password
from infra.local.redis import Redis
from shared.adapters.limiter import FallbackLimiter, InMemoryLimiter, RedisLimiter
from shared.settings import LoginSettings
from tests.integration.database.conftest import HOUSE
from tests.integration.identity.accounts.door import HOME, PASSWORD, Door, Reply, at_once

_WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
_HASHES = "SELECT password_hash FROM identity.users WHERE tenant_id = %(tenant)s"


def test_a_login_answers_tokens_that_open_the_api(door: Door, user: UUID) -> None:
    reply = door.login(email="ADA@Example.com", agent="Boat\x00Browser/1.0 " + "x" * 400)

    assert reply.status == 201
    made = reply.json
    assert (made["token_type"], made["expires_in"]) == ("Bearer", 600)
    assert made["session_expires_at"] == (door.clock.now() + timedelta(days=1)).isoformat()
    assert reply.headers["location"] == f"/v1/sessions/{made['session_id']}"
    assert reply.headers["cache-control"] == "no-store"

    shown = door.send("GET", "/v1/sessions", token=made["access_token"]).json
    assert shown["next_cursor"] is None
    (session,) = shown["data"]
    agent = session.pop("user_agent")
    assert (agent[:17], len(agent)) == ("BoatBrowser/1.0 x", 300)
    now = door.clock.now().isoformat()
    assert session == {
        "id": made["session_id"],
        "current": True,
        "status": "active",
        "revoked_because": None,
        "ip_address": HOME,
        "created_at": now,
        "last_seen_at": now,
        "expires_at": made["session_expires_at"],
    }
    (row,) = door.rows("SELECT last_login_at FROM identity.users WHERE tenant_id = %(tenant)s")
    assert row["last_login_at"] == door.clock.now()
    assert door.audit() == [("session.created", {})]


def alike(answer: Reply) -> Any:
    """What a client can tell two answers apart by: not the limits of an address, nor the id of the request."""
    headers = {name: value for name, value in answer.headers.items() if not name.startswith("ratelimit")}
    return answer.status, headers, {**answer.json, "request_id": None}


def test_what_is_wrong_with_a_login_is_told_to_nobody_but_the_audit_log(door: Door, user: UUID) -> None:
    idle = door.add_user("idle@example.com")
    door.rows("UPDATE identity.users SET is_active = false WHERE id = %(id)s", id=idle)
    shut, slug = door.add_tenant()
    door.rows(
        "UPDATE identity.users SET tenant_id = %(to)s WHERE id = %(id)s", to=shut, id=door.add_user("x@y.zz")
    )
    door.rows("UPDATE identity.tenants SET status = 'suspended' WHERE id = %(id)s", id=shut)
    tries: list[tuple[dict[str, str], str | None]] = [
        ({"password": PASSWORD.upper()}, "wrong_password"),
        ({"password": f" {PASSWORD}"}, "wrong_password"),
        ({"email": "nobody@example.com"}, "unknown_user"),
        ({"email": "idle@example.com"}, "inactive_user"),
        ({"slug": "no-such-house"}, None),
        ({"slug": slug, "email": "x@y.zz"}, None),
    ]

    answers = [door.login(**changes, address=f"203.0.113.{i}") for i, (changes, _) in enumerate(tries)]

    assert answers[0].status == 401
    assert [alike(answer) for answer in answers] == [alike(answers[0])] * len(tries)
    assert door.audit() == [("session.refused", {"reason": why}) for _, why in tries if why]
    assert door.rows("SELECT id FROM identity.sessions WHERE tenant_id = %(tenant)s") == []


def test_an_unknown_address_costs_the_work_of_a_known_one(
    door: Door, user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.identity.accounts import login

    verified: list[str | None] = []

    def watch(password_hash: str | None, text: str) -> bool:
        verified.append(password_hash)
        return verify_password(password_hash, text)

    monkeypatch.setattr(login, "verify_password", watch)
    for changes in ({"password": "wrong"}, {"email": "nobody@example.com"}, {"slug": "no-such-house"}):
        door.login(**changes)

    assert [each is None for each in verified] == [False, True, True]


def test_what_no_password_can_be_is_invalid(door: Door, user: UUID) -> None:
    refused = [door.login(password=each) for each in ("", "x" * 257)]
    refused += [door.login(email="not an address"), door.login(slug="No House")]

    assert [answer.status for answer in refused] == [422] * 4
    assert {door.login(password=each).status for each in ("\ud800", "nul\x00byte")} <= {401, 422}


def test_without_a_tenant_it_is_the_house(door: Door) -> None:
    email = f"{door.slug}@example.com"
    made = door.add_user(email)
    door.rows("UPDATE identity.users SET tenant_id = %(house)s WHERE id = %(id)s", house=HOUSE, id=made)
    form = {"email": email, "password": PASSWORD}

    assert door.login(email).status == 401
    assert door.send("POST", "/v1/sessions", form).status == 201


def test_a_user_of_another_tenant_is_somebody_else(door: Door, user: UUID) -> None:
    other, slug = door.add_tenant()
    assert door.login(slug=slug).status == 401

    door.rows("UPDATE identity.users SET tenant_id = %(other)s WHERE id = %(id)s", other=other, id=user)
    made = door.tokens(slug=slug)
    assert door.status(made["access_token"]) == 200
    assert door.login().status == 401


def test_a_bcrypt_hash_is_accepted_once_and_replaced(door: Door) -> None:
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    door.add_user(password_hash=old)
    assert door.login(password="something else").status == 401
    assert door.rows(_HASHES) == [{"password_hash": old}]

    assert [answer.status for answer in at_once(door, 4, lambda _: door.login())] == [201] * 4

    (kept,) = door.rows(_HASHES)
    assert kept["password_hash"].startswith("$argon2id$")
    assert verify_password(kept["password_hash"], PASSWORD)
    assert door.login().status == 201
    assert door.rows(_HASHES) == [kept]


def test_a_password_that_is_changed_during_a_login_ends_what_the_login_began(door: Door, user: UUID) -> None:
    """Whoever comes in with the old password while it is changed is out again: before or after, never beside it."""

    def act(index: int) -> Any:
        if index:
            return door.login()
        with door.own.database.transaction(door.tenant) as work:
            return sessions.change_password(work, user, "another sentence altogether")

    ended, *logins = at_once(door, 4, act)

    came_in = [answer.json for answer in logins if answer.status == 201]
    assert ended == len(came_in)
    assert [door.status(each["access_token"]) for each in came_in] == [401] * len(came_in)
    assert [door.refresh(each["refresh_token"]).status for each in came_in] == [401] * len(came_in)


def test_a_login_that_is_under_way_when_sessions_end_waits_and_begins_none(door: Door, user: UUID) -> None:
    answers: list[Reply] = []

    def log_in() -> None:
        door.enter()
        answers.append(door.login())

    under_way = threading.Thread(target=log_in)
    with door.own.database.transaction(door.tenant) as work:
        sessions.end_sessions(work, user, "user_deactivated")
        under_way.start()
        while under_way.is_alive() and not door.rows(_WAITING):
            under_way.join(0.01)
        work.execute("UPDATE identity.users SET is_active = false WHERE id = %(id)s", {"id": user})
    under_way.join()

    assert [answer.status for answer in answers] == [401]
    assert door.rows("SELECT id FROM identity.sessions WHERE tenant_id = %(tenant)s") == []


def wrong(door: Door, count: int, **more: Any) -> list[int]:
    """Try a wrong password so often; return the statuses."""
    return [door.login(password="wrong", **more).status for _ in range(count)]


def test_a_password_is_guessed_ten_times_from_an_address_and_then_no_more(door: Door, user: UUID) -> None:
    assert wrong(door, 11) == [401] * 10 + [429]

    refused = door.login()
    assert (refused.status, refused.headers["retry-after"]) == (429, "900")
    assert "10 failed logins from one address in a quarter of an hour" in refused.json["detail"]
    assert '"login";r=0;t=900' in refused.headers["ratelimit"]
    assert '"login";q=10;w=900' in refused.headers["ratelimit-policy"]
    assert door.login(address="203.0.113.8").status == 201
    assert len(door.audit()) == 11

    door.clock.advance(900)
    assert door.login().status == 201


def test_a_failed_login_says_what_is_left(door: Door, user: UUID) -> None:
    answer = door.login(password="wrong")
    assert (
        answer.headers["ratelimit"]
        == '"login";r=9;t=900, "login_account";r=49;t=900, "login_address";r=99;t=900'
    )


def test_only_failures_count(door: Door, user: UUID) -> None:
    assert wrong(door, 9) == [401] * 9
    assert [door.login().status for _ in range(20)] == [201] * 20
    assert wrong(door, 2) == [401, 429]


def test_who_does_not_exist_is_limited_alike(door: Door, user: UUID) -> None:
    known = [door.login(password="wrong", address="203.0.113.1") for _ in range(11)]
    unknown = [door.login("nobody@example.com", address="203.0.113.2") for _ in range(11)]

    assert [alike(answer) for answer in known] == [alike(answer) for answer in unknown]
    assert [a.headers["ratelimit"] for a in known] == [a.headers["ratelimit"] for a in unknown]


def test_strangers_cannot_keep_a_user_out_of_the_own_home(door: Door, user: UUID) -> None:
    door.tokens(address=HOME)
    for index in range(5):
        assert wrong(door, 10, address=f"198.51.100.{index}") == [401] * 10

    away = door.login(address="198.51.100.200")
    assert (away.status, away.headers["retry-after"]) == (429, "900")
    assert door.login("nobody@example.com", address="198.51.100.201").status == 401
    assert door.login(address=HOME).status == 201
    assert wrong(door, 11, address=HOME) == [401] * 10 + [429]
    door.clock.advance(900)
    assert door.login(address="198.51.100.200").status == 201


def test_an_address_that_tries_account_after_account_is_stopped(
    door: Door, user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGIN_ADDRESS_FAILURES", "7")
    door.enter()
    tried = [door.login(f"user{index}@example.com").status for index in range(9)]
    assert tried == [401] * 7 + [429] * 2

    assert door.login().status == 429
    assert door.login(address="203.0.113.8").status == 201
    # What the address was refused for did not count for the account.
    left = door.login(password="wrong", address="203.0.113.8").headers["ratelimit"]
    assert '"login_account";r=49' in left


def test_a_thousand_guesses_at_once_are_no_more_than_the_quota(door: Door, user: UUID) -> None:
    statuses = at_once(door, 24, lambda _: door.login(password="wrong").status)

    assert sorted(statuses) == [401] * 10 + [429] * 14


def test_a_login_that_fails_for_another_reason_does_not_count(
    door: Door, user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.identity.accounts import login

    def broken(*_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(login, "find_tenant", broken)
        assert wrong(door, 15) == [500] * 15
    assert wrong(door, 11) == [401] * 10 + [429]


@pytest.mark.parametrize("answers", [True, False], ids=["with-redis", "without-redis"])
def test_the_limit_holds_with_redis_and_without(
    door: Door, user: UUID, redis_server: Redis, answers: bool
) -> None:
    shared = RedisLimiter(redis_server.url if answers else "redis://127.0.0.1:1")
    door.limiter = FallbackLimiter(shared, InMemoryLimiter(door.clock), door.clock)
    door.enter()

    assert wrong(door, 5) == [401] * 5
    assert [door.login().status for _ in range(8)] == [201] * 8
    assert wrong(door, 6) == [401] * 5 + [429]
    assert LoginSettings.load({}).login_failures == 10
    shared.close()
