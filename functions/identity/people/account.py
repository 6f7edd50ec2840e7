"""One's own account: name, preferences, password and address, and the way back in without the password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from functions.identity.accounts import sessions
from functions.identity.accounts.passwords import check_password_rules, verify_password
from functions.identity.people.act import Act
from functions.identity.people.mail import LetterKind, request_mail
from functions.identity.people.mail_token import Purpose, refused
from functions.identity.people.users import get_user, lock_user, refuse_taken
from shared.errors import AppError, FieldProblem, Forbidden, Invalid, NotFound
from shared.models.account import AccountOut, AccountPatch
from shared.models.user import User

# The names in `use_tokens` when every token of a purpose goes.
_ALL: dict[str, Any] = {"id": None, "newer_too": True}


def account_out(user: User) -> AccountOut:
    """Return an account as its owner sees it."""
    return AccountOut(
        id=str(user.id),
        tenant_id=str(user.tenant_id),
        email=user.email,
        username=user.username,
        role=user.role.value,
        is_active=user.is_active,
        email_verified=user.email_verified_at is not None,
        preferences=user.preferences,
        last_login_at=user.last_login_at.isoformat() if user.last_login_at else None,
        created_at=user.created_at.isoformat(),
        updated_at=user.updated_at.isoformat(),
    )


def change_account(act: Act, user: User, patch: AccountPatch) -> User:
    """Change what users change of themselves; the user is locked before. Raises Conflict for a taken name."""
    given = patch.model_dump(exclude_unset=True)
    username = given.get("username", user.username)
    if username.lower() != user.username.lower():
        refuse_taken(act, username=username)
    preferences = given.get("preferences", user.preferences)
    if (username, preferences) == (user.username, user.preferences):
        return user
    act.do("set_account", id=user.id, username=username, preferences=Jsonb(preferences))
    if username != user.username:
        act.record("user.renamed", "user", user.id)
    return get_user(act, user.id)


def _prove(act: Act, user: User, password: str, pointer: str) -> None:
    """Raise Forbidden unless this is the user's password."""
    row = act.one("get_password_hash", id=user.id)
    if not verify_password(None if row is None else row["password_hash"], password):
        raise Forbidden("The password is not right.", (FieldProblem(pointer, "is not your password"),))


def _set_password(act: Act, user: User, password: str, pointer: str, *, keep: UUID | None) -> None:
    """Give a user, locked before, another password; all sessions but `keep` end, and the user is told by mail."""
    try:
        check_password_rules(password, email=user.email, username=user.username)
    except Invalid as error:
        raise Invalid(
            error.message, tuple(FieldProblem(pointer, item.detail) for item in error.problems)
        ) from None
    act.do("use_tokens", user_id=user.id, purpose=Purpose.RESET_PASSWORD, now=act.now, **_ALL)
    sessions.change_password(act.work, user.id, password, except_session=keep)
    request_mail(act.work, LetterKind.PASSWORD_CHANGED, user.email, names={"username": user.username})


def change_password(act: Act, user_id: UUID, current: str, wanted: str, *, session_id: UUID | None) -> None:
    """Change a password for whoever knows the old one; of all sessions only `session_id` goes on.

    Access tokens from before stop to work, that session's too: it asks for a new one. Raises Forbidden, Invalid.
    """
    user = lock_user(act, user_id)
    _prove(act, user, current, "/current_password")
    _set_password(act, user, wanted, "/new_password", keep=session_id)
    act.record("user.password_changed", "user", user.id)


def send_verification(act: Act, user: User, email: str, hours: int) -> None:
    """Ask for the mail that lets a user prove an address; the old one stays until then."""
    expires_at = act.now + timedelta(hours=hours)
    row = act.one(
        "insert_token",
        id=None,
        user_id=user.id,
        purpose=Purpose.VERIFY_EMAIL,
        email=email,
        expires_at=expires_at,
    )
    if row is None:
        raise AppError("The database took no token.")
    request_mail(
        act.work,
        LetterKind.VERIFY_EMAIL,
        email,
        token_id=row["id"],
        expires_at=expires_at,
    )


def change_email(act: Act, user_id: UUID, email: str, password: str, hours: int) -> None:
    """Begin to change an address for whoever knows the password: a token goes there. Raises Forbidden.

    Whether somebody else has the address is told only to who reads its mail.
    """
    user = lock_user(act, user_id)
    _prove(act, user, password, "/password")
    send_verification(act, user, email, hours)
    act.record("user.email_change_requested", "user", user.id)


def _use(act: Act, token_id: UUID, purpose: Purpose) -> tuple[User, str]:
    """Use a token up; return its user, locked, and the address it went to. Raises Invalid."""
    names = {"id": token_id, "purpose": purpose, "now": act.now}
    row = act.one("find_token", **names)
    active = act.one("is_active_tenant")
    if row is None or active is None or not active["found"]:
        raise refused()
    try:
        # Users are locked before what belongs to them, here as everywhere, so that no two wait for each other.
        user = lock_user(act, row["user_id"])
    except NotFound as error:
        raise refused() from error
    if not user.is_active or act.one("lock_token", **names) is None:
        raise refused()
    act.do("use_tokens", id=row["id"], user_id=user.id, purpose=purpose, now=act.now, newer_too=False)
    return user, row["email"]


def verify_email(act: Act, token_id: UUID) -> User:
    """Make the address that a token went to the user's own. Raises Invalid, Conflict when another has it."""
    user, email = _use(act, token_id, Purpose.VERIFY_EMAIL)
    changed = email.lower() != user.email.lower()
    if changed:
        refuse_taken(act, email=email)
        # What was mailed to the old address must not open the account any more.
        act.do("use_tokens", user_id=user.id, purpose=Purpose.RESET_PASSWORD, now=act.now, **_ALL)
        request_mail(act.work, LetterKind.EMAIL_CHANGED, user.email, names={"username": user.username})
    act.do("set_email", id=user.id, email=email, now=act.now)
    act.record("user.email_changed" if changed else "user.email_verified", "user", user.id)
    return get_user(act, user.id)


def prepare_reset(act: Act, email: str, token_id: UUID, minutes: int) -> bool:
    """Ask for the mail that lets a user choose a new password, once for an id; return whether somebody gets one."""
    found = act.one("find_by_email", email=email)
    if found is None or not found["is_active"]:
        return False
    user = get_user(act, found["id"])
    expires_at = act.now + timedelta(minutes=minutes)
    row = act.one(
        "insert_token",
        id=token_id,
        user_id=user.id,
        purpose=Purpose.RESET_PASSWORD,
        email=user.email,
        expires_at=expires_at,
    )
    if row is None:
        return False
    request_mail(
        act.work,
        LetterKind.RESET_PASSWORD,
        user.email,
        names={"username": user.username},
        token_id=row["id"],
        expires_at=expires_at,
    )
    act.record("user.password_reset_requested", "user", user.id)
    return True


def reset_password(act: Act, token_id: UUID, password: str) -> None:
    """Set a new password for whoever has the token of a mail; every session ends. Raises Invalid.

    The mail was read, so the address is proved as well.
    """
    user, email = _use(act, token_id, Purpose.RESET_PASSWORD)
    if email.lower() != user.email.lower():
        raise refused()
    _set_password(act, user, password, "/password", keep=None)
    if user.email_verified_at is None:
        act.do("set_email", id=user.id, email=user.email, now=act.now)
    act.record("user.password_reset", "user", user.id)
