"""/v1/email-verifications and /v1/password-resets: what comes back from a mail; nobody is logged in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from functions.identity.people import account as service
from functions.identity.people.act import Act
from functions.identity.people.mail_token import Purpose, check
from functions.identity.people.throttle import admit_address, admit_mail
from shared.db.unit_of_work import UnitOfWork
from shared.errors import RateLimited
from shared.http.call import Call
from shared.http.operation import Response
from shared.http.resource import Resource
from shared.models.account import (
    EmailVerification,
    MailOnItsWay,
    PasswordReset,
    PasswordResetRequest,
    TokenText,
)
from shared.settings import PublicSettings

recovery = Resource("identity.recovery")
handler = recovery.handler


def _use(call: Call[Any], token: TokenText, purpose: Purpose, do: Callable[[Act, UUID], object]) -> Response:
    """Do what a token is for, once, and answer nothing."""
    told = admit_address(call)
    claim = check(token, purpose, call.own.mail_key)

    def use(work: UnitOfWork) -> dict[str, Any]:
        do(Act.of_anybody(call, work), claim.id)
        return {}

    call.transact_for(claim.tenant_id, use, {"id": str(claim.id)})
    return Response(None, headers=tuple(told.items()))


@recovery.operation(
    body=EmailVerification,
    public=True,
    repeats=True,
    conflicts=True,
    problems=(RateLimited,),
    example={"token": "mail_the.token-of-the-mail"},
)
def verify_email(call: Call[EmailVerification]) -> Response:
    """Confirm an address with the token that was mailed there; it becomes the user's own."""
    return _use(call, call.body.token, Purpose.VERIFY_EMAIL, service.verify_email)


@recovery.operation(
    body=PasswordResetRequest,
    answer=MailOnItsWay,
    status=202,
    public=True,
    repeats=True,
    problems=(RateLimited,),
    example={"email": "ada@example.com"},
)
def request_password_reset(call: Call[PasswordResetRequest]) -> Response:
    """Ask for a mail that lets one choose a new password.

    The answer, and the work behind it, is the same whether somebody has the address or not: who that is, is looked up
    later. An address of the internet may ask so often an hour, and a mailbox gets so many mails an hour.
    """
    told = admit_address(call)
    # What is left of a mailbox's quota is nothing to tell: it would say whether somebody else has asked.
    admit_mail(call, call.body.tenant, call.body.email)
    asked = call.body.model_dump()
    # Nobody has been looked for yet, so the question belongs to the house, whatever tenant it names.
    house = UUID(call.own.settings(PublicSettings).house_tenant_id)

    def ask(work: UnitOfWork) -> dict[str, Any]:
        work.announce("password_reset_requested", asked)
        return MailOnItsWay(
            detail="If somebody has this address, a mail with a token is on its way."
        ).model_dump()

    return Response(MailOnItsWay(**call.transact_for(house, ask, asked)), headers=tuple(told.items()))


@recovery.operation(
    body=PasswordReset,
    public=True,
    repeats=True,
    problems=(RateLimited,),
    example={"token": "mail_the.token-of-the-mail", "password": "a long sentence of your own"},
)
def reset_password(call: Call[PasswordReset]) -> Response:
    """Choose a new password with the token of a mail; every session of the user ends."""
    password = call.body.password.get_secret_value()
    return _use(
        call,
        call.body.token,
        Purpose.RESET_PASSWORD,
        lambda act, token_id: service.reset_password(act, token_id, password),
    )
