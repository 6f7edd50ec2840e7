"""Who sends a request, by the token it carries."""

from __future__ import annotations

import re
from pathlib import Path

from functions.identity.access import api_keys
from functions.identity.accounts.sessions import find_user
from functions.identity.accounts.tokens import read_access_token
from shared.bootstrap import Container
from shared.db.queries import load_queries
from shared.errors import Unauthorized
from shared.http.capability import PREFIX, check
from shared.models.caller import Caller, CallerKind
from shared.settings import TokenSettings

_FOLDER = Path(__file__).parent
# RFC 6750, section 2.1: `b64token`; ours have no padding. Nothing longer or stranger goes any further.
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]{1,4096}) *", re.ASCII | re.IGNORECASE)


def bearer(authorization: str | None) -> str:
    """Return the token of an Authorization header. Raises Unauthorized."""
    found = _BEARER.fullmatch(authorization or "")
    if found is None:
        raise Unauthorized
    return found[1]


def authenticate(own: Container, token: str) -> Caller:
    """Return whose token it is. Raises Unauthorized."""
    if token.startswith(PREFIX):
        return _visitor(own, token)
    if token.startswith(api_keys.PREFIX):
        return api_keys.authenticate(own, token)
    return _user(own, token)


def _user(own: Container, token: str) -> Caller:
    issuer = own.settings(TokenSettings).token_issuer
    found = find_user(own, read_access_token(token, own.token_key, issuer, own.clock.now()))
    if found is None:
        raise Unauthorized
    return found


def _visitor(own: Container, token: str) -> Caller:
    found = check(token, own.capability_key, own.clock.now())
    with own.database.transaction(found.tenant_id) as work:
        if work.fetch_one(load_queries(_FOLDER)["find_active_tenant"]) is None:
            raise Unauthorized
    return Caller(found.tenant_id, CallerKind.VISITOR, found.project_id, project_id=found.project_id)
