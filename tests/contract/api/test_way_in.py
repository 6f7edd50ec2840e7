"""What the gateway makes of the authorizer's answers: problem details, whatever the credentials look like."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from shared.http.capability import Capability, issue
from tests.contract.api.documented import check_common
from tests.contract.api.house import HOUSE, House, Reply, Sent

PROJECT = uuid4()


def visitor(house: House, tenant_id: UUID = HOUSE, **life: float) -> str:
    """A token of a project that does not exist: it is let in and finds nothing."""
    expires = datetime.now(UTC) + timedelta(**(life or {"hours": 1}))
    return issue(Capability(tenant_id, PROJECT, expires), house.keys["capability-key"])


def ask(house: House, headers: dict[str, str], path: str = f"/v1/projects/{PROJECT}") -> Reply:
    return house.send(Sent("GET", path, headers=headers))


@pytest.mark.parametrize(
    "value",
    [
        *("", "Bearer", "Basic eDp5", "Bearer x y", "Bearer " + "x" * 10_000, "Bearer \x00", "Bearer \xe4"),
        *("Bearer sk-" + "A" * 86, "Bearer cap_A.A", "Bearer a.b.c", "Bearer eyJhbGciOiJub25lIn0.e30."),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_without_good_credentials_the_answer_is_401(house: House, value: str) -> None:
    for headers in ({"authorization": value}, {}):
        reply = ask(house, headers)

        check_common(reply)
        assert reply.status == 401
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.headers["www-authenticate"] == "Bearer"
        assert reply.json()["type"] == "urn:roboagency:problem:unauthorized"
        assert reply.json()["detail"] == "The request carries no valid credentials."


@pytest.mark.parametrize("name", ["authorization", "Authorization", "AUTHORIZATION"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_good_credentials_are_good_in_any_case(house: House, name: str, scheme: str) -> None:
    assert ask(house, {name: f"{scheme} {visitor(house)}"}).status == 404


def test_two_credentials_are_none(house: House) -> None:
    # A server joins headers of one name by a comma (RFC 9110).
    token = visitor(house)

    assert ask(house, {"authorization": f"Bearer {token}, Bearer {token}"}).status == 401


def test_credentials_of_yesterday_are_none(house: House) -> None:
    assert ask(house, {"authorization": f"Bearer {visitor(house, seconds=-1)}"}).status == 401


def test_who_may_not_is_told_what_it_takes(house: House) -> None:
    reply = ask(house, {"authorization": f"Bearer {visitor(house)}"}, "/v1/api-keys")

    check_common(reply)
    assert reply.status == 403
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["type"] == "urn:roboagency:problem:forbidden"
    assert reply.json()["detail"] == "This needs the permission api_key:read."


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/nothing", 404), ("PUT", "/v1/api-keys", 405)]
)
def test_what_does_not_exist_needs_no_credentials_to_say_so(
    house: House, method: str, path: str, status: int
) -> None:
    assert house.send(Sent(method, path)).status == status


def test_nothing_of_a_token_is_in_the_answer(house: House) -> None:
    secret = "sk-" + "B" * 86

    assert secret not in ask(house, {"authorization": f"Bearer {secret}"}).body.decode()
