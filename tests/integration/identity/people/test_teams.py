"""Teams: administrators make them, leads look after their members."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from shared.models.caller import Caller, CallerKind, Role
from tests.integration.identity.people.office import Office, Reply


@pytest.fixture
def admin(office: Office) -> Caller:
    """An administrator."""
    return office.add_user("ada", Role.ADMIN)


@pytest.fixture
def team(office: Office, admin: Caller) -> str:
    """The id of a team without members."""
    return str(office.send("create_team", {"name": "Harbour"}, caller=admin).json["id"])


def put(office: Office, caller: Caller, team: str, user: Any, role: str = "member") -> Reply:
    return office.send("put_team_member", {"role": role}, caller=caller, team_id=team, user_id=user)


def members(office: Office, caller: Caller, team: str, **query: str) -> list[tuple[str, str]]:
    found = office.send("list_team_members", caller=caller, query=query or None, team_id=team)
    return [(member["username"], member["role"]) for member in found.json["data"]]


def test_a_team_is_made_read_changed_and_deleted(office: Office, admin: Caller) -> None:
    form = {"name": " Harbour ", "description": "Quotas\nand ports"}
    made = office.send("create_team", form, caller=admin)
    team = made.json["id"]

    assert (made.status, made.json["name"]) == (201, "Harbour")
    assert made.headers["location"] == f"/v1/teams/{team}"
    read = office.send("get_team", caller=admin, team_id=team)
    assert read.json == made.json
    match = {"if-match": read.headers["etag"]}
    changed = office.send("update_team", {"description": ""}, caller=admin, headers=match, team_id=team)
    assert (changed.status, changed.json["name"], changed.json["description"]) == (200, "Harbour", "")
    assert office.send("update_team", {"name": "X"}, caller=admin, headers=match, team_id=team).status == 412
    assert office.send("delete_team", caller=admin, headers=match, team_id=team).status == 412
    assert office.send("update_team", {"name": None}, caller=admin, team_id=team).status == 422
    assert office.send("delete_team", caller=admin, team_id=team).status == 204
    assert office.send("get_team", caller=admin, team_id=team).status == 404
    assert office.acts() == ["team.created", "team.changed", "team.deleted"]


def test_a_name_belongs_to_one_team_in_any_case(office: Office, admin: Caller, team: str) -> None:
    assert office.send("create_team", {"name": "HARBOUR"}, caller=admin).status == 409
    other = office.send("create_team", {"name": "Quay"}, caller=admin).json["id"]
    assert office.send("update_team", {"name": "harbour"}, caller=admin, team_id=other).status == 409
    assert office.send("update_team", {"name": "harbour"}, caller=admin, team_id=team).status == 200


def test_teams_are_listed_a_page_at_a_time(office: Office, admin: Caller) -> None:
    for number in range(5):
        office.send("create_team", {"name": f"Team {number}"}, caller=admin)

    names: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = office.send("list_teams", caller=admin, query=query).json
        names += [each["name"] for each in page["data"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert names == [f"Team {number}" for number in (4, 3, 2, 1, 0)]


def test_members_come_go_and_change(office: Office, admin: Caller, team: str) -> None:
    bob, cleo = office.add_user("bob"), office.add_user("cleo")

    assert put(office, admin, team, bob.id, "lead").json["role"] == "lead"
    assert put(office, admin, team, cleo.id).status == 200
    assert put(office, admin, team, cleo.id).status == 200
    assert sorted(members(office, cleo, team)) == [("bob", "lead"), ("cleo", "member")]
    first = office.send("list_team_members", caller=bob, query={"limit": "1"}, team_id=team).json
    rest = members(office, bob, team, limit="1", cursor=first["next_cursor"])
    assert sorted([(first["data"][0]["username"], first["data"][0]["role"]), *rest]) == [
        ("bob", "lead"),
        ("cleo", "member"),
    ]
    gone = office.send("remove_team_member", caller=admin, team_id=team, user_id=bob.id)
    assert gone.status == 204
    assert office.send("remove_team_member", caller=admin, team_id=team, user_id=bob.id).status == 404
    assert members(office, admin, team) == [("cleo", "member")]
    assert office.acts()[1:] == ["team.member_added", "team.member_added", "team.member_removed"]


def test_a_lead_looks_after_members_and_not_after_leads(office: Office, admin: Caller, team: str) -> None:
    lead, other, bob = (office.add_user(name) for name in ("lea", "leo", "bob"))
    put(office, admin, team, lead.id, "lead")
    put(office, admin, team, other.id, "lead")

    assert put(office, lead, team, bob.id).status == 200
    assert put(office, lead, team, bob.id, "lead").status == 403
    assert put(office, lead, team, other.id).status == 403
    for user in (other, lead):
        removed = office.send("remove_team_member", caller=lead, team_id=team, user_id=user.id)
        assert removed.status == 403
    assert office.send("remove_team_member", caller=lead, team_id=team, user_id=bob.id).status == 204
    key = replace(lead, kind=CallerKind.API_KEY, id=uuid4(), session_id=None)
    assert put(office, key, team, bob.id).status == 200


def test_who_does_not_lead_the_team_changes_nobody(office: Office, admin: Caller, team: str) -> None:
    bob, cleo = office.add_user("bob"), office.add_user("cleo")
    elsewhere = str(office.send("create_team", {"name": "Quay"}, caller=admin).json["id"])
    put(office, admin, elsewhere, bob.id, "lead")
    put(office, admin, team, cleo.id)

    for caller in (bob, cleo):
        assert put(office, caller, team, bob.id).status == 403
        removed = office.send("remove_team_member", caller=caller, team_id=team, user_id=cleo.id)
        assert removed.status == 403
    assert members(office, admin, team) == [("cleo", "member")]


def test_a_team_goes_with_its_memberships(office: Office, admin: Caller, team: str) -> None:
    bob = office.add_user("bob")
    put(office, admin, team, bob.id)

    assert office.send("delete_team", caller=admin, team_id=team).status == 204

    assert office.rows("SELECT * FROM identity.team_members") == []
    assert office.send("get_user", caller=admin, user_id=bob.id).status == 200
    assert put(office, admin, team, bob.id).status == 404
    assert office.send("list_team_members", caller=admin, team_id=team).status == 404


def test_who_is_not_there_becomes_no_member(office: Office, admin: Caller, team: str) -> None:
    bob = office.add_user("bob")
    stranger = office.add_user("eve", tenant=office.add_tenant())
    office.send("delete_user", caller=admin, user_id=bob.id)

    for user in (bob.id, stranger.id, uuid4(), "x"):
        assert put(office, admin, team, user).status == 404
    assert put(office, stranger, team, stranger.id).status == 404
    assert office.send("get_team", caller=stranger, team_id=team).status == 404


def test_members_that_come_while_their_team_or_they_are_deleted_leave_no_trace(
    office: Office, admin: Caller
) -> None:
    for number in range(4):
        bob = office.add_user(f"bob{number}")
        team = str(office.send("create_team", {"name": f"Team {number}"}, caller=admin).json["id"])
        put(office, admin, team, admin.id)

        joined, team_gone, user_gone = office.together(
            lambda team=team, bob=bob: put(office, admin, team, bob.id),  # type: ignore[misc]
            lambda team=team: office.send("delete_team", caller=admin, team_id=team),  # type: ignore[misc]
            lambda bob=bob: office.send("delete_user", caller=admin, user_id=bob.id),  # type: ignore[misc]
        )

        assert joined.status in (200, 404)
        assert (team_gone.status, user_gone.status) == (204, 204)
        assert office.rows("SELECT * FROM identity.team_members") == []
