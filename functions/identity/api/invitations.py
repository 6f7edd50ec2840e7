"""/v1/invitations: how people come into a tenant."""

from __future__ import annotations

from typing import Any

from functions.identity.people import invitations as service
from functions.identity.people.act import Act
from functions.identity.people.mail_token import Purpose, check
from functions.identity.people.throttle import admit_address, admit_mail
from functions.identity.people.users import user_out
from shared.db.unit_of_work import UnitOfWork
from shared.errors import RateLimited
from shared.http.call import Call
from shared.http.operation import Response
from shared.http.paging import page_of
from shared.http.resource import Resource
from shared.models.invitation import (
    InvitationAcceptance,
    InvitationCreate,
    InvitationList,
    InvitationOut,
    InvitationQuery,
)
from shared.models.user import UserOut
from shared.settings import MailTokenSettings

invitations = Resource("identity.invitations")
handler = invitations.handler


@invitations.operation(
    body=InvitationCreate,
    answer=InvitationOut,
    status=201,
    location="/v1/invitations/{id}",
    conflicts=True,
    example={"email": "grace@example.com", "role": "developer"},
)
def create_invitation(call: Call[InvitationCreate]) -> InvitationOut:
    """Invite somebody to the tenant by mail.

    An invitation that waits for the same address is replaced: its token is worthless. One waits for seven days. A
    mailbox gets so many invitations an hour.
    """
    admit_mail(call, str(call.caller.tenant_id), call.body.email)
    days = call.own.settings(MailTokenSettings).invitation_days
    invited_by = call.caller.user_id
    invitation = service.invite(
        Act.of(call), call.body.email, call.body.role, invited_by=invited_by, days=days
    )
    return service.invitation_out(invitation)


@invitations.operation(query=InvitationQuery, answer=InvitationList)
def list_invitations(call: Call[None]) -> InvitationList:
    """List the invitations of the tenant, newest first; of one status when asked."""
    query, act = call.asked(InvitationQuery), Act.of(call)
    found = page_of(
        query,
        lambda after, limit: service.list_invitations(act, status=query.status, after=after, limit=limit),
        service.invitation_out,
    )
    return InvitationList(**found)


@invitations.operation(answer=InvitationOut)
def get_invitation(call: Call[None]) -> InvitationOut:
    """Read an invitation."""
    return service.invitation_out(service.get_invitation(Act.of(call), call.path_id("invitation_id")))


@invitations.operation(conflicts=True)
def revoke_invitation(call: Call[None]) -> None:
    """Take an invitation back: its token is worthless from now on. One that was accepted cannot be taken back."""
    service.revoke(Act.of(call), call.path_id("invitation_id"))


@invitations.operation(
    body=InvitationAcceptance,
    answer=UserOut,
    status=201,
    public=True,
    repeats=True,
    conflicts=True,
    problems=(RateLimited,),
    example={
        "token": "mail_the.token-of-the-mail",
        "username": "grace",
        "password": "a long sentence of your own",
    },
)
def accept_invitation(call: Call[InvitationAcceptance]) -> Response:
    """Become a user with the token of an invitation; it proves the address as well."""
    told = admit_address(call)
    body = call.body
    claim = check(body.token, Purpose.ACCEPT_INVITATION, call.own.mail_key)

    def accept(work: UnitOfWork) -> dict[str, Any]:
        act = Act.of_anybody(call, work)
        user = service.accept(act, claim.id, body.username, body.password.get_secret_value())
        return user_out(user).model_dump()

    asked = {"id": str(claim.id), "username": body.username}
    made = call.transact_for(claim.tenant_id, accept, asked)
    return Response(UserOut(**made), headers=tuple(told.items()))
