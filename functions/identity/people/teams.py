"""Teams and who is in them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.identity.people.act import Act
from shared.errors import AppError, Conflict, Forbidden, NotFound
from shared.models.caller import Role
from shared.models.team import MemberOut, Team, TeamCreate, TeamMember, TeamOut, TeamPatch

_TAKEN = "Another team has this name."


def team_out(team: Team) -> TeamOut:
    """Return a team as the API shows it."""
    return TeamOut(
        id=str(team.id),
        name=team.name,
        description=team.description,
        created_at=team.created_at.isoformat(),
        updated_at=team.updated_at.isoformat(),
    )


def member_out(member: TeamMember) -> MemberOut:
    """Return a member as the API shows it."""
    return MemberOut(
        user_id=str(member.id),
        username=member.username,
        role=member.role,
        created_at=member.created_at.isoformat(),
        updated_at=member.updated_at.isoformat(),
    )


def _found(row: dict[str, Any] | None) -> Team:
    if row is None:
        raise NotFound("There is no such team.")
    return Team.model_validate(row)


def get_team(act: Act, team_id: UUID) -> Team:
    """Return a team. Raises NotFound."""
    return _found(act.one("get_team", id=team_id))


def lock_team(act: Act, team_id: UUID) -> Team:
    """Return a team that nobody else changes before this transaction ends. Raises NotFound."""
    return _found(act.one("lock_team", id=team_id))


def list_teams(act: Act, *, after: UUID | None, limit: int) -> list[Team]:
    """Return teams, newest first."""
    return [Team.model_validate(row) for row in act.all("list_teams", after=after, limit=limit)]


def create_team(act: Act, wanted: TeamCreate) -> Team:
    """Add a team. Raises Conflict when its name is taken, in any case of letters."""
    row = act.one("insert_team", name=wanted.name, description=wanted.description)
    if row is None:
        raise Conflict(_TAKEN)
    act.record("team.created", "team", row["id"])
    return get_team(act, row["id"])


def change_team(act: Act, team: Team, patch: TeamPatch) -> Team:
    """Change a team, locked before. Raises Conflict when the name is taken."""
    given = patch.model_dump(exclude_unset=True)
    name, description = given.get("name", team.name), given.get("description", team.description)
    if (name, description) == (team.name, team.description):
        return team
    other = act.one("find_team_by_name", name=name)
    if other is not None and other["id"] != team.id:
        raise Conflict(_TAKEN)
    act.do("set_team", id=team.id, name=name, description=description)
    act.record("team.changed", "team", team.id)
    return get_team(act, team.id)


def delete_team(act: Act, team: Team) -> None:
    """Delete a team, locked before, with its memberships."""
    members = act.do("delete_members", team_id=team.id)
    act.do("delete_team", id=team.id)
    act.record("team.deleted", "team", team.id, members=members)


def list_members(act: Act, team_id: UUID, *, after: UUID | None, limit: int) -> list[TeamMember]:
    """Return members of a team, by their ids."""
    rows = act.all("list_members", team_id=team_id, after=after, limit=limit)
    return [TeamMember.model_validate(row) for row in rows]


def _get_member(act: Act, team_id: UUID, user_id: UUID) -> TeamMember | None:
    row = act.one("get_member", team_id=team_id, id=user_id)
    return None if row is None else TeamMember.model_validate(row)


def _refuse_outsiders(act: Act, team_id: UUID, touched: set[str | None]) -> None:
    """Raise Forbidden unless the actor is an administrator, or leads the team and `touched` has no lead's role."""
    actor = act.actor
    if actor is not None and actor.role is Role.ADMIN:
        return
    own = None
    if actor is not None and actor.user_id is not None:
        own = _get_member(act, team_id, actor.user_id)
    if own is None or own.role != "lead":
        raise Forbidden("Only administrators and leads of the team change its members.")
    if "lead" in touched:
        raise Forbidden("Who leads a team is for administrators to say.")


def put_member(act: Act, team_id: UUID, user_id: UUID, role: str) -> TeamMember:
    """Make a user a member, or give a member another role. Raises NotFound, Forbidden."""
    if act.one("share_team", id=team_id) is None:
        raise NotFound("There is no such team.")
    before = _get_member(act, team_id, user_id)
    _refuse_outsiders(act, team_id, {role, before.role if before else None})
    if act.one("share_user", id=user_id) is None:
        raise NotFound("There is no such user.")
    if before is not None and before.role == role:
        return before
    act.do("put_member", team_id=team_id, id=user_id, role=role)
    act.record(
        "team.member_changed" if before else "team.member_added",
        "team",
        team_id,
        user_id=str(user_id),
        role=role,
    )
    member = _get_member(act, team_id, user_id)
    if member is None:
        raise AppError("The database took no member.")
    return member


def remove_member(act: Act, team_id: UUID, user_id: UUID) -> None:
    """Take a user out of a team. Raises NotFound, Forbidden."""
    if act.one("share_team", id=team_id) is None:
        raise NotFound("There is no such team.")
    before = _get_member(act, team_id, user_id)
    _refuse_outsiders(act, team_id, {before.role if before else None})
    if before is None:
        raise NotFound("This user is no member of the team.")
    act.do("delete_member", team_id=team_id, id=user_id)
    act.record("team.member_removed", "team", team_id, user_id=str(user_id))
