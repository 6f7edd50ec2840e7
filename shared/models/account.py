"""One's own account: who I am, my password, my address."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, JsonValue, SecretStr, WithJsonSchema

from shared.models.base import STORABLE, IdText, TimeText, WireModel, refuse_unstorable
from shared.models.tenant import SlugText
from shared.models.user import EmailText, RoleText, UsernameText, unset

MAX_PREFERENCES = 16 * 1024
_DEPTH = 16
_MAX_PASSWORD = 256
_MAX_TOKEN = 200


def _check_secret(value: SecretStr) -> SecretStr:
    if not 1 <= len(value.get_secret_value()) <= _MAX_PASSWORD:
        raise ValueError(f"must have 1 to {_MAX_PASSWORD} characters")
    refuse_unstorable(value.get_secret_value())
    return value


def _check_token(value: SecretStr) -> SecretStr:
    if not 1 <= len(value.get_secret_value()) <= _MAX_TOKEN:
        raise ValueError(f"must have 1 to {_MAX_TOKEN} characters")
    refuse_unstorable(value.get_secret_value())
    return value


PasswordText = Annotated[
    SecretStr,
    AfterValidator(_check_secret),
    WithJsonSchema(
        {
            "type": "string",
            "format": "password",
            "writeOnly": True,
            "minLength": 1,
            "maxLength": _MAX_PASSWORD,
            "pattern": STORABLE,
        }
    ),
]
"""A password as it comes in; no dump, log line or fingerprint of a request holds it."""

TokenText = Annotated[
    SecretStr,
    AfterValidator(_check_token),
    WithJsonSchema(
        {
            "type": "string",
            "writeOnly": True,
            "minLength": 1,
            "maxLength": _MAX_TOKEN,
            "pattern": STORABLE,
        }
    ),
]
"""A token that came by mail; kept out of dumps as passwords are."""


def check_preferences(value: dict[str, Any]) -> dict[str, Any]:
    """Return preferences that the database keeps: at most 16 KiB of JSON, at most 16 deep. Raises ValueError."""
    _check_depth(value, _DEPTH)
    if len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) > MAX_PREFERENCES:
        raise ValueError(f"must have at most {MAX_PREFERENCES // 1024} KiB as JSON")
    return value


def _check_depth(value: Any, left: int) -> None:
    if isinstance(value, str):
        refuse_unstorable(value)
        return
    if not isinstance(value, dict | list):
        return
    if left == 0:
        raise ValueError(f"must be nested at most {_DEPTH} deep")
    if isinstance(value, dict):
        for key in value:
            refuse_unstorable(key)
    for part in value.values() if isinstance(value, dict) else value:
        _check_depth(part, left - 1)


Preferences = Annotated[dict[str, JsonValue], AfterValidator(check_preferences)]
"""What a client keeps for its user; the product does not look into it."""


class AccountOut(WireModel):
    """The account of who asks; of an API key, its owner's."""

    id: IdText
    tenant_id: IdText
    email: str
    username: str
    role: RoleText
    is_active: bool
    email_verified: bool
    preferences: dict[str, JsonValue]
    last_login_at: TimeText | None
    created_at: TimeText
    updated_at: TimeText


class AccountPatch(WireModel):
    """What users change of themselves; `preferences` are replaced as a whole."""

    username: UsernameText = Field(default_factory=unset)
    preferences: Preferences = Field(default_factory=unset)


class PasswordChange(WireModel):
    """A new password, and the old one to prove who asks."""

    current_password: PasswordText
    new_password: PasswordText


class EmailChange(WireModel):
    """A new address, and the password to prove who asks."""

    email: EmailText
    password: PasswordText


class MailOnItsWay(WireModel):
    """What is answered where a mail may follow; it says the same whether one does or not."""

    status: Literal["accepted"] = "accepted"
    detail: str


class EmailVerification(WireModel):
    """The token of a mail that asks to confirm an address."""

    token: TokenText


class PasswordResetRequest(WireModel):
    """Who has forgotten a password. tenant: its slug; without one, the house's."""

    tenant: SlugText = "house"
    email: EmailText


class PasswordReset(WireModel):
    """The token of a mail that lets one set a new password, and that password."""

    token: TokenText
    password: PasswordText


class Bootstrap(WireModel):
    """The first administrator. token: the generated secret `bootstrap-key` of this deployment."""

    token: TokenText
    email: EmailText
    username: UsernameText
    password: PasswordText
