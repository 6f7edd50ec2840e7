"""/v1/teams: users who work together."""

from __future__ import annotations

from functions.identity.people import teams as service
from functions.identity.people.act import Act
from shared.http.call import Call
from shared.http.paging import page_of
from shared.http.resource import Resource
from shared.models.base import PageQuery
from shared.models.team import (
    MemberList,
    MemberOut,
    MemberPut,
    TeamCreate,
    TeamList,
    TeamOut,
    TeamPatch,
)

teams = Resource("identity.teams")
handler = teams.handler


@teams.operation(
    body=TeamCreate,
    answer=TeamOut,
    status=201,
    location="/v1/teams/{id}",
    conflicts=True,
    example={"name": "Harbour", "description": "Everything about quotas"},
)
def create_team(call: Call[TeamCreate]) -> TeamOut:
    """Make a team without members."""
    return service.team_out(service.create_team(Act.of(call), call.body))


@teams.operation(query=PageQuery, answer=TeamList)
def list_teams(call: Call[None]) -> TeamList:
    """List the teams of the tenant, newest first."""
    act = Act.of(call)
    found = page_of(
        call.asked(PageQuery),
        lambda after, limit: service.list_teams(act, after=after, limit=limit),
        service.team_out,
    )
    return TeamList(**found)


@teams.operation(answer=TeamOut)
def get_team(call: Call[None]) -> TeamOut:
    """Read a team."""
    return service.team_out(service.get_team(Act.of(call), call.path_id("team_id")))


@teams.operation(body=TeamPatch, answer=TeamOut, conflicts=True, example={"description": "Quotas and ports"})
def update_team(call: Call[TeamPatch]) -> TeamOut:
    """Change a team's name or description."""
    act = Act.of(call)
    team = service.lock_team(act, call.path_id("team_id"))
    call.match(service.team_out(team))
    return service.team_out(service.change_team(act, team, call.body))


@teams.operation()
def delete_team(call: Call[None]) -> None:
    """Delete a team; its members stay users."""
    act = Act.of(call)
    team = service.lock_team(act, call.path_id("team_id"))
    call.match(service.team_out(team))
    service.delete_team(act, team)


@teams.operation(query=PageQuery, answer=MemberList)
def list_team_members(call: Call[None]) -> MemberList:
    """List the members of a team."""
    act, team_id = Act.of(call), call.path_id("team_id")
    service.get_team(act, team_id)
    found = page_of(
        call.asked(PageQuery),
        lambda after, limit: service.list_members(act, team_id, after=after, limit=limit),
        service.member_out,
    )
    return MemberList(**found)


@teams.operation(body=MemberPut, answer=MemberOut, example={"role": "lead"})
def put_team_member(call: Call[MemberPut]) -> MemberOut:
    """Make a user a member of a team, or change what they are in it.

    Administrators may, and leads of the team for those who are not leads.
    """
    act = Act.of(call)
    member = service.put_member(act, call.path_id("team_id"), call.path_id("user_id"), call.body.role)
    return service.member_out(member)


@teams.operation()
def remove_team_member(call: Call[None]) -> None:
    """Take a user out of a team. Administrators may, and leads of the team for those who are not leads."""
    service.remove_member(Act.of(call), call.path_id("team_id"), call.path_id("user_id"))
