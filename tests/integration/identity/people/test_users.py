"""Users: roles, deactivation, deletion, and that a tenant never loses its last administrator."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from shared.models.caller import Role
from tests.integration.identity.people.office import PASSWORD, Office, Reply


def test_users_are_listed_newest_first_a_page_at_a_time(office: Office) -> None:
    admin = office.add_user("ada", Role.ADMIN)
    names = ["bob", "cleo", "dan"]
    for name in names:
        office.add_user(name)

    first = office.send("list_users", caller=admin, query={"limit": "3"})
    rest = office.send("list_users", caller=admin, query={"limit": "3", "cursor": first.json["next_cursor"]})

    assert [user["username"] for user in first.json["data"]] == ["dan", "cleo", "bob"]
    assert [user["username"] for user in rest.json["data"]] == ["ada"]
    assert rest.json["next_cursor"] is None
    assert set(first.json["data"][0]) == {
        *("id", "email", "username", "role", "is_active", "email_verified", "last_login_at"),
        *("created_at", "updated_at"),
    }


def test_users_are_found_by_role_and_activity(office: Office) -> None:
    admin, bob = office.add_user("ada", Role.ADMIN), office.add_user("bob")
    office.send("update_user", {"is_active": False}, caller=admin, user_id=bob.id)

    def names(**query: str) -> list[str]:
        found = office.send("list_users", caller=admin, query=query).json["data"]
        return [user["username"] for user in found]

    assert names(role="admin") == ["ada"]
    assert names(is_active="false") == ["bob"]
    assert names(is_active="true", role="developer") == []
    assert office.send("list_users", caller=admin, query={"role": "king"}).status == 422


def test_another_role_makes_older_access_tokens_worthless_and_leaves_the_session(office: Office) -> None:
    admin, bob = office.add_user("ada", Role.ADMIN), office.add_user("bob")

    answer = office.send("update_user", {"role": "viewer"}, caller=admin, user_id=bob.id)

    assert (answer.status, answer.json["role"]) == (200, "viewer")
    assert office.user(bob.id)["token_version"] == 2
    assert office.live_sessions(bob) == {bob.session_id}
    assert office.acts() == ["user.role_changed"]
    same = office.send("update_user", {"role": "viewer"}, caller=admin, user_id=bob.id)
    assert (same.status, office.user(bob.id)["token_version"]) == (200, 2)
    assert office.acts() == ["user.role_changed"]


def test_whoever_is_deactivated_loses_sessions_and_keys_for_good(office: Office) -> None:
    admin, bob = office.add_user("ada", Role.ADMIN), office.add_user("bob")
    office.add_session(bob)
    office.add_key(bob)
    kept = office.add_key(admin)

    answer = office.send("update_user", {"is_active": False}, caller=admin, user_id=bob.id)

    assert answer.json["is_active"] is False
    assert office.live_sessions(bob) == set()
    assert office.live_sessions(admin) == {admin.session_id}
    living = office.rows("SELECT id FROM identity.api_keys WHERE revoked_at IS NULL")
    assert [row["id"] for row in living] == [kept]
    office.send("update_user", {"is_active": True}, caller=admin, user_id=bob.id)
    assert office.live_sessions(bob) == set()
    assert office.acts() == ["user.deactivated", "user.activated"]


def test_a_deleted_user_leaves_no_name_and_frees_it(office: Office) -> None:
    admin, bob = office.add_user("ada", Role.ADMIN), office.add_user("bob")
    office.add_key(bob)
    team = office.send("create_team", {"name": "Harbour"}, caller=admin).json["id"]
    office.send("put_team_member", {"role": "lead"}, caller=admin, team_id=team, user_id=bob.id)
    office.send("change_email", {"email": "new@example.com", "password": PASSWORD}, caller=bob)

    answer = office.send("delete_user", caller=admin, user_id=bob.id)

    assert (answer.status, answer.json) == (204, None)
    row = office.user(bob.id)
    assert row["deleted_at"] is not None
    assert (row["is_active"], row["preferences"], row["password_hash"]) == (False, {}, "deleted")
    assert (row["email"], row["username"]) == (f"deleted-{bob.id}@deleted.invalid", f"deleted-{bob.id}")
    assert office.live_sessions(bob) == set()
    assert office.rows("SELECT * FROM identity.team_members") == []
    assert office.rows("SELECT * FROM identity.api_keys WHERE revoked_at IS NULL") == []
    (token,) = office.rows("SELECT email, used_at FROM identity.one_time_tokens")
    assert token["email"] == row["email"]
    assert token["used_at"] is not None
    assert office.send("get_user", caller=admin, user_id=bob.id).status == 404
    assert office.send("delete_user", caller=admin, user_id=bob.id).status == 404
    assert [user["username"] for user in office.send("list_users", caller=admin).json["data"]] == ["ada"]
    assert office.add_user("bob").id != bob.id
    assert office.acts()[-1] == "user.deleted"


@pytest.mark.parametrize("body", [{"role": "viewer"}, {"is_active": False}, None], ids=str)
def test_the_last_administrator_stays(office: Office, body: dict[str, object] | None) -> None:
    admin = office.add_user("ada", Role.ADMIN)
    former = office.add_user("bob", Role.ADMIN)

    def take_away(user_id: object) -> Reply:
        if body is None:
            return office.send("delete_user", caller=admin, user_id=user_id)
        return office.send("update_user", body, caller=admin, user_id=user_id)

    assert take_away(former.id).status in (200, 204)
    refused = take_away(admin.id)

    assert (refused.status, refused.json["type"]) == (409, "urn:roboagency:problem:conflict")
    assert office.user(admin.id)["role"] == "admin"
    assert office.user(admin.id)["is_active"] is True


def test_an_administrator_of_another_tenant_does_not_count(office: Office) -> None:
    other = office.add_tenant()
    office.add_user("eve", Role.ADMIN, other)
    admin = office.add_user("ada", Role.ADMIN)

    assert office.send("update_user", {"role": "viewer"}, caller=admin, user_id=admin.id).status == 409


def test_two_administrators_who_demote_each_other_at_once_leave_one(office: Office) -> None:
    for number in range(5):
        ada = office.add_user(f"ada{number}", Role.ADMIN)
        bob = office.add_user(f"bob{number}", Role.ADMIN)

        replies = office.together(
            lambda ada=ada, bob=bob: office.send(  # type: ignore[misc]
                "update_user", {"role": "developer"}, caller=ada, user_id=bob.id
            ),
            lambda ada=ada, bob=bob: office.send(  # type: ignore[misc]
                "delete_user", caller=bob, user_id=ada.id
            ),
        )

        statuses = sorted(reply.status for reply in replies)
        assert statuses in ([200, 409], [204, 409])
        left = office.rows("SELECT id FROM identity.users WHERE role = 'admin' AND is_active")
        assert len(left) == 1
        office.rows("UPDATE identity.users SET role = 'viewer' WHERE role = 'admin' AND is_active")


def test_who_changes_what_is_no_longer_so_is_told(office: Office) -> None:
    admin, bob = office.add_user("ada", Role.ADMIN), office.add_user("bob")
    seen = office.send("get_user", caller=admin, user_id=bob.id).headers["etag"]

    def change(role: str) -> Reply:
        headers = {"if-match": seen}
        return office.send("update_user", {"role": role}, caller=admin, headers=headers, user_id=bob.id)

    changed = change("viewer")
    assert changed.status == 200
    assert changed.headers["etag"] != seen
    assert change("developer").status == 412
    headers = {"if-match": seen}
    assert office.send("delete_user", caller=admin, headers=headers, user_id=bob.id).status == 412
    assert office.user(bob.id)["role"] == "viewer"


def test_nobody_reaches_over_the_wall(office: Office) -> None:
    other = office.add_tenant()
    eve, bob = office.add_user("eve", Role.ADMIN, other), office.add_user("bob")

    assert office.send("get_user", caller=eve, user_id=bob.id).status == 404
    assert office.send("update_user", {"role": "viewer"}, caller=eve, user_id=bob.id).status == 404
    assert office.send("delete_user", caller=eve, user_id=bob.id).status == 404
    assert [user["id"] for user in office.send("list_users", caller=eve).json["data"]] == [str(eve.id)]
    assert office.send("get_user", caller=replace(eve, tenant_id=uuid4()), user_id=eve.id).status == 404
