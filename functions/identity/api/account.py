"""/v1/me: one's own account."""

from __future__ import annotations

from uuid import UUID

from functions.identity.people import account as service
from functions.identity.people.act import Act
from functions.identity.people.throttle import admit_guess
from functions.identity.people.users import get_user, lock_user
from shared.errors import Forbidden
from shared.http.call import Call
from shared.http.resource import Resource
from shared.models.account import AccountOut, AccountPatch, EmailChange, MailOnItsWay, PasswordChange
from shared.models.base import WireModel
from shared.settings import MailTokenSettings

account = Resource("identity.account")
handler = account.handler


def _user_id(call: Call[None] | Call[AccountPatch] | Call[PasswordChange] | Call[EmailChange]) -> UUID:
    """Whose account it is: the caller's, or that of the owner of the caller's key. Raises Forbidden."""
    if call.caller.user_id is None:
        raise Forbidden("Nobody has logged in with these credentials.")
    return call.caller.user_id


@account.operation(answer=AccountOut)
def get_me(call: Call[None]) -> AccountOut:
    """Read one's own account; with an API key, its owner's."""
    return service.account_out(get_user(Act.of(call), _user_id(call)))


@account.operation(
    body=AccountPatch, answer=AccountOut, conflicts=True, example={"preferences": {"theme": "dark"}}
)
def update_me(call: Call[AccountPatch]) -> AccountOut:
    """Change one's own username or preferences; preferences are replaced as a whole."""
    act = Act.of(call)
    user = lock_user(act, _user_id(call))
    call.match(service.account_out(user))
    return service.account_out(service.change_account(act, user, call.body))


@account.operation(
    body=PasswordChange,
    example={
        "current_password": "a long sentence of your own",
        "new_password": "another sentence, longer still",
    },
)
def change_password(call: Call[PasswordChange]) -> None:
    """Change one's own password.

    Every other session ends, and access tokens stop to work, this session's too: refresh it to get a new one.
    """
    user_id = _user_id(call)
    admit_guess(call, user_id)
    service.change_password(
        Act.of(call),
        user_id,
        call.body.current_password.get_secret_value(),
        call.body.new_password.get_secret_value(),
        session_id=call.caller.session_id,
    )


@account.operation(
    body=EmailChange,
    answer=MailOnItsWay,
    status=202,
    example={"email": "ada.lovelace@example.com", "password": "a long sentence of your own"},
)
def change_email(call: Call[EmailChange]) -> WireModel:
    """Ask for another address: a token is mailed there. The old address stays until the token comes back."""
    user_id = _user_id(call)
    admit_guess(call, user_id)
    hours = call.own.settings(MailTokenSettings).verification_hours
    service.change_email(Act.of(call), user_id, call.body.email, call.body.password.get_secret_value(), hours)
    return MailOnItsWay(detail="A mail with a token is on its way to the new address.")
