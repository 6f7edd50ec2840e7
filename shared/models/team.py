"""A team: users of a tenant who work together."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.models.base import Entity, IdText, TimeText, WireModel, line, text
from shared.models.user import unset

TeamRole = Literal["lead", "member"]


class Team(Entity):
    """A row of identity.teams."""

    id: UUID
    tenant_id: UUID
    name: str
    description: str
    created_at: AwareDatetime
    updated_at: AwareDatetime


class TeamMember(Entity):
    """A row of identity.team_members with the user's name; `id` is the user's."""

    id: UUID
    team_id: UUID
    username: str
    role: TeamRole
    created_at: AwareDatetime
    updated_at: AwareDatetime


class TeamCreate(WireModel):
    """A new team."""

    name: Annotated[str, line(100)]
    description: Annotated[str, text(1000, 0)] = ""


class TeamPatch(WireModel):
    """What changes of a team; what is left out stays."""

    name: Annotated[str, line(100)] = Field(default_factory=unset)
    description: Annotated[str, text(1000, 0)] = Field(default_factory=unset)


class TeamOut(WireModel):
    """A team."""

    id: IdText
    name: str
    description: str
    created_at: TimeText
    updated_at: TimeText


class TeamList(WireModel):
    """A page of teams."""

    data: list[TeamOut]
    next_cursor: str | None


class MemberPut(WireModel):
    """What a user is in a team."""

    role: TeamRole = "member"


class MemberOut(WireModel):
    """A user as a member of a team."""

    user_id: IdText
    username: str
    role: TeamRole
    created_at: TimeText
    updated_at: TimeText


class MemberList(WireModel):
    """A page of a team's members."""

    data: list[MemberOut]
    next_cursor: str | None
