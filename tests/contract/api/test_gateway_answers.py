"""What the gateway answers by itself on AWS is what one machine answers for the same mistake."""

from __future__ import annotations

from uuid import uuid4

import pytest

from infra.catalog.gateway import GATEWAY_PROBLEMS
from infra.local.aws.wsgi import calling
from infra.local.serving import TOO_LARGE
from shared.http import problem
from tests.contract.api.house import House, Reply, Sent, environ_of

MISTAKES = {
    "MISSING_AUTHENTICATION_TOKEN": Sent("GET", "/v1/nothing"),
    "UNAUTHORIZED": Sent("GET", f"/v1/projects/{uuid4()}"),
    "BAD_REQUEST_BODY": Sent("POST", "/v1/intake", body=b"{"),
    "UNSUPPORTED_MEDIA_TYPE": Sent("POST", "/v1/intake", body=b"{}", headers={"content-type": "text/plain"}),
}


def check(kind: str, reply: Reply) -> None:
    """Fail unless a reply says what the gateway would, but for the request's own id and path."""
    said, error = reply.json(), GATEWAY_PROBLEMS[kind]
    expected = problem.body_of(error, said["instance"], said["request_id"])
    assert (reply.status, said) == (error.status, expected)
    assert reply.headers["content-type"] == problem.CONTENT_TYPE


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_is_answered_alike_on_both_targets(house: House, kind: str) -> None:
    check(kind, house.send(MISTAKES[kind]))


def test_so_is_a_request_that_is_too_large(house: House) -> None:
    answer = calling(house.app)(environ_of(Sent("POST", "/v1/intake", body=b"{}")) | {TOO_LARGE: True})

    check("REQUEST_TOO_LARGE", Reply(answer.status, {k.lower(): v for k, v in answer.headers}, answer.body))


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"{}"], ids=repr)
def test_json_of_the_wrong_kind_is_told_with_pointers(house: House, body: bytes) -> None:
    """The gateway's model takes any JSON, so that this answer is the function's on AWS too."""
    reply = house.send(Sent("POST", "/v1/intake", body=body))

    assert reply.status == 422
    assert reply.json()["errors"]
