"""A session: what begins with a login."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.models.account import PasswordText, TokenText
from shared.models.base import Entity, IdText, TimeText, WireModel
from shared.models.tenant import HOUSE_SLUG, SlugText
from shared.models.user import EmailText

SessionStatus = Literal["active", "expired", "revoked"]


class Session(Entity):
    """A row of identity.sessions."""

    id: UUID
    ip_address: str
    user_agent: str
    created_at: AwareDatetime
    last_seen_at: AwareDatetime
    expires_at: AwareDatetime
    revoked_at: AwareDatetime | None
    revoked_because: str | None


class SessionCreate(WireModel):
    """A login. tenant: the slug of whose account it is; without one, the house's."""

    tenant: SlugText = HOUSE_SLUG
    email: EmailText
    password: PasswordText


class SessionRefresh(WireModel):
    """What carries a session on."""

    refresh_token: TokenText


class SessionTokens(WireModel):
    """What a login and a refresh answer.

    The access token is sent as `Authorization: Bearer …` and lives for `expires_in` seconds; the refresh token is
    used once and answers the next pair. `session_expires_at`: when the session ends however often it is refreshed.
    """

    session_id: IdText
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str
    session_expires_at: TimeText


class SessionOut(WireModel):
    """A session as its user sees it.

    `current`: the one this request belongs to. `ip_address`: where it began, of an IPv6 address the network.
    `status`: `active`, `expired` after too long a pause or in all, or `revoked`, and then `revoked_because` says why.
    """

    id: IdText
    current: bool
    status: SessionStatus
    revoked_because: str | None
    ip_address: str
    user_agent: str
    created_at: TimeText
    last_seen_at: TimeText
    expires_at: TimeText


class SessionList(WireModel):
    """A page of one's sessions."""

    data: list[SessionOut]
    next_cursor: str | None
