"""Who may do what: the policies, their schema, and the page that shows what follows from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.identity.access import policies
from functions.identity.access.policies import is_allowed
from infra import permissions
from infra.catalog import CATALOG, Access, Route
from shared.models.caller import Caller, CallerKind, Role

ACCESS = Path(policies.__file__).parent
ROLES = (ACCESS / "roles.cedar").read_text(encoding="utf-8")
SCHEMA = (ACCESS / "schema.cedarschema").read_text(encoding="utf-8")
KNOWN = permissions.known_permissions()
TENANT = UUID("00000000-0000-7000-8000-00000000000c")
# Source: 001 roles.json. The product adds to what it says and takes nothing away.
DOCUMENTED = {
    Role.ADMIN: ("*",),
    Role.DEVELOPER: ("agent:execute", "workflow:create", "workflow:read"),
    Role.VIEWER: ("workflow:read", "agent:list"),
}
ANYBODY = "permit (principal, action, resource);"
VISITORS = {
    "asset:read",
    "project:read",
    "run:approve",
    "run:cancel",
    "run:fork",
    "run:read",
    "run:retry",
}


def user(role: Role | None) -> Caller:
    return Caller(TENANT, CallerKind.USER, uuid4(), role=role)


def key(role: Role | None, *scopes: str) -> Caller:
    return Caller(TENANT, CallerKind.API_KEY, uuid4(), user_id=uuid4(), role=role, scopes=scopes)


def visitor() -> Caller:
    return Caller(TENANT, CallerKind.VISITOR, (project := uuid4()), project_id=project)


def allowed(caller: Caller, *, house: bool = False) -> set[str]:
    return {permission for permission in KNOWN if is_allowed(caller, permission, house=house)}


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (permissions.SCHEMA, permissions.schema),
        (permissions.PAGE, permissions.page),
    ],
    ids=["schema", "page"],
)
def test_what_is_generated_is_up_to_date(path: Path, written: Any) -> None:
    assert path.read_text(encoding="utf-8") == written(), "run python -m infra.permissions"


def test_the_authorizer_knows_the_permission_of_every_route_that_is_not_public() -> None:
    assert policies.permissions() == permissions.permissions(), "run python -m infra.permissions"
    kept = json.loads(permissions.ROUTES.read_text(encoding="utf-8"))
    assert kept == permissions.operations(), "run python -m infra.permissions"
    guarded = {route.operation for route in CATALOG.routes if route.access is not Access.PUBLIC}
    assert set(policies.permissions()) == guarded


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [route.operation for route in CATALOG.routes]

    assert len(names) == len(set(names))


def test_policies_speak_only_of_what_there_is() -> None:
    found = cedarpy.validate_policies(ROLES, SCHEMA)

    assert found.errors == []
    assert found.validation_passed


@pytest.mark.parametrize(
    "policy",
    [
        'permit (principal, action == Action::"run:raed", resource);',
        'permit (principal, action, resource) when { principal.rôle == "admin" };',
        "permit (principal is Robot, action, resource);",
        'permit (principal, action, resource) when { principal.role == "admin" };',
        "permit (principal, action, resource) when { resource.house == 1 };",
    ],
    ids=["action", "attribute", "type", "attribute that visitors lack", "value"],
)
def test_a_slip_in_a_policy_is_found(policy: str) -> None:
    assert not cedarpy.validate_policies(f"{ROLES}\n{policy}", SCHEMA).validation_passed


@pytest.mark.parametrize("role", Role, ids=lambda role: role.value)
def test_the_documented_permissions_hold(role: Role) -> None:
    wanted = set(KNOWN) if DOCUMENTED[role] == ("*",) else set(DOCUMENTED[role])

    assert wanted <= allowed(user(role), house=True)
    assert set(permissions.DOCUMENTED) == {name for names in DOCUMENTED.values() for name in names} - {"*"}


def test_a_viewer_changes_nothing_but_what_is_their_own() -> None:
    looking = (":read", ":list", ":search")
    found = {permission for permission in allowed(user(Role.VIEWER)) if not permission.endswith(looking)}

    assert {permission.split(":")[0] for permission in found} <= {
        "account",
        "api_key",
        "profile",
        "session",
        "team",
    }
    assert allowed(user(Role.VIEWER)) <= allowed(user(Role.DEVELOPER)) <= allowed(user(Role.ADMIN))


def test_only_the_house_looks_after_other_tenants() -> None:
    for role in Role:
        assert is_allowed(user(role), "tenant:create", house=True) == (role is Role.ADMIN)
        assert not is_allowed(user(role), "tenant:create")
    assert allowed(user(Role.ADMIN), house=True) - allowed(user(Role.ADMIN)) == {"tenant:create"}


def test_a_visitor_sees_and_steers_runs_of_a_project_and_nothing_else() -> None:
    assert allowed(visitor()) == allowed(visitor(), house=True) == VISITORS


@pytest.mark.parametrize(
    "unknown", ["run:raed", "", "*", "run", "Run:read", 'a"b', "ä:ö", "run:read "], ids=ascii
)
def test_what_nobody_knows_nobody_may(unknown: str) -> None:
    for caller in (user(Role.ADMIN), key(Role.ADMIN, "*"), key(Role.ADMIN, unknown), visitor()):
        assert not is_allowed(caller, unknown, house=True)


@pytest.mark.parametrize("kind", [CallerKind.USER, CallerKind.API_KEY], ids=lambda kind: kind.value)
def test_whoever_has_no_role_may_nothing(kind: CallerKind) -> None:
    assert allowed(Caller(TENANT, kind, uuid4(), scopes=("*",)), house=True) == set()


@given(
    role=st.sampled_from(Role),
    scopes=st.lists(st.sampled_from([*KNOWN, "*", "run:raed"]), max_size=4),
    permission=st.sampled_from(KNOWN),
    house=st.booleans(),
)
def test_a_key_never_does_more_than_its_owner_and_its_scopes(
    role: Role, scopes: list[str], permission: str, house: bool
) -> None:
    if is_allowed(key(role, *scopes), permission, house=house):
        assert is_allowed(user(role), permission, house=house)
        assert permission in scopes or "*" in scopes


def test_a_key_does_what_its_scopes_say() -> None:
    assert allowed(key(Role.DEVELOPER)) == set()
    assert allowed(key(Role.DEVELOPER, "run:read", "asset:read")) == {"run:read", "asset:read"}
    assert allowed(key(Role.VIEWER, "run:read", "run:cancel")) == {"run:read"}


def test_what_a_person_does_about_themselves_no_key_does() -> None:
    kept = allowed(user(Role.ADMIN), house=True) - allowed(key(Role.ADMIN, "*"), house=True)

    assert {permission.split(":")[0] for permission in kept} == {
        *("account", "session", "api_key", "invitation", "user")
    }
    assert {"account:password", "account:email", "session:revoke", "api_key:create"} <= kept
    for permission in kept:
        assert not is_allowed(key(Role.ADMIN, permission), permission, house=True)


@pytest.mark.parametrize(
    "caller",
    [user(Role.ADMIN), key(Role.ADMIN, "*"), visitor()],
    ids=["user", "key", "visitor"],
)
def test_nobody_does_anything_to_another_tenant(caller: Caller) -> None:
    kind = {CallerKind.USER: "User", CallerKind.API_KEY: "ApiKey", CallerKind.VISITOR: "Visitor"}[caller.kind]
    own, other = ({"type": "Tenant", "id": name} for name in ("own", "other"))
    uid = {"type": kind, "id": "x"}
    attributes: dict[str, Any] = {"tenant": own}
    if caller.role is not None:
        attributes["role"] = caller.role.value
    if caller.kind is CallerKind.API_KEY:
        attributes["scopes"] = caller.scopes
    entities = [
        {"uid": uid, "attrs": attributes, "parents": []},
        *({"uid": tenant, "attrs": {"house": True}, "parents": []} for tenant in (own, other)),
    ]

    def decide(tenant: dict[str, str], permission: str) -> bool:
        request = {
            "principal": uid,
            "action": {"type": "Action", "id": permission},
            "resource": tenant,
            "context": {"permission": permission},
        }
        return cedarpy.is_authorized(request, ROLES, entities, SCHEMA).allowed

    assert decide(own, "run:read")
    assert not [permission for permission in KNOWN if decide(other, permission)]


@pytest.mark.parametrize(
    "broken",
    [
        "permit (principal, action, resource) when { principal.nothing == 1 };",
        f"{ANYBODY}\nforbid (principal, action, resource) when {{ principal.nothing == 1 }};",
        f"{ANYBODY}\nforbid (principal, action, resource) when {{ 9223372036854775807 + 1 > 0 }};",
    ],
    ids=["a permit fails", "a forbid fails", "a sum overflows"],
)
def test_an_error_in_a_policy_lets_nobody_in(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "_policies", lambda: cedarpy.PolicySet.from_str(ANYBODY))
    assert allowed(user(None), house=False) == set()
    assert allowed(user(Role.VIEWER)) == set(KNOWN)

    monkeypatch.setattr(policies, "_policies", lambda: cedarpy.PolicySet.from_str(broken))

    assert allowed(user(Role.ADMIN), house=True) == set()


@pytest.mark.parametrize(
    "permission", ["", "run", "run:", ":read", "Run:read", "run:read:all", "*", "run read"]
)
def test_a_route_without_a_permission_cannot_be(permission: str) -> None:
    for access in Access:
        with pytest.raises(ValueError, match="names no permission"):
            Route("GET", "/v1/runs", "agency.runs", "list_runs", permission, access)
