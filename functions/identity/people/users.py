"""Users, as administrators see and change them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.identity.accounts.passwords import check_password_rules, hash_password
from functions.identity.accounts.sessions import end_sessions
from functions.identity.people.act import Act
from shared.errors import AppError, Conflict, NotFound
from shared.models.caller import Role
from shared.models.user import User, UserOut, UserPatch, pseudonym


def user_out(user: User) -> UserOut:
    """Return a user as the API shows it."""
    return UserOut(
        id=str(user.id),
        email=user.email,
        username=user.username,
        role=user.role.value,
        is_active=user.is_active,
        email_verified=user.email_verified_at is not None,
        last_login_at=user.last_login_at.isoformat() if user.last_login_at else None,
        created_at=user.created_at.isoformat(),
        updated_at=user.updated_at.isoformat(),
    )


def _found(row: dict[str, Any] | None) -> User:
    if row is None:
        raise NotFound("There is no such user.")
    return User.model_validate(row)


def get_user(act: Act, user_id: UUID) -> User:
    """Return a user who has not been deleted. Raises NotFound."""
    return _found(act.one("get_user", id=user_id))


def lock_user(act: Act, user_id: UUID) -> User:
    """Return a user whom nobody else changes before this transaction ends. Raises NotFound."""
    return _found(act.one("lock_user", id=user_id))


def lock_for_standing(act: Act, user_id: UUID) -> User:
    """Lock a user whose role or activity may change: one such change at a time in a tenant. Raises NotFound.

    Without that, two administrators who demote each other at once would leave none.
    """
    act.one("lock_tenant")
    return lock_user(act, user_id)


def list_users(
    act: Act, *, role: str | None, is_active: bool | None, after: UUID | None, limit: int
) -> list[User]:
    """Return users, newest first."""
    rows = act.all("list_users", role=role, is_active=is_active, after=after, limit=limit)
    return [User.model_validate(row) for row in rows]


def refuse_taken(act: Act, *, email: str | None = None, username: str | None = None) -> None:
    """Raise Conflict when a user has this address or this name already."""
    if email is not None and act.one("find_by_email", email=email) is not None:
        raise Conflict("This address belongs to a user already.")
    if username is not None and act.one("find_by_username", username=username) is not None:
        raise Conflict("This username is taken.")


def add_user(act: Act, *, email: str, username: str, password: str, role: Role, verified: bool) -> User:
    """Add a user who may log in from now on. Raises Invalid for a poor password, Conflict."""
    check_password_rules(password, email=email, username=username)
    refuse_taken(act, email=email, username=username)
    row = act.one(
        "insert_user",
        email=email,
        username=username,
        password_hash=hash_password(password),
        role=role.value,
        email_verified_at=act.now if verified else None,
    )
    if row is None:
        raise AppError("The database took no user.")
    act.record("user.created", "user", row["id"], role=role.value)
    return get_user(act, row["id"])


def _keep_an_admin(act: Act, user: User) -> None:
    """Raise Conflict when nobody but this user administers the tenant."""
    if user.role is not Role.ADMIN or not user.is_active:
        return
    other = act.one("other_admin", id=user.id)
    if other is None or not other["found"]:
        raise Conflict("This is the last administrator of the tenant; make somebody else one first.")


def change_user(act: Act, user: User, patch: UserPatch) -> User:
    """Give a user, locked before, another role or activity. Raises Conflict for the last administrator.

    Access tokens from before stop to work; sessions go on with a new one. Whoever is deactivated loses sessions and
    API keys for good.
    """
    role = Role(patch.role) if "role" in patch.model_fields_set else user.role
    is_active = patch.is_active if "is_active" in patch.model_fields_set else user.is_active
    if (role, is_active) == (user.role, user.is_active):
        return user
    if role is not Role.ADMIN or not is_active:
        _keep_an_admin(act, user)
    act.do("set_standing", id=user.id, role=role.value, is_active=is_active)
    ended = _shut_out(act, user.id, "user_deactivated") if user.is_active and not is_active else None
    # What is locked is locked by now: the log's own lock comes last, so that no two acts wait for each other.
    if role is not user.role:
        act.record("user.role_changed", "user", user.id, before=user.role.value, after=role.value)
    if is_active and not user.is_active:
        act.record("user.activated", "user", user.id)
    if ended is not None:
        act.record("user.deactivated", "user", user.id, **ended)
    return get_user(act, user.id)


def _shut_out(act: Act, user_id: UUID, because: str) -> dict[str, int]:
    """End the API keys and sessions of a user; return how many there were of each."""
    return {
        "api_keys": act.do("revoke_keys", id=user_id, now=act.now),
        "sessions": end_sessions(act.work, user_id, because),
    }


def delete_user(act: Act, user: User) -> None:
    """Delete a user, locked before. Raises Conflict for the last administrator.

    The row stays, since the things they made point at it, but without name, address or password: those can be used
    again. Sessions, API keys and memberships end.
    """
    _keep_an_admin(act, user)
    email, username = pseudonym(user.id)
    act.do("leave_teams", id=user.id)
    act.do("bury_invitations", id=user.id, email=email)
    act.do("bury_tokens", id=user.id, email=email, now=act.now)
    act.do("bury_user", id=user.id, email=email, username=username, now=act.now)
    ended = _shut_out(act, user.id, "user_deleted")
    act.record("user.deleted", "user", user.id, **ended)
