"""Who may call an operation, as the policies decide it."""

from __future__ import annotations

from uuid import UUID

from functions.identity.access.policies import is_allowed
from infra.openapi.inventory import Served
from shared.models.caller import Caller, CallerKind, Role

_SOMEBODY = UUID(int=0)


def _may(kind: CallerKind, permission: str, role: Role | None = None, *, house: bool = True) -> bool:
    scopes = (permission,) if kind is CallerKind.API_KEY else ()
    caller = Caller(_SOMEBODY, kind, _SOMEBODY, role=role, scopes=scopes)
    return is_allowed(caller, permission, house=house)


def security_of(each: Served) -> list[dict[str, list[str]]]:
    """Return the ways to authenticate, any of which will do; none for what is public."""
    if each.public:
        return []
    permission = each.route.permission
    ways = {
        "accessToken": any(_may(CallerKind.USER, permission, role) for role in Role),
        "apiKey": _may(CallerKind.API_KEY, permission, Role.ADMIN),
        "projectToken": _may(CallerKind.VISITOR, permission),
    }
    return [{name: []} for name, may in ways.items() if may]


def who_may(each: Served) -> str:
    """Return the permission and the roles that have it, as a sentence."""
    permission = each.route.permission
    if each.public:
        return "Open to anybody."
    roles = [role for role in Role if _may(CallerKind.USER, permission, role)]
    elsewhere = any(_may(CallerKind.USER, permission, role, house=False) for role in roles)
    where = "" if elsewhere else " of the house"
    return f"Needs the permission `{permission}` (roles: {', '.join(role.value for role in roles)}{where})."
