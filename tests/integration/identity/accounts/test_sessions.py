"""A session from login to logout, on real PostgreSQL and Redis."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import redis

from functions.identity.accounts import sessions
from functions.identity.accounts.tokens import issue_refresh_token
from infra.local.redis import Redis
from shared.adapters.redis_connection import hashed_to
from tests.integration.identity.accounts.door import TOKEN_KEY, Door, at_once

GRACE, IDLE, DAY = 30, 3600, 86_400
_CHAIN = "SELECT id FROM identity.refresh_tokens WHERE tenant_id = %(tenant)s"
_UNREVOKE = (
    "UPDATE identity.sessions SET revoked_at = NULL, revoked_because = NULL WHERE tenant_id = %(tenant)s"
)


def states(door: Door) -> list[str | None]:
    """Why each session ended, oldest first."""
    found = door.rows(
        "SELECT revoked_because FROM identity.sessions WHERE tenant_id = %(tenant)s ORDER BY id"
    )
    return [row["revoked_because"] for row in found]


def test_a_refresh_token_is_used_once_and_followed_by_one_other(door: Door, user: UUID) -> None:
    first = door.tokens()
    second = door.refresh(first["refresh_token"])
    assert second.status == 200
    assert second.json["session_id"] == first["session_id"]
    assert second.json["session_expires_at"] == first["session_expires_at"]
    assert second.json["refresh_token"] != first["refresh_token"]
    assert second.json["access_token"] != first["access_token"]
    assert [door.status(each["access_token"]) for each in (first, second.json)] == [200, 200]

    third = door.refresh(second.json["refresh_token"])
    assert third.status == 200
    assert len(door.rows(_CHAIN)) == 3


def test_an_answer_that_got_lost_is_given_again_within_the_grace(door: Door, user: UUID) -> None:
    first = door.tokens()
    second = door.refresh(first["refresh_token"]).json
    door.clock.advance(GRACE)
    again = door.refresh(first["refresh_token"])

    assert (again.status, again.json["refresh_token"]) == (200, second["refresh_token"])
    assert door.status(again.json["access_token"]) == 200
    assert states(door) == [None]


def test_a_refresh_token_that_is_used_again_later_ends_its_family_and_no_other(
    door: Door, user: UUID
) -> None:
    other, first = door.tokens(), door.tokens()
    second = door.refresh(first["refresh_token"]).json
    door.clock.advance(GRACE + 1)

    assert door.refresh(first["refresh_token"]).status == 401
    assert door.refresh(first["refresh_token"]).status == 401

    assert [door.status(each["access_token"]) for each in (first, second, other)] == [401, 401, 200]
    assert door.refresh(second["refresh_token"]).status == 401
    assert door.refresh(other["refresh_token"]).status == 200
    assert states(door) == [None, "refresh_reused"]
    reused = ("session.reuse_detected", {"user_id": str(user)})
    assert door.audit() == [("session.created", {})] * 2 + [reused]
    (sent,) = door.bus.published
    assert sent.detail_type == "session_reuse_detected"
    assert (sent.detail["session_id"], sent.detail["user_id"]) == (first["session_id"], str(user))


def test_the_grace_is_for_the_last_token_only(door: Door, user: UUID) -> None:
    first = door.tokens()
    second = door.refresh(first["refresh_token"]).json
    door.refresh(second["refresh_token"])

    assert door.refresh(first["refresh_token"]).status == 401
    assert states(door) == ["refresh_reused"]


def test_twenty_refreshes_at_once_have_one_successor_and_end_nothing(door: Door, user: UUID) -> None:
    first = door.tokens()
    answers = at_once(door, 20, lambda _: door.refresh(first["refresh_token"]))

    assert [answer.status for answer in answers] == [200] * 20
    assert len({answer.json["refresh_token"] for answer in answers}) == 1
    assert len({answer.json["access_token"] for answer in answers}) == 20
    assert len(door.rows(_CHAIN)) == 2
    assert states(door) == [None]
    assert door.refresh(answers[0].json["refresh_token"]).status == 200


def test_forged_refresh_tokens_open_nothing_and_end_nothing(door: Door, user: UUID) -> None:
    made = door.tokens()
    unknown = issue_refresh_token(door.tenant, uuid4(), TOKEN_KEY)
    elsewhere = issue_refresh_token(uuid4(), uuid4(), TOKEN_KEY)
    sound = made["refresh_token"]
    forged = [
        unknown,
        elsewhere,
        made["access_token"][:150],
        sound + "=",
        sound[3:],
        sound[:-1],
        "rt_",
        f"rt_{'A' * 86}",
    ]

    assert [door.refresh(each).status for each in forged] == [401] * len(forged)
    assert door.refresh(sound).status == 200


def test_a_session_that_nobody_uses_ends_after_an_hour(door: Door, user: UUID) -> None:
    made = door.tokens()
    for _ in range(3):
        door.clock.advance(IDLE - 1)
        made = door.refresh(made["refresh_token"]).json
    door.clock.advance(IDLE)

    assert door.refresh(made["refresh_token"]).status == 401
    assert states(door) == [None]
    fresh = door.tokens()
    shown = door.send("GET", "/v1/sessions", token=fresh["access_token"]).json["data"]
    assert [(each["status"], each["current"]) for each in shown] == [("active", True), ("expired", False)]


def test_an_access_token_keeps_its_session_in_use(door: Door, user: UUID) -> None:
    made = door.tokens()
    door.clock.advance(599)
    assert door.status(made["access_token"]) == 200
    door.clock.advance(IDLE - 1)

    assert door.refresh(made["refresh_token"]).status == 200


def test_a_session_is_written_once_a_minute_at_most(door: Door, user: UUID) -> None:
    made = door.tokens()
    seen = []
    for _ in range(5):
        door.clock.advance(30)
        assert door.status(made["access_token"]) == 200
        (row,) = door.rows(
            "SELECT last_seen_at, created_at FROM identity.sessions WHERE tenant_id = %(tenant)s"
        )
        seen.append((row["last_seen_at"] - row["created_at"]).total_seconds())
    assert seen == [0, 60, 60, 120, 120]


def test_a_session_ends_after_a_day_however_busy_it_is(door: Door, user: UUID) -> None:
    made = door.tokens()
    for _ in range(DAY // 3000):
        door.clock.advance(3000)
        made = door.refresh(made["refresh_token"]).json
    remaining = DAY - 3000 * (DAY // 3000)
    door.clock.advance(remaining - 60)
    made = door.refresh(made["refresh_token"]).json
    assert made["expires_in"] == 60
    assert door.status(made["access_token"]) == 200

    door.clock.advance(60)
    assert (door.status(made["access_token"]), door.refresh(made["refresh_token"]).status) == (401, 401)


def test_a_logout_ends_this_session_and_is_copied(door: Door, user: UUID, redis_server: Redis) -> None:
    mine, other = door.tokens(), door.tokens()
    door.clock.advance(100)

    assert door.send("DELETE", "/v1/sessions/current", token=mine["access_token"]).status == 204

    assert [door.status(each["access_token"]) for each in (mine, other)] == [401, 200]
    assert door.refresh(mine["refresh_token"]).status == 401
    assert states(door) == ["logout", None]
    (revoked,) = door.rows("SELECT jti, expires_at FROM identity.revoked_tokens WHERE tenant_id = %(tenant)s")
    assert revoked["expires_at"] == door.clock.now() + timedelta(seconds=500)
    assert door.audit()[2:] == [("session.revoked", {"because": "logout"})]
    with closing(redis.Redis.from_url(redis_server.url)) as client:
        blacklisted = hashed_to("blacklist:", str(revoked["jti"]))
        assert 499_000 < int(client.pttl(blacklisted)) <= 500_000
        assert 0 < int(client.pttl(hashed_to("session:", mine["session_id"]))) <= IDLE * 1000


def test_a_revoked_token_stays_so_without_its_copies(door: Door, user: UUID, redis_server: Redis) -> None:
    made = door.tokens()
    door.send("DELETE", "/v1/sessions/current", token=made["access_token"])
    with closing(redis.Redis.from_url(redis_server.url)) as client:
        client.flushall()

    assert door.status(made["access_token"]) == 401
    door.rows(_UNREVOKE)
    assert door.status(made["access_token"]) == 401
    door.rows("DELETE FROM identity.revoked_tokens WHERE tenant_id = %(tenant)s")
    assert door.status(made["access_token"]) == 200


def test_a_copy_says_no_before_the_database_is_asked(door: Door, user: UUID) -> None:
    made, other = door.tokens(), door.tokens()
    door.send("DELETE", f"/v1/sessions/{other['session_id']}", token=made["access_token"])
    door.rows(_UNREVOKE)

    assert [door.status(each["access_token"]) for each in (made, other)] == [200, 401]


def test_logging_out_everywhere_ends_every_session_of_this_user(door: Door, user: UUID) -> None:
    door.add_user("grace@example.com")
    mine, other, hers = door.tokens(), door.tokens(), door.tokens(email="grace@example.com")

    assert door.send("DELETE", "/v1/sessions", token=mine["access_token"]).status == 204

    assert [door.status(each["access_token"]) for each in (mine, other, hers)] == [401, 401, 200]
    assert [door.refresh(each["refresh_token"]).status for each in (mine, other, hers)] == [401, 401, 200]
    assert states(door) == ["logout_everywhere", "logout_everywhere", None]
    assert door.audit()[3:] == [("session.revoked", {"because": "logout_everywhere", "sessions": 2})]


def test_one_of_ones_own_sessions_can_be_ended_and_nobody_elses(door: Door, user: UUID) -> None:
    door.add_user("grace@example.com", role="admin")
    mine, other, hers = door.tokens(), door.tokens(), door.tokens(email="grace@example.com")

    def end(who: dict[str, Any], session_id: object) -> int:
        return door.send("DELETE", f"/v1/sessions/{session_id}", token=who["access_token"]).status

    assert end(hers, other["session_id"]) == 404
    assert end(mine, uuid4()) == 404
    assert end(mine, "rubbish") == 404
    assert [end(mine, other["session_id"]) for _ in range(2)] == [204, 204]
    assert [door.status(each["access_token"]) for each in (mine, other, hers)] == [200, 401, 200]
    assert door.audit()[3:] == [("session.revoked", {"because": "logout"})]
    assert end(mine, mine["session_id"]) == 204
    assert door.status(mine["access_token"]) == 401


def test_sessions_are_listed_a_page_at_a_time_newest_first(door: Door, user: UUID) -> None:
    door.add_user("grace@example.com")
    made = [door.tokens(address=f"203.0.113.{index}") for index in range(3)]
    door.tokens(email="grace@example.com")
    token = made[0]["access_token"]

    first = door.send("GET", "/v1/sessions", token=token, query={"limit": "2"}).json
    rest = door.send(
        "GET", "/v1/sessions", token=token, query={"limit": "2", "cursor": first["next_cursor"]}
    ).json

    shown = [*first["data"], *rest["data"]]
    assert [each["id"] for each in shown] == [each["session_id"] for each in reversed(made)]
    assert [each["ip_address"] for each in shown] == ["203.0.113.2", "203.0.113.1", "203.0.113.0"]
    assert rest["next_cursor"] is None


def test_ending_the_sessions_of_a_user_can_leave_one(door: Door, user: UUID) -> None:
    kept, *others = door.tokens(), door.tokens(), door.tokens()
    with door.own.database.transaction(door.tenant) as work:
        spared = UUID(kept["session_id"])
        assert sessions.end_sessions(work, user, "user_deactivated", except_session=spared) == 2

    assert [door.status(each["access_token"]) for each in (kept, *others)] == [200, 401, 401]
    assert states(door) == [None, "user_deactivated", "user_deactivated"]


def test_another_password_leaves_the_own_session_to_its_refresh_token(door: Door, user: UUID) -> None:
    mine, other = door.tokens(), door.tokens()
    with door.own.database.transaction(door.tenant) as work:
        spared = UUID(mine["session_id"])
        assert sessions.change_password(work, user, "another sentence altogether", except_session=spared) == 1

    assert [door.status(each["access_token"]) for each in (mine, other)] == [401, 401]
    assert [door.refresh(each["refresh_token"]).status for each in (mine, other)] == [200, 401]
    assert door.login().status == 401
    assert door.login(password="another sentence altogether").status == 201
