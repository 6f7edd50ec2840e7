"""What API Gateway may count on: the authorizer's answers in the form that it takes, and 401 in one word.

Source: docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.identity.access import authorize
from infra.catalog import CATALOG, Access
from infra.local.gateway import authorizer_event
from shared.adapters.clock import FakeClock
from shared.adapters.secrets import FakeSecrets
from shared.bootstrap import Container
from shared.http.capability import Capability, issue
from shared.models.caller import Caller, CallerKind, Role

TENANT, PROJECT = uuid4(), uuid4()
ids = st.uuids()


class ActiveTenants:
    """A database in which every tenant is there and active."""

    @contextmanager
    def transaction(self, tenant_id: UUID) -> Iterator[ActiveTenants]:
        """Open nothing."""
        del tenant_id
        yield self

    def fetch_one(self, statement: str) -> dict[str, bool]:
        """Find the tenant."""
        return {"found": "status = 'active'" in statement}


@pytest.fixture(autouse=True)
def own(monkeypatch: pytest.MonkeyPatch) -> Container:
    """What the authorizer stands on when it meets nothing but tokens of projects."""
    for name, value in {
        "CAPABILITY_KEY_SECRET": "capability-key",
        "TOKEN_KEY_SECRET": "token-key",
        "HOUSE_TENANT_ID": str(uuid4()),
        "POWERTOOLS_TRACE_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    made = Container()
    made.clock = FakeClock()
    made.__dict__["database"] = ActiveTenants()
    made.secrets = FakeSecrets({"capability-key": "one key", "token-key": "another key"})
    monkeypatch.setattr(authorize, "container", lambda: made)
    return made


@pytest.fixture
def token(own: Container) -> str:
    """The token of a project."""
    expires = own.clock.now() + timedelta(days=1)
    return issue(Capability(TENANT, PROJECT, expires), "one key")


def asked(headers: dict[str, Any] | None, operation: str = "get_project", **changes: Any) -> dict[str, Any]:
    """What API Gateway asks an authorizer of type REQUEST."""
    (route,) = (route for route in CATALOG.routes if route.operation == operation)
    event = {
        "resource": route.path,
        "path": route.path,
        "httpMethod": route.method,
        "headers": headers,
        "requestContext": {"requestId": "request-1"},
        "body": "",
        "isBase64Encoded": False,
    }
    return {**authorizer_event(event), **changes}


def statement(verdict: dict[str, Any]) -> dict[str, Any]:
    (found,) = verdict["policyDocument"]["Statement"]
    assert isinstance(found, dict)
    return found


def refused(headers: dict[str, Any] | None, **changes: Any) -> bool:
    with pytest.raises(Exception, match=r"^Unauthorized$") as error:
        authorize.handler(asked(headers, **changes), None)
    # Lambda reports the text of the error as `errorMessage`; API Gateway knows this one only.
    return str(error.value) == "Unauthorized"


def test_who_may_is_let_through_to_what_was_asked_and_nothing_else(token: str) -> None:
    event = asked({"Authorization": f"Bearer {token}"})
    verdict = authorize.handler(event, None)

    assert set(verdict) == {"principalId", "policyDocument", "context"}
    assert verdict["policyDocument"]["Version"] == "2012-10-17"
    assert statement(verdict) == {
        "Action": "execute-api:Invoke",
        "Effect": "Allow",
        "Resource": event["methodArn"],
    }
    assert verdict["principalId"] == f"visitor:{PROJECT}"
    assert Caller.from_context(verdict["context"]) == Caller(
        TENANT, CallerKind.VISITOR, PROJECT, project_id=PROJECT
    )


def test_who_may_not_is_denied_and_told_why(token: str) -> None:
    verdict = authorize.handler(asked({"Authorization": f"Bearer {token}"}, "list_projects"), None)

    assert statement(verdict)["Effect"] == "Deny"
    assert verdict["context"] == {"detail": "This needs the permission project:list."}


@pytest.mark.parametrize(
    "changes",
    [
        {"requestContext": {"operationName": "fly"}},
        {"requestContext": {"operationName": "create_intake"}},
        {"resource": "/v1/nothing"},
        {"resource": None},
        {"httpMethod": "PUT"},
    ],
    ids=str,
)
def test_what_the_catalog_does_not_guard_is_nobodys(token: str, changes: dict[str, Any]) -> None:
    verdict = authorize.handler(asked({"Authorization": f"Bearer {token}"}, **changes), None)

    assert statement(verdict)["Effect"] == "Deny"
    assert verdict["context"] == {"detail": "This is not allowed."}


@pytest.mark.parametrize(
    "operation",
    [route.operation for route in CATALOG.routes if route.access is not Access.PUBLIC],
)
def test_every_guarded_operation_is_decided(token: str, operation: str) -> None:
    verdict = authorize.handler(asked({"Authorization": f"Bearer {token}"}, operation), None)

    effect, detail = statement(verdict)["Effect"], verdict["context"].get("detail", "")
    assert effect == "Allow" or (effect == "Deny" and detail.startswith("This needs the permission "))


@given(
    kind=st.sampled_from(CallerKind),
    tenant=ids,
    own_id=ids,
    optional=st.fixed_dictionaries(
        {},
        optional={
            "user_id": ids,
            "role": st.sampled_from(Role),
            "scopes": st.lists(st.sampled_from(["*", "run:read", "webhook_endpoint:list"])).map(tuple),
            "session_id": ids,
            "project_id": ids,
            "token_id": ids,
            "token_expires_at": st.integers(1, 2**40),
        },
    ),
)
def test_a_caller_travels_as_flat_texts(
    kind: CallerKind, tenant: UUID, own_id: UUID, optional: dict[str, Any]
) -> None:
    caller = Caller(tenant, kind, own_id, **optional)
    context = caller.to_context()

    assert all(type(value) is str for value in context.values())
    assert Caller.from_context(json.loads(json.dumps(context))) == caller


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
def test_names_of_headers_and_schemes_come_in_any_case(token: str, name: str, scheme: str) -> None:
    value = f"{scheme} {token}"

    for event in (asked({name: value}), asked(None, multiValueHeaders={name: [value]})):
        assert statement(authorize.handler(event, None))["Effect"] == "Allow"


def test_two_headers_are_as_good_as_none(token: str) -> None:
    value = f"Bearer {token}"

    for several in (
        {"Authorization": [value, value]},
        {"Authorization": [value], "authorization": ["Bearer other"]},
        {"authorization": ["Basic eDp5", value]},
    ):
        assert refused({"Authorization": value}, multiValueHeaders=several)
    assert refused({"Authorization": value, "authorization": value})
    assert refused({"Authorization": f"{value}, {value}"})
    assert refused({"Authorization": f"{value},{value}"})


@pytest.mark.parametrize(
    "value",
    [
        *("", "Bearer", "Bearer ", "Basic eDp5", "Token x", "x", "Bearer x y", "Bearer\tx", "Bearer\n x"),
        *("Bearer " + "x" * 10_240, "Bearer cap_" + "A" * 10_240, "Bearer \x00", "Bearer x\x00", "Bearer ä"),
        *(
            "Bearer \ud800",
            "Bearer ｘ",
            "Ｂearer x",
            "Bearer sk-",
            "Bearer cap_",
            "Bearer cap_.",
            "Bearer ...",
        ),
        *("Bearer a.b.c", "Bearer null", "Bearer e30.e30.", "Bearer " + "." * 4000, "bearer:x"),
    ],
    ids=lambda value: ascii(value)[:24] + str(len(value)),
)
def test_whatever_else_comes_is_401_in_one_word(value: str) -> None:
    assert refused({"Authorization": value})


@pytest.mark.parametrize(
    "headers", [None, {}, {"Authorization": None}, {"X-Authorization": "Bearer x"}], ids=str
)
def test_nothing_is_401(headers: dict[str, Any] | None) -> None:
    assert refused(headers)


@given(st.text(max_size=200))
def test_no_token_breaks_the_authorizer(text: str) -> None:
    assert refused({"Authorization": f"Bearer {text}"})


def test_an_old_or_altered_token_of_a_project_is_401(own: Container, token: str) -> None:
    assert refused({"Authorization": f"Bearer {token[:-1]}"})
    assert refused({"Authorization": f"Bearer {token}="})
    assert isinstance(own.clock, FakeClock)
    own.clock.advance(timedelta(days=1))
    assert refused({"Authorization": f"Bearer {token}"})
