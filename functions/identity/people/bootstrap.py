"""The first administrator of a new deployment."""

from __future__ import annotations

import hashlib
import hmac

from functions.identity.people.account import send_verification
from functions.identity.people.act import Act
from functions.identity.people.users import add_user
from shared.errors import Conflict, Unauthorized
from shared.models.account import Bootstrap
from shared.models.caller import Role
from shared.models.user import User


def check_key(given: str, key: str) -> None:
    """Raise Unauthorized unless somebody knows the secret `bootstrap-key`; the time it takes tells nothing of it."""
    one, other = (hashlib.sha256(text.encode()).digest() for text in (given, key))
    if not hmac.compare_digest(one, other):
        raise Unauthorized("The token is not this deployment's bootstrap key.")


def bootstrap(act: Act, wanted: Bootstrap, verification_hours: int) -> User:
    """Make the house's first administrator. Raises Conflict once it has, or had, a user; Invalid."""
    act.one("lock_tenant")
    there = act.one("any_user")
    if there is None or there["found"]:
        raise Conflict("This deployment has its first administrator already.")
    user = add_user(
        act,
        email=wanted.email,
        username=wanted.username,
        password=wanted.password.get_secret_value(),
        role=Role.ADMIN,
        verified=False,
    )
    act.record("tenant.bootstrapped", "tenant", act.work.tenant_id, user_id=str(user.id))
    send_verification(act, user, user.email, verification_hours)
    return user
