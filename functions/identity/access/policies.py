"""Whether a caller may do something: Cedar policies of this folder, evaluated in process.

Policies and schema are parsed once. With the schema, an action that the catalog does not know and an attribute that
is not of its type are errors, and whatever ends with an error is refused.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import cedarpy

from shared.models.caller import Caller, CallerKind
from shared.settings import HouseSettings

if TYPE_CHECKING:
    from shared.bootstrap import Container

_FOLDER = Path(__file__).parent
_TYPES = {CallerKind.USER: "User", CallerKind.API_KEY: "ApiKey", CallerKind.VISITOR: "Visitor"}


@cache
def _policies() -> cedarpy.PolicySet:
    return cedarpy.PolicySet.from_str((_FOLDER / "roles.cedar").read_text(encoding="utf-8"))


@cache
def _schema() -> cedarpy.Schema:
    return cedarpy.Schema.from_str((_FOLDER / "schema.cedarschema").read_text(encoding="utf-8"))


@cache
def permissions() -> dict[str, str]:
    """Return the permission that each operation needs, as the catalog of the system names them."""
    found: dict[str, str] = json.loads((_FOLDER / "permissions.json").read_text(encoding="utf-8"))
    return found


def may(own: Container, caller: Caller, permission: str) -> bool:
    """Whether policies let a caller do what needs a permission, in this deployment."""
    house = UUID(own.settings(HouseSettings).house_tenant_id)
    return is_allowed(caller, permission, house=caller.tenant_id == house)


def is_allowed(caller: Caller, permission: str, *, house: bool = False) -> bool:
    """Whether policies let a caller do what needs a permission. What no policy allows is refused.

    house: whether the caller's tenant is the house itself, which looks after the other tenants.
    """
    tenant = {"type": "Tenant", "id": str(caller.tenant_id)}
    principal = {"type": _TYPES[caller.kind], "id": str(caller.id)}
    attributes: dict[str, Any] = {"tenant": tenant}
    if caller.role is not None:
        attributes["role"] = caller.role.value
    if caller.kind is CallerKind.API_KEY:
        attributes["scopes"] = caller.scopes
    entities = [
        {"uid": principal, "attrs": attributes, "parents": ()},
        {"uid": tenant, "attrs": {"house": house}, "parents": ()},
    ]
    request = {
        "principal": principal,
        "action": {"type": "Action", "id": permission},
        "resource": tenant,
        "context": json.dumps({"permission": permission}),
    }
    result = cedarpy.is_authorized(request, _policies(), json.dumps(entities), _schema())
    return result.decision is cedarpy.Decision.Allow and not result.diagnostics.errors
