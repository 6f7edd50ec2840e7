"""API keys as their owners manage them and as programs use them, over the API."""

from __future__ import annotations

import io
import sys
from typing import Any
from uuid import uuid4

from shared import base64url, observability
from tests.integration.identity.accounts.door import Door, Reply

KEYS = "/v1/api-keys"
COUNT = "SELECT id FROM identity.api_keys WHERE tenant_id = %(tenant)s"


def make(door: Door, token: str, **changes: Any) -> dict[str, Any]:
    body = {"name": "Nightly report", "scopes": ["project:list"], **changes}
    reply = door.send("POST", KEYS, body, token=token)
    assert reply.status == 201, reply
    found: dict[str, Any] = reply.json
    return found


def use(door: Door, key: str) -> int:
    return door.send("GET", "/v1/projects", token=key).status


def without_key(made: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in made.items() if name != "key"}


def test_a_key_is_shown_once_and_works(door: Door, token: str) -> None:
    reply = door.send("POST", KEYS, {"name": " Report ", "scopes": ["project:list", "run:read"]}, token=token)

    made = reply.json
    assert reply.status == 201
    assert reply.headers["location"] == f"{KEYS}/{made['id']}"
    assert reply.headers["cache-control"] == "no-store"
    assert "etag" not in reply.headers
    assert made["key"].startswith(made["prefix"])
    assert (made["name"], made["scopes"]) == ("Report", ["project:list", "run:read"])

    assert use(door, made["key"]) == 200
    shown = door.send("GET", f"{KEYS}/{made['id']}", token=token)
    used = {**without_key(made), "last_used_at": door.clock.now().isoformat()}
    assert (shown.status, shown.json) == (200, used)
    assert door.send("GET", KEYS, token=token).json == {"data": [used], "next_cursor": None}


def test_a_request_that_is_repeated_shows_the_same_key(door: Door, token: str) -> None:
    once, body = {"Idempotency-Key": "k-1"}, {"name": "Report", "scopes": ["*"]}
    first, again = (door.send("POST", KEYS, body, token=token, more_headers=once) for _ in range(2))
    other = door.send("POST", KEYS, {**body, "name": "Other"}, token=token, more_headers=once)

    assert (first.status, first.json) == (again.status, again.json)
    assert other.status == 422
    assert len(door.rows(COUNT)) == 1

    rotate = f"{KEYS}/{first.json['id']}/rotate"
    second, again = (
        door.send("POST", rotate, {"overlap_seconds": 60}, token=token, more_headers=once) for _ in range(2)
    )
    assert second.json == again.json
    assert second.json["key"] != first.json["key"]
    assert len(door.rows(COUNT)) == 2


def test_no_table_message_or_line_of_the_log_holds_a_key(door: Door, token: str) -> None:
    log = io.StringIO()
    observability.log_to(log)
    try:
        made = door.send(
            "POST", KEYS, {"name": "R", "scopes": ["*"]}, token=token, more_headers={"Idempotency-Key": "1"}
        )
        key = made.json["key"]
        next_key = door.send(
            "POST", f"{KEYS}/{made.json['id']}/rotate", {"overlap_seconds": 9}, token=token
        ).json["key"]
        assert use(door, key) == use(door, next_key) == 200
        assert use(door, key[:-1] + "~") == 401
    finally:
        observability.log_to(sys.stdout)

    tables = door.rows(
        "SELECT schemaname || '.' || tablename AS name FROM pg_tables"
        " WHERE schemaname !~ '^(pg_|information)'"
    )
    whole_rows = "SELECT t::text FROM {} t"
    kept = [str(row) for table in tables for row in door.rows(whole_rows.format(table["name"]))]
    for whole in (key, next_key):
        tail, secret = whole[30:], base64url.decode(whole.removeprefix("sk-"))[32:]
        assert len(kept) > 5
        assert not [row for row in kept if tail in row or secret.hex() in row]
        assert tail not in log.getvalue()
        assert tail not in str(door.bus.published)


def test_revoked_is_revoked_for_the_next_request(door: Door, token: str) -> None:
    made = make(door, token)
    assert use(door, made["key"]) == 200

    gone = door.send("DELETE", f"{KEYS}/{made['id']}", token=token)

    assert (gone.status, gone.json) == (204, None)
    assert use(door, made["key"]) == 401
    assert door.send("DELETE", f"{KEYS}/{made['id']}", token=token).status == 204
    shown = door.send("GET", f"{KEYS}/{made['id']}", token=token).json
    assert shown["revoked_at"] == door.clock.now().isoformat()
    assert [action for action, _ in door.audit() if action.startswith("api_key.")] == [
        "api_key.created",
        "api_key.revoked",
    ]


def test_a_rotated_key_lives_on_for_the_overlap(door: Door, token: str) -> None:
    old = make(door, token)
    reply = door.send("POST", f"{KEYS}/{old['id']}/rotate", {"overlap_seconds": 300}, token=token)
    new = reply.json

    assert reply.status == 201
    assert reply.headers["location"] == f"{KEYS}/{new['id']}"
    assert (use(door, old["key"]), use(door, new["key"])) == (200, 200)
    door.clock.advance(300)
    assert (use(door, old["key"]), use(door, new["key"])) == (401, 200)
    details = dict(door.audit())["api_key.rotated"]
    assert details["successor_id"] == new["id"]


def test_the_name_changes_for_whoever_saw_the_key_as_it_is(door: Door, token: str) -> None:
    made = make(door, token)
    path = f"{KEYS}/{made['id']}"
    etag = door.send("GET", path, token=token).headers["etag"]

    renamed = door.send("PATCH", path, {"name": "Weekly"}, token=token, more_headers={"If-Match": etag})
    late = door.send("PATCH", path, {"name": "Monthly"}, token=token, more_headers={"If-Match": etag})

    assert (renamed.status, renamed.json["name"]) == (200, "Weekly")
    assert renamed.headers["etag"] == door.send("GET", path, token=token).headers["etag"]
    assert late.status == 412
    assert door.send("DELETE", path, token=token, more_headers={"If-Match": etag}).status == 412
    assert use(door, made["key"]) == 200


def test_scopes_are_looked_at_and_keys_do_not_manage_keys(door: Door, token: str) -> None:
    made = make(door, token, scopes=["run:read"])
    everything = make(door, token, scopes=["*"])

    assert door.send("GET", f"/v1/runs/{uuid4()}", token=made["key"]).status == 404
    refused = door.send("GET", "/v1/projects", token=made["key"])
    assert (refused.status, refused.json) == (403, {"detail": "This needs the permission project:list."})
    for method, path, body in (
        ("POST", KEYS, {"name": "More", "scopes": ["*"]}),
        ("GET", KEYS, None),
        ("DELETE", f"{KEYS}/{made['id']}", None),
        ("POST", f"{KEYS}/{everything['id']}/rotate", {}),
        ("GET", "/v1/sessions", None),
        ("POST", "/v1/me/password", {}),
    ):
        assert door.send(method, path, body, token=everything["key"]).status == 403, path


def test_the_owner_decides_what_a_key_is_worth(door: Door, token: str) -> None:
    key = make(door, token, scopes=["*"])["key"]
    run = f"/v1/runs/{uuid4()}/cancel"
    assert door.send("POST", run, token=key).status == 404

    door.rows("UPDATE identity.users SET role = 'viewer' WHERE tenant_id = %(tenant)s")
    assert (door.send("POST", run, token=key).status, use(door, key)) == (403, 200)
    door.rows("UPDATE identity.users SET is_active = false WHERE tenant_id = %(tenant)s")
    assert use(door, key) == 401


def test_an_administrator_sees_and_ends_the_keys_of_others(door: Door, token: str) -> None:
    made = make(door, token)
    (owner,) = door.rows("SELECT id FROM identity.users WHERE tenant_id = %(tenant)s")
    door.add_user("boss@example.com", "admin")
    door.add_user("peer@example.com", "developer")
    boss, peer = (
        door.tokens(email=email)["access_token"] for email in ("boss@example.com", "peer@example.com")
    )
    path, theirs = f"{KEYS}/{made['id']}", {"user_id": str(owner["id"])}

    assert door.send("GET", KEYS, token=boss).json["data"] == []
    assert [k["id"] for k in door.send("GET", KEYS, token=boss, query=theirs).json["data"]] == [made["id"]]
    assert door.send("GET", KEYS, token=peer, query=theirs).status == 403
    assert [door.send("GET", path, token=someone).status for someone in (token, boss, peer)] == [
        200,
        200,
        404,
    ]
    for method, body in (("DELETE", None), ("PATCH", {"name": "Mine"})):
        assert door.send(method, path, body, token=peer).status == 404
    assert door.send("POST", f"{path}/rotate", {}, token=peer).status == 404
    assert door.send("POST", f"{path}/rotate", {}, token=boss).status == 403
    assert use(door, made["key"]) == 200
    assert door.send("DELETE", path, token=boss).status == 204
    assert use(door, made["key"]) == 401


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"scopes": ["*"]}, "/name"),
    ({"name": "", "scopes": ["*"]}, "/name"),
    ({"name": "a\nb", "scopes": ["*"]}, "/name"),
    ({"name": "N", "scopes": []}, "/scopes"),
    ({"name": "N", "scopes": ["run:read"] * 51}, "/scopes"),
    ({"name": "N", "scopes": "*"}, "/scopes"),
    ({"name": "N", "scopes": ["run:raed"]}, "/scopes/0"),
    ({"name": "N", "scopes": ["*", "Run:Read"]}, "/scopes/1"),
    ({"name": "N", "scopes": ["tenant:create"]}, "/scopes/0"),
    ({"name": "N", "scopes": ["*"], "expires_at": "2026-11-22T12:00:00Z"}, "/expires_at"),
    ({"name": "N", "scopes": ["*"], "expires_at": "2026-11-23T12:00:00"}, "/expires_at"),
    ({"name": "N", "scopes": ["*"], "expires_at": "9999-12-31T23:59:59-12:00"}, "/expires_at"),
    ({"name": "N", "scopes": ["*"], "expires_at": "0001-01-01T00:00:00+12:00"}, "/expires_at"),
    ({"name": "N", "scopes": ["*"], "expires_at": 1_800_000_000}, "/expires_at"),
    ({"name": "N", "scopes": ["*"], "expires_at": "1800000000"}, "/expires_at"),
    ({"name": "N", "scopes": ["*"], "expires_at": "tomorrow"}, "/expires_at"),
    ({"name": "N", "scopes": ["*"], "key": "sk-mine"}, "/key"),
]


def test_a_key_that_makes_no_sense_is_refused(door: Door, token: str) -> None:
    for body, pointer in REFUSED:
        reply = door.send("POST", KEYS, body, token=token)
        found = [problem["pointer"] for problem in reply.json.get("errors", ())]

        assert (reply.status, pointer in found) == (422, True), body
    assert door.rows(COUNT) == []


def test_a_rotation_that_makes_no_sense_is_refused(door: Door, token: str) -> None:
    made = make(door, token)
    for seconds in (-1, 7 * 86_400 + 1, "60", 1.5, None):
        body = {"overlap_seconds": seconds}
        assert door.send("POST", f"{KEYS}/{made['id']}/rotate", body, token=token).status == 422, seconds

    assert use(door, made["key"]) == 200


def test_an_end_is_taken_with_its_offset(door: Door, token: str) -> None:
    made = make(door, token, expires_at="2026-11-22T14:00:30+01:00")

    assert made["expires_at"] == "2026-11-22T13:00:30+00:00"
    door.clock.advance(3629)
    assert use(door, made["key"]) == 200
    door.clock.advance(1)
    assert use(door, made["key"]) == 401


def test_what_is_not_there_is_not_found(door: Door, token: str) -> None:
    def answers(key_id: str) -> list[Reply]:
        path = f"{KEYS}/{key_id}"
        return [
            door.send("GET", path, token=token),
            door.send("PATCH", path, {"name": "N"}, token=token),
            door.send("DELETE", path, token=token),
            door.send("POST", f"{path}/rotate", {}, token=token),
        ]

    for key_id in (str(uuid4()), "none"):
        assert [reply.status for reply in answers(key_id)] == [404] * 4
