"""Invitations: an address gets a token, and whoever reads mail there becomes a user."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from functions.identity.people.act import Act
from functions.identity.people.mail import LetterKind, request_mail
from functions.identity.people.mail_token import refused
from functions.identity.people.users import add_user, refuse_taken
from shared.errors import AppError, Conflict, NotFound
from shared.models.invitation import Invitation, InvitationOut
from shared.models.user import User


def invitation_out(invitation: Invitation) -> InvitationOut:
    """Return an invitation as the API shows it."""
    return InvitationOut(
        id=str(invitation.id),
        email=invitation.email,
        role=invitation.role.value,
        status=invitation.status,
        invited_by=str(invitation.invited_by) if invitation.invited_by else None,
        user_id=str(invitation.user_id) if invitation.user_id else None,
        expires_at=invitation.expires_at.isoformat(),
        created_at=invitation.created_at.isoformat(),
    )


def _found(row: dict[str, Any] | None) -> Invitation:
    if row is None:
        raise NotFound("There is no such invitation.")
    return Invitation.model_validate(row)


def get_invitation(act: Act, invitation_id: UUID) -> Invitation:
    """Return an invitation. Raises NotFound."""
    return _found(act.one("get_invitation", id=invitation_id, now=act.now))


def list_invitations(act: Act, *, status: str | None, after: UUID | None, limit: int) -> list[Invitation]:
    """Return invitations, newest first."""
    rows = act.all("list_invitations", status=status, after=after, limit=limit, now=act.now)
    return [Invitation.model_validate(row) for row in rows]


def invite(act: Act, email: str, role: str, *, invited_by: UUID | None, days: int) -> Invitation:
    """Invite an address and ask for the mail; an invitation that waits there already is replaced.

    invited_by: None when who invites belongs to another tenant. Raises Conflict when the address has a user.
    """
    replaced = act.all("replace_invitations", email=email)
    refuse_taken(act, email=email)
    expires_at = act.now + timedelta(days=days)
    row = act.one("insert_invitation", email=email, role=role, invited_by=invited_by, expires_at=expires_at)
    tenant = act.one("get_tenant")
    if row is None or tenant is None:
        raise AppError("The database took no invitation.")
    names = {"tenant": tenant["name"], "slug": tenant["slug"], "role": role}
    request_mail(
        act.work,
        LetterKind.INVITATION,
        email,
        names=names,
        token_id=row["id"],
        expires_at=expires_at,
    )
    for old in replaced:
        act.record("invitation.revoked", "invitation", old["id"], because="replaced")
    act.record("invitation.created", "invitation", row["id"], role=role)
    return get_invitation(act, row["id"])


def revoke(act: Act, invitation_id: UUID) -> None:
    """Make an invitation worthless. Raises NotFound, Conflict when it was accepted."""
    invitation = _found(act.one("lock_invitation", id=invitation_id, now=act.now))
    if invitation.status == "accepted":
        raise Conflict("This invitation was accepted; deactivate or delete the user instead.")
    if invitation.status == "revoked":
        return
    act.do("revoke_invitation", id=invitation.id)
    act.record("invitation.revoked", "invitation", invitation.id, because="asked")


def accept(act: Act, invitation_id: UUID, username: str, password: str) -> User:
    """Make a user of whoever has the token of an invitation, which proves the address.

    Raises Invalid when it waits no more or the password is poor, Conflict when name or address are taken.
    """
    row = act.one("lock_invitation", id=invitation_id, now=act.now)
    active = act.one("is_active_tenant")
    if row is None or row["status"] != "pending" or active is None or not active["found"]:
        raise refused()
    invitation = Invitation.model_validate(row)
    user = add_user(
        act,
        email=invitation.email,
        username=username,
        password=password,
        role=invitation.role,
        verified=True,
    )
    act.do("accept_invitation", id=invitation.id, user_id=user.id)
    act.record("invitation.accepted", "invitation", invitation.id, user_id=str(user.id))
    return user
