"""A login: an e-mail address and a password begin a session."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from functions.identity.accounts.passwords import hash_password, needs_rehash, verify_password
from functions.identity.accounts.sessions import Origin, begin_session
from functions.identity.accounts.throttle import account_name, admit_guess
from functions.identity.audit import service as audit
from shared.bootstrap import Container
from shared.db.queries import load_queries
from shared.db.unit_of_work import Database, UnitOfWork
from shared.errors import Unauthorized
from shared.models.caller import Caller, CallerKind, Role
from shared.models.session import SessionCreate, SessionTokens

_FOLDER = Path(__file__).parent
# A hash that another request replaces meanwhile is looked at again; three times is more than anybody meets.
_TRIES = 3


def log_in(own: Container, form: SessionCreate, origin: Origin) -> SessionTokens:
    """Begin a session. Raises Unauthorized, which never says what was wrong, and RateLimited.

    Not knowing the tenant or the address takes as long as not knowing the password.
    """
    account = account_name(form.tenant, form.email)
    guess = admit_guess(own, account, origin.address, lambda: _knows_address(own, form, origin))
    try:
        made = _verified(own, form, origin)
    except BaseException:
        guess.take_back()
        raise
    if made is None:
        raise Unauthorized("The e-mail address or the password is not right.", headers=guess.headers)
    guess.take_back()
    return made


def find_tenant(database: Database, slug: str) -> UUID | None:
    """Return the tenant of that name, None when there is none or it is suspended."""
    sql = load_queries(_FOLDER)
    with database.transaction(None) as work:
        work.execute(sql["set_tenant_slug"], {"slug": slug})
        row = work.fetch_one(sql["find_tenant"], {"slug": slug})
    return None if row is None else UUID(str(row["id"]))


def _knows_address(own: Container, form: SessionCreate, origin: Origin) -> bool:
    tenant_id = find_tenant(own.database, form.tenant)
    if tenant_id is None:
        return False
    names = {"email": form.email, "ip_address": origin.address}
    with own.database.transaction(tenant_id) as work:
        row = work.fetch_one(load_queries(_FOLDER)["knows_address"], names)
    return row is not None and bool(row["known"])


def _verified(own: Container, form: SessionCreate, origin: Origin) -> SessionTokens | None:
    """Return the tokens of a new session, None when something was wrong; that is in the audit log."""
    password = form.password.get_secret_value()
    tenant_id = find_tenant(own.database, form.tenant)
    if tenant_id is None:
        verify_password(None, password)
        return None
    sql = load_queries(_FOLDER)
    for _ in range(_TRIES):
        with own.database.transaction(tenant_id) as work:
            found = work.fetch_one(sql["find_credentials"], {"email": form.email})
            right = verify_password(None if found is None else found["password_hash"], password)
            if found is None or not right or not found["is_active"]:
                _record_refusal(work, found, right, origin)
                return None
            seen = found["password_hash"]
            names = {
                "id": found["id"],
                "now": own.clock.now(),
                "seen_hash": seen,
                "password_hash": hash_password(password) if needs_rehash(seen) else seen,
            }
            logged_in = work.fetch_one(sql["log_in"], names)
            if logged_in is not None:
                user = Caller(tenant_id, CallerKind.USER, found["id"], found["id"], role=Role(found["role"]))
                return begin_session(own, work, user, logged_in["token_version"], origin)
    return None


def _record_refusal(work: UnitOfWork, found: dict[str, Any] | None, right: bool, origin: Origin) -> None:
    known = "inactive_user" if right else "wrong_password"
    audit.record(
        work,
        "session.refused",
        actor=None,
        subject_type="user",
        subject_id=None if found is None else found["id"],
        request_id=origin.request_id,
        details={"reason": "unknown_user" if found is None else known},
    )
