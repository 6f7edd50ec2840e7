"""An invitation: how somebody becomes a user."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.models.account import PasswordText, TokenText
from shared.models.base import Entity, IdText, PageQuery, TimeText, WireModel
from shared.models.caller import Role
from shared.models.user import EmailText, RoleText, UsernameText

InvitationStatus = Literal["pending", "accepted", "revoked", "expired"]


class Invitation(Entity):
    """A row of identity.invitations; one that waits for longer than it may is `expired`."""

    id: UUID
    tenant_id: UUID
    email: str
    role: Role
    invited_by: UUID | None
    user_id: UUID | None
    status: InvitationStatus
    expires_at: AwareDatetime
    created_at: AwareDatetime


class InvitationCreate(WireModel):
    """Who is to come, and as what."""

    email: EmailText
    role: RoleText = "developer"


class InvitationOut(WireModel):
    """An invitation as administrators see it. user_id: who came of it."""

    id: IdText
    email: str
    role: RoleText
    status: InvitationStatus
    invited_by: IdText | None
    user_id: IdText | None
    expires_at: TimeText
    created_at: TimeText


class InvitationList(WireModel):
    """A page of invitations."""

    data: list[InvitationOut]
    next_cursor: str | None


class InvitationQuery(PageQuery):
    """Which invitations: of one status, when given."""

    status: InvitationStatus | None = None


class InvitationAcceptance(WireModel):
    """The token of the mail, and how the new user logs in."""

    token: TokenText
    username: UsernameText
    password: PasswordText
