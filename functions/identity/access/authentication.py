"""Who sends a request, by the token it carries."""

from __future__ import annotations

from shared.bootstrap import Container
from shared.errors import Unauthorized
from shared.http.capability import PREFIX, check
from shared.models.caller import Caller, CallerKind


def bearer(authorization: str | None) -> str:
    """Return the token of an Authorization header. Raises Unauthorized."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized
    return token.strip()


def authenticate(own: Container, token: str) -> Caller:
    """Return whose token it is. Raises Unauthorized."""
    if token.startswith(PREFIX):
        return _visitor(own, token)
    raise Unauthorized


def _visitor(own: Container, token: str) -> Caller:
    found = check(token, own.capability_key, own.clock.now())
    return Caller(found.tenant_id, CallerKind.VISITOR, found.project_id, project_id=found.project_id)
