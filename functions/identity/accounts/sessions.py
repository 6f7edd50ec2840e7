"""Sessions: what a login begins, a refresh carries on, and a logout or a changed password ends.

The truth is in PostgreSQL. A session ends 24 hours after its login, or an hour after it was last seen; revoked, it is
worthless to the very next request. Its refresh tokens are one chain: each is used once and followed by one other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from functions.identity.accounts import tokens
from functions.identity.accounts.passwords import hash_password
from functions.identity.accounts.tokens import AccessToken
from functions.identity.audit import service as audit
from shared.adapters.redis_connection import hashed_to
from shared.bootstrap import Container
from shared.db.queries import load_queries
from shared.db.unit_of_work import Row, UnitOfWork
from shared.errors import AppError, NotFound, Unauthorized
from shared.models.caller import Caller, CallerKind, Role
from shared.models.session import Session, SessionStatus, SessionTokens
from shared.observability import count
from shared.settings import TokenSettings

_FOLDER = Path(__file__).parent
# A session that is used is written at most this often.
TOUCH_SECONDS = 60
_REFUSED = "The refresh token is not valid any more; log in again."


@dataclass(frozen=True)
class Origin:
    """Where a request comes from. address: as `Request.address` tells it. user_agent: what the client says it is."""

    address: str
    user_agent: str
    request_id: str


@dataclass(frozen=True)
class _Open:
    """A session that tokens are made for. version: `users.token_version`."""

    tenant_id: UUID
    user_id: UUID
    session_id: UUID
    version: int
    expires_at: datetime


def begin_session(
    own: Container, work: UnitOfWork, user: Caller, version: int, origin: Origin
) -> SessionTokens:
    """Add a session of a user who has proved to be one. version: `users.token_version`."""
    now = own.clock.now()
    expires_at = now + timedelta(seconds=own.settings(TokenSettings).session_absolute_seconds)
    names = {
        "user_id": user.id,
        "ip_address": origin.address,
        "user_agent": origin.user_agent,
        "now": now,
        "expires_at": expires_at,
    }
    session_id = _added(work, "add_session", names)
    refresh_id = _added(work, "add_refresh_token", {"session_id": session_id, "now": now})
    _record(work, "session.created", user, session_id, origin.request_id)
    begun = _Open(user.tenant_id, user.id, session_id, version, expires_at)
    return _tokens(own, begun, refresh_id, now)


def refresh_session(own: Container, refresh_token: str, request_id: str) -> SessionTokens:
    """Return the next pair of tokens of a session. Raises Unauthorized.

    For `refresh_grace_seconds` a used token answers its one successor again, as long as that is unused: answers get
    lost, and programs ask twenty times at once. Later, or once the chain has gone on, somebody else holds a copy:
    then the session ends, for the thief and the owner alike (RFC 9700, 4.14.2).
    """
    tenant_id, refresh_id = tokens.read_refresh_token(refresh_token, own.token_key)
    settings = own.settings(TokenSettings)
    now = own.clock.now()
    sql = load_queries(_FOLDER)
    names = {"id": refresh_id, "now": now, "idle_since": _idle_since(now, settings)}
    with own.database.transaction(tenant_id) as work:
        work.fetch_one(sql["lock_family"], names)
        # A statement of its own, so that it sees what was committed while that one waited.
        found = work.fetch_one(sql["get_refresh_token"], names)
        if found is None or not found["lives"]:
            raise Unauthorized(_REFUSED)
        session_id = found["session_id"]
        successor_id = _successor(work, found, now, settings.refresh_grace_seconds)
        if successor_id is not None:
            work.execute(sql["touch_session"], {"session_id": session_id, "now": now})
            version, expires_at = found["token_version"], found["expires_at"]
            carried_on = _Open(tenant_id, found["user_id"], session_id, version, expires_at)
            return _tokens(own, carried_on, successor_id, now)
        _end_family(work, found, request_id)
    own.copies.keep(_session_copy(session_id), b"revoked", settings.session_idle_seconds)
    count("RefreshTokensReused")
    raise Unauthorized(_REFUSED)


def _successor(work: UnitOfWork, found: Row, now: datetime, grace_seconds: int) -> UUID | None:
    """Return the refresh token that follows, made if there is none; None when this one must not be used again."""
    if found["used_at"] is None:
        names = {"session_id": found["session_id"], "now": now}
        successor_id = _added(work, "add_refresh_token", names)
        used = {"id": found["id"], "successor_id": successor_id, "now": now}
        work.execute(load_queries(_FOLDER)["use_refresh_token"], used)
        return successor_id
    if found["successor_used"] or now - found["used_at"] > timedelta(seconds=grace_seconds):
        return None
    return UUID(str(found["successor_id"]))


def _end_family(work: UnitOfWork, found: Row, request_id: str) -> None:
    session_id, user_id = found["session_id"], found["user_id"]
    work.execute(load_queries(_FOLDER)["end_session"], {"id": session_id, "because": "refresh_reused"})
    _record(work, "session.reuse_detected", None, session_id, request_id, user_id=str(user_id))
    work.announce("session_reuse_detected", {"session_id": str(session_id), "user_id": str(user_id)})


def find_user(own: Container, token: AccessToken) -> Caller | None:
    """Return the user of an access token, None when it is worthless by now; notes that the session is in use.

    A copy may say that it is worthless; that it is not, only the database says.
    """
    now = own.clock.now()
    if any(own.copies.find([_token_copy(token.id), _session_copy(token.session_id)])):
        return None
    sql = load_queries(_FOLDER)
    names = {
        "session_id": token.session_id,
        "user_id": token.user_id,
        "version": token.version,
        "jti": token.id,
        "now": now,
        "idle_since": _idle_since(now, own.settings(TokenSettings)),
    }
    with own.database.transaction(token.tenant_id) as work:
        found = work.fetch_one(sql["find_live_session"], names)
        if found is None:
            return None
        if now - found["last_seen_at"] >= timedelta(seconds=TOUCH_SECONDS):
            work.execute(sql["touch_session"], {"session_id": token.session_id, "now": now})
    return Caller(
        token.tenant_id,
        CallerKind.USER,
        token.user_id,
        user_id=token.user_id,
        role=Role(found["role"]),
        session_id=token.session_id,
        token_id=token.id,
        token_expires_at=token.expires_at,
    )


def list_sessions(work: UnitOfWork, user_id: UUID, *, after: UUID | None, limit: int) -> list[Session]:
    """Return a page of a user's sessions, newest first, also those that have ended within a month."""
    names = {"user_id": user_id, "after": after, "limit": limit}
    rows = work.fetch_all(load_queries(_FOLDER)["list_sessions"], names)
    return [Session.model_validate(row) for row in rows]


def status_of(session: Session, now: datetime, settings: TokenSettings) -> SessionStatus:
    """Return where a session stands."""
    if session.revoked_at is not None:
        return "revoked"
    lives = session.expires_at > now and session.last_seen_at > _idle_since(now, settings)
    return "active" if lives else "expired"


def end_own_session(
    work: UnitOfWork, caller: Caller, session_id: UUID, because: str, request_id: str
) -> None:
    """End a session of the caller; one that has ended stays so. Raises NotFound."""
    sql = load_queries(_FOLDER)
    if work.fetch_one(sql["session_exists"], {"id": session_id, "user_id": caller.id}) is None:
        raise NotFound("There is no such session.")
    if work.execute(sql["end_session"], {"id": session_id, "because": because}):
        _record(work, "session.revoked", caller, session_id, request_id, because=because)
    if session_id == caller.session_id:
        _revoke_token(work, caller)


def end_every_session(work: UnitOfWork, caller: Caller, request_id: str) -> list[UUID]:
    """End all sessions of the caller, this one too; return those that had not ended."""
    names = {"user_id": caller.id, "because": "logout_everywhere", "except_session": None}
    ended = _ended(work, names)
    audit.record(
        work,
        "session.revoked",
        actor=caller,
        subject_type="user",
        subject_id=caller.id,
        request_id=request_id,
        details={"because": "logout_everywhere", "sessions": len(ended)},
    )
    _revoke_token(work, caller)
    return ended


def end_sessions(work: UnitOfWork, user_id: UUID, because: str, *, except_session: UUID | None = None) -> int:
    """End the sessions of a user, but for one; return how many.

    because: as identity.sessions allows it, such as `user_deactivated`. Call it in the transaction of the act,
    before or after the user is changed: a login that is under way is waited for.
    """
    return len(_ended(work, {"user_id": user_id, "because": because, "except_session": except_session}))


def change_password(
    work: UnitOfWork, user_id: UUID, password: str, *, except_session: UUID | None = None
) -> int:
    """Give a user another password, checked before; return how many sessions it ended.

    Every access token of the user is worthless from now on; `except_session` lives on by its refresh token.
    """
    names = {"user_id": user_id, "password_hash": hash_password(password)}
    work.execute(load_queries(_FOLDER)["set_password"], names)
    return end_sessions(work, user_id, "password_changed", except_session=except_session)


def copy_endings(own: Container, caller: Caller, session_ids: list[UUID]) -> None:
    """Have the copies say what the database says: these sessions have ended, and with its own the caller's token."""
    for session_id in session_ids:
        seconds = own.settings(TokenSettings).session_idle_seconds
        own.copies.keep(_session_copy(session_id), b"revoked", seconds)
    if caller.session_id in session_ids and caller.token_id and caller.token_expires_at:
        remaining = caller.token_expires_at - own.clock.now().timestamp()
        own.copies.keep(_token_copy(caller.token_id), b"revoked", remaining)


def _ended(work: UnitOfWork, names: dict[str, Any]) -> list[UUID]:
    sql = load_queries(_FOLDER)
    work.fetch_one(sql["lock_user"], names)
    return [row["id"] for row in work.fetch_all(sql["end_sessions"], names)]


def _revoke_token(work: UnitOfWork, caller: Caller) -> None:
    if caller.token_id is not None and caller.token_expires_at is not None:
        expires_at = datetime.fromtimestamp(caller.token_expires_at, UTC)
        names = {"jti": caller.token_id, "expires_at": expires_at}
        work.execute(load_queries(_FOLDER)["revoke_token"], names)


def _tokens(own: Container, session: _Open, refresh_id: UUID, now: datetime) -> SessionTokens:
    settings = own.settings(TokenSettings)
    issued_at = int(now.timestamp())
    expires_at = min(issued_at + settings.access_token_seconds, int(session.expires_at.timestamp()))
    access = AccessToken(
        session.tenant_id,
        session.user_id,
        session.session_id,
        session.version,
        uuid4(),
        issued_at,
        expires_at,
    )
    return SessionTokens(
        session_id=str(session.session_id),
        access_token=tokens.issue_access_token(access, own.token_key, settings.token_issuer),
        token_type="Bearer",  # noqa: S106  # RFC 6750's name of the scheme
        expires_in=expires_at - issued_at,
        refresh_token=tokens.issue_refresh_token(session.tenant_id, refresh_id, own.token_key),
        session_expires_at=session.expires_at.isoformat(),
    )


def _record(
    work: UnitOfWork, action: str, actor: Caller | None, session_id: UUID, request_id: str, **details: str
) -> None:
    audit.record(
        work,
        action,
        actor=actor,
        subject_type="session",
        subject_id=session_id,
        request_id=request_id,
        details=details,
    )


def _added(work: UnitOfWork, statement: str, names: dict[str, Any]) -> UUID:
    row = work.fetch_one(load_queries(_FOLDER)[statement], names)
    if row is None:
        raise AppError("The database took no row.")
    return UUID(str(row["id"]))


def _idle_since(now: datetime, settings: TokenSettings) -> datetime:
    return now - timedelta(seconds=settings.session_idle_seconds)


def _token_copy(token_id: UUID) -> str:
    return hashed_to("blacklist:", str(token_id))


def _session_copy(session_id: UUID) -> str:
    return hashed_to("session:", str(session_id))
