"""What every operation does with a request that is not quite right. One test a rule and operation."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from infra.openapi.inventory import Served
from shared.http.request import MAX_BODY_BYTES
from tests.contract.api.cases import cases
from tests.contract.api.stage import Tenancy, pointers

authorised = cases(lambda case: not case.public)
with_body = cases(lambda case: case.operation.body is not None)
taking = cases(lambda case: case.changes)
with_path = cases(lambda case: bool(case.parameters))
lists = cases(lambda case: case.operation.pages)


@authorised
def test_without_credentials_nothing_opens(case: Served, tenancy: Tenancy) -> None:
    sent = replace(tenancy.request(case), token=None)
    for authorization in (None, "Bearer x.y.z", "Basic eDp5"):
        headers = {} if authorization is None else {"authorization": authorization}
        reply = tenancy.send(case, replace(sent, headers=headers))
        assert reply.status == 401, authorization
        assert reply.headers["www-authenticate"] == "Bearer"


@cases()
def test_a_parameter_that_is_not_known_is_pointed_at(case: Served, tenancy: Tenancy) -> None:
    sent = tenancy.request(case)
    reply = tenancy.send(case, replace(sent, path=f"{sent.path}?surprise=1"))

    assert (reply.status, pointers(reply)) == (422, ["/surprise"])


@taking
def test_another_type_of_content_is_refused(case: Served, tenancy: Tenancy) -> None:
    sent = replace(tenancy.request(case), body=b"<a/>", headers={"content-type": "text/xml"})

    assert tenancy.send(case, sent).status == 415


@taking
def test_what_is_no_json_is_refused(case: Served, tenancy: Tenancy) -> None:
    sent = tenancy.request(case)
    for body in (b"{", b'{"a": 1, "a": 2}', b'{"a": NaN}', b'{"a": 1e999}', b"\xff\xfe", b"[" * 90_000):
        assert tenancy.send(case, replace(sent, body=body)).status == 400, body[:20]


@with_body
def test_a_field_that_is_not_known_is_pointed_at(case: Served, tenancy: Tenancy) -> None:
    sent = tenancy.request(case)
    reply = tenancy.send(case, replace(sent, body={**sent.body, "surprise": 1}))

    assert (reply.status, pointers(reply)) == (422, ["/surprise"])


@with_body
def test_what_cannot_be_kept_is_refused_in_any_text(case: Served, tenancy: Tenancy) -> None:
    sent = tenancy.request(case)
    texts = [name for name, value in sent.body.items() if isinstance(value, str)]
    for bad in ("\x00", "\ud800"):
        for name in (f"surprise{bad}", *texts):
            reply = tenancy.send(case, replace(sent, body={**sent.body, name: f"a{bad}b"}))
            assert reply.status == 422, name


@with_body
def test_a_body_that_is_no_object_is_refused(case: Served, tenancy: Tenancy) -> None:
    sent = tenancy.request(case)
    for body in (b"[]", b"null", b"1", b'"text"', b"true"):
        assert tenancy.send(case, replace(sent, body=body)).status == 422, body


@taking
def test_a_body_that_is_too_large_is_refused(case: Served, tenancy: Tenancy) -> None:
    sent = replace(tenancy.request(case), body={"a": "a" * MAX_BODY_BYTES})

    assert tenancy.send(case, sent).status == 413


@cases(lambda case: case.operation.body is None)
def test_a_body_that_nobody_would_read_is_refused(case: Served, tenancy: Tenancy) -> None:
    assert tenancy.send(case, replace(tenancy.request(case), body={"a": 1})).status == 422


@with_path
def test_what_is_no_id_is_not_found(case: Served, tenancy: Tenancy) -> None:
    for name in case.parameters:
        known = tenancy.value(name)
        strange = (
            f"%7B{known}%7D",
            f"urn:uuid:{known}",
            known.replace("-", "").replace("_", ""),
            f"{known}%20",
        )
        for bad in ("1", "null", "x" * 500, "%00", "%F0%9F%90%9F", "..%2F..", *strange):
            assert tenancy.send(case, tenancy.request(case, **{name: bad})).status == 404, (name, bad)


@with_path
def test_what_is_not_there_is_not_found(case: Served, tenancy: Tenancy) -> None:
    for name in case.parameters:
        assert tenancy.send(case, tenancy.request(case, **{name: str(uuid4())})).status == 404, name


@authorised
def test_the_limits_are_told(case: Served, tenancy: Tenancy) -> None:
    sent = tenancy.request(case)
    reply = tenancy.send(case, replace(sent, path=f"{sent.path}?surprise=1"))

    assert reply.headers["ratelimit-policy"]
    assert reply.headers["ratelimit"].count(";r=") == reply.headers["ratelimit-policy"].count(";q=") > 0


@lists
def test_a_limit_has_its_bounds(case: Served, tenancy: Tenancy) -> None:
    sent = tenancy.request(case)
    for limit in ("0", "101", "-1", "abc", "1e1", "1.5", "%D9%A3", "", "%00", "1" * 5000):
        reply = tenancy.send(case, replace(sent, path=f"{sent.path}?limit={limit}"))
        assert (reply.status, pointers(reply)) == (422, ["/limit"]), limit


@lists
def test_a_forged_cursor_is_refused(case: Served, tenancy: Tenancy) -> None:
    sent = tenancy.request(case)
    for cursor in ("x", "%00", "%F0%9F%90%9F", "A" * 22 + "=", "A" * 201, "A" * 21 + "B", ""):
        reply = tenancy.send(case, replace(sent, path=f"{sent.path}?cursor={cursor}"))
        assert (reply.status, pointers(reply)) == (422, ["/cursor"]), cursor


@lists
def test_a_parameter_given_twice_is_refused(case: Served, tenancy: Tenancy) -> None:
    sent = tenancy.request(case)
    reply = tenancy.send(case, replace(sent, path=f"{sent.path}?limit=1&limit=2"))

    assert (reply.status, pointers(reply)) == (422, ["/limit"])
