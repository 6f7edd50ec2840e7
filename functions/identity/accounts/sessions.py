"""Sessions: what a login begins, a refresh carries on, and a logout or a changed password ends.

The truth is in PostgreSQL. A session ends 24 hours after its login, or an hour after it was last seen; revoked, it is
worthless to the very next request.
"""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from functions.identity.accounts.passwords import hash_password
from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork

_FOLDER = Path(__file__).parent


def end_sessions(work: UnitOfWork, user_id: UUID, because: str, *, except_session: UUID | None = None) -> int:
    """End the sessions of a user, but for one; return how many.

    because: as identity.sessions allows it, such as `user_deactivated`. Call it in the transaction of the act,
    before or after the user is changed: a login that is under way is waited for.
    """
    sql = load_queries(_FOLDER)
    work.fetch_one(sql["lock_user"], {"user_id": user_id})
    names = {"user_id": user_id, "because": because, "except_session": except_session}
    return len(work.fetch_all(sql["end_sessions"], names))


def change_password(
    work: UnitOfWork, user_id: UUID, password: str, *, except_session: UUID | None = None
) -> int:
    """Give a user another password, checked before; return how many sessions it ended.

    Every access token of the user is worthless from now on; `except_session` lives on by its refresh token.
    """
    names = {"user_id": user_id, "password_hash": hash_password(password)}
    work.execute(load_queries(_FOLDER)["set_password"], names)
    return end_sessions(work, user_id, "password_changed", except_session=except_session)
