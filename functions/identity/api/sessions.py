"""/v1/sessions: logging in, staying logged in, and logging out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.identity.accounts import sessions as service
from functions.identity.accounts.login import log_in
from functions.identity.accounts.sessions import Origin
from shared.errors import RateLimited, Unauthorized
from shared.http.call import Call
from shared.http.paging import page_of
from shared.http.resource import Resource
from shared.models.base import PageQuery
from shared.models.session import (
    Session,
    SessionCreate,
    SessionList,
    SessionOut,
    SessionRefresh,
    SessionTokens,
)
from shared.settings import LoginSettings, TokenSettings

sessions = Resource("identity.sessions")
handler = sessions.handler

_MOST_OF_AN_AGENT = 300


def _origin(call: Call[Any]) -> Origin:
    agent = call.request.header("user-agent") or ""
    shown = "".join(character for character in agent if character.isprintable())[:_MOST_OF_AN_AGENT]
    address = call.request.address(call.own.settings(LoginSettings).trusted_proxies)
    return Origin(address, shown, call.request.request_id)


@sessions.operation(
    body=SessionCreate,
    answer=SessionTokens,
    status=201,
    public=True,
    location="/v1/sessions/{session_id}",
    problems=(Unauthorized, RateLimited),
    example={"email": "ada@example.com", "password": "a long sentence of your own"},
)
def create_session(call: Call[SessionCreate]) -> SessionTokens:
    """Log in with an e-mail address and a password.

    Which of them was wrong is not told, nor whether the account exists. Failed logins are limited for an account, for
    an address, and for the two together. The answer holds tokens and is kept nowhere: an Idempotency-Key has no
    effect, and a login that is sent again is another session.
    """
    return log_in(call.own, call.body, _origin(call))


@sessions.operation(
    body=SessionRefresh,
    answer=SessionTokens,
    public=True,
    problems=(Unauthorized,),
    example={"refresh_token": "rt_the-token-of-the-last-answer"},
)
def refresh_session(call: Call[SessionRefresh]) -> SessionTokens:
    """Carry a session on: the next access token, and the next refresh token.

    A refresh token is used once. Sent again within the grace time it answers the same successor, so that a lost
    answer or twenty requests at once do no harm; sent later it is a stolen copy, and the session ends. An
    Idempotency-Key has no effect.
    """
    token = call.body.refresh_token.get_secret_value()
    return service.refresh_session(call.own, token, call.request.request_id)


@sessions.operation(query=PageQuery, answer=SessionList)
def list_sessions(call: Call[None]) -> SessionList:
    """List one's own sessions, newest first: those that go on, and those that ended within a month."""
    found = page_of(
        call.asked(PageQuery),
        lambda after, limit: service.list_sessions(call.work, call.caller.id, after=after, limit=limit),
        lambda session: _shown(call, session),
    )
    return SessionList(**found)


@sessions.operation()
def revoke_all_sessions(call: Call[None]) -> None:
    """Log out everywhere: all of one's sessions end at once, this one too."""
    ended = service.end_every_session(call.work, call.caller, call.request.request_id)
    call.after_commit(lambda: service.copy_endings(call.own, call.caller, ended))


@sessions.operation()
def revoke_current_session(call: Call[None]) -> None:
    """Log out: this session ends, and the access token of this request is worthless from now on."""
    if call.caller.session_id is None:
        raise Unauthorized
    _end(call, call.caller.session_id, "logout")


@sessions.operation()
def revoke_session(call: Call[None]) -> None:
    """End one of one's own sessions; one that has ended stays so."""
    _end(call, call.path_id("session_id"), "logout")


def _end(call: Call[None], session_id: UUID, because: str) -> None:
    service.end_own_session(call.work, call.caller, session_id, because, call.request.request_id)
    call.after_commit(lambda: service.copy_endings(call.own, call.caller, [session_id]))


def _shown(call: Call[None], session: Session) -> SessionOut:
    return SessionOut(
        id=str(session.id),
        current=session.id == call.caller.session_id,
        status=service.status_of(session, call.now, call.own.settings(TokenSettings)),
        revoked_because=session.revoked_because,
        ip_address=session.ip_address,
        user_agent=session.user_agent,
        created_at=session.created_at.isoformat(),
        last_seen_at=session.last_seen_at.isoformat(),
        expires_at=session.expires_at.isoformat(),
    )
