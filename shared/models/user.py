"""A user: somebody who logs in to a tenant."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, JsonValue, StringConstraints, WithJsonSchema

from shared.models.base import Entity, IdText, PageQuery, TimeText, WireModel, line
from shared.models.caller import Role
from shared.models.lead import EMAIL_SCHEMA, check_email

RoleText = Literal["admin", "developer", "viewer"]

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_FREED = "deleted-"


def check_mailable(value: str) -> str:
    """Return an address that a provider of mail takes, or raise ValueError.

    Over `check_email`: a local part of dots and atoms (RFC 5322), a top-level domain of two letters at least that can
    exist (RFC 2606 reserves `.invalid`).
    """
    local, _, domain = check_email(value).rpartition("@")
    top = domain.rpartition(".")[2].lower()
    if not _LOCAL_PART.fullmatch(local) or len(top) < 2 or top == "invalid":
        raise ValueError("must be an e-mail address such as ada@example.com")
    return value


def check_username(value: str) -> str:
    """Return a name that is not one of those that deleted users leave behind. Raises ValueError."""
    if value.lower().startswith(_FREED):
        raise ValueError(f"must not begin with {_FREED}")
    return value


EmailText = Annotated[str, line(254, 3), AfterValidator(check_mailable), WithJsonSchema(EMAIL_SCHEMA)]
"""An address that mail can reach."""

UsernameText = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=2,
        max_length=50,
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$",
    ),
    AfterValidator(check_username),
]
"""What a user is called: ASCII letters, digits, and `.`, `_`, `-` between them."""


def unset() -> Any:
    """The default of a field that may be left out, but not be null; `exclude_unset` leaves it out again."""
    return None


class User(Entity):
    """A row of identity.users without its password."""

    id: UUID
    tenant_id: UUID
    email: str
    username: str
    role: Role
    is_active: bool
    email_verified_at: AwareDatetime | None
    last_login_at: AwareDatetime | None
    preferences: dict[str, JsonValue]
    created_at: AwareDatetime
    updated_at: AwareDatetime


class UserOut(WireModel):
    """A user as administrators see it. email_verified: somebody proved to read mail there."""

    id: IdText
    email: str
    username: str
    role: RoleText
    is_active: bool
    email_verified: bool
    last_login_at: TimeText | None
    created_at: TimeText
    updated_at: TimeText


class UserList(WireModel):
    """A page of users."""

    data: list[UserOut]
    next_cursor: str | None


class UserQuery(PageQuery):
    """Which users: of one role, those who may log in or those who may not."""

    role: RoleText | None = None
    is_active: bool | None = None


class UserPatch(WireModel):
    """What an administrator changes of a user; what is left out stays."""

    role: RoleText = Field(default_factory=unset)
    is_active: bool = Field(default_factory=unset)


def pseudonym(user_id: UUID) -> tuple[str, str]:
    """Return the e-mail address and the username that a deleted user leaves behind; nobody can choose them."""
    return f"{_FREED}{user_id}@deleted.invalid", f"{_FREED}{user_id}"
