"""A request is read strictly: what is not what it says is refused with the right status."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import (
    Invalid,
    NotFound,
    TooLarge,
    Unreadable,
    UnsupportedMediaType,
)
from shared.http.request import MAX_BODY_BYTES, Request, operation_of
from shared.models.base import PageQuery
from shared.models.run import RunRetry
from tests.unit.http.events import event, refusal

JSON_TYPE = {"Content-Type": "application/json"}


def problems_of(error: Invalid) -> dict[str, str]:
    return {item.pointer: item.detail for item in error.problems}


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON", "application/json; charset=utf-8", " application/json ;x"],
)
def test_json_by_any_spelling_of_its_type_is_read(kind: str) -> None:
    assert Request(event({"a": 1}, headers={"CONTENT-TYPE": kind})).json() == {"a": 1}


@pytest.mark.parametrize("kind", [None, "", "text/plain", "application/jsonx", "application/problem+json"])
def test_another_type_is_415(kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}

    with pytest.raises(UnsupportedMediaType) as refused:
        Request(event({"a": 1}, headers=headers)).json()

    assert refused.value.status == 415


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="cut"),
        pytest.param('{"a": 1} {"b": 2}', id="two values"),
        pytest.param('{"a": NaN}', id="NaN"),
        pytest.param('{"a": Infinity}', id="Infinity"),
        pytest.param('{"a": -Infinity}', id="-Infinity"),
        pytest.param('{"a": 1e999}', id="float overflow"),
        pytest.param('{"a": ' + "9" * 41 + "}", id="long integer"),
        pytest.param('{"a": 1, "a": 2}', id="field twice"),
        pytest.param('{"o": {"a": 1, "a": 1}}', id="field twice below"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param('{"a":' * 40_000 + "1" + "}" * 40_000, id="deep and whole"),
        pytest.param("{'a': 1}", id="single quotes"),
        pytest.param("\ufeff{}", id="byte order mark"),
        pytest.param('{"a": "\ud800"}', id="surrogate in the text itself"),
    ],
)
def test_what_is_not_json_is_400(raw: str) -> None:
    with pytest.raises(Unreadable) as refused:
        Request(event(raw=raw)).json()

    assert refused.value.status == 400
    assert raw[:40] not in refused.value.message or not raw


def test_numbers_up_to_forty_digits_stay_exact() -> None:
    number = 10**39 + 1

    assert Request(event({"a": number})).json() == {"a": number}


def test_a_body_may_fill_its_limit_and_no_byte_more() -> None:
    exact = json.dumps("x" * (MAX_BODY_BYTES - 2))
    assert len(Request(event(raw=exact)).body_bytes()) == MAX_BODY_BYTES

    for raw in (exact + " ", "é" * (MAX_BODY_BYTES // 2 + 1), "x" * (MAX_BODY_BYTES * 3)):
        with pytest.raises(TooLarge) as refused:
            Request(event(raw=raw)).body_bytes()
        assert refused.value.status == 413


def test_a_binary_body_is_decoded_and_measured_after_that() -> None:
    whole = base64.b64encode(b"x" * MAX_BODY_BYTES).decode()
    assert len(Request(event(raw=whole, is_base64=True)).body_bytes()) == MAX_BODY_BYTES

    over = base64.b64encode(b"x" * (MAX_BODY_BYTES + 1)).decode()
    with pytest.raises(TooLarge):
        Request(event(raw=over, is_base64=True)).body_bytes()


@pytest.mark.parametrize("raw", ["not base64!", "YQ", "é"])
def test_what_is_not_base64_is_400(raw: str) -> None:
    with pytest.raises(Unreadable):
        Request(event(raw=raw, is_base64=True)).body_bytes()


def test_a_binary_body_that_is_not_utf8_is_400() -> None:
    raw = base64.b64encode(b'{"a": "\xff"}').decode()

    with pytest.raises(Unreadable):
        Request(event(raw=raw, is_base64=True)).json()


def test_a_field_that_is_not_valid_is_pointed_to_without_its_value() -> None:
    with pytest.raises(Invalid) as refused:
        Request(event({"budget_microusd": "secret", "a/b~c": 1})).body(RunRetry)

    assert refused.value.status == 422
    assert problems_of(refused.value) == {
        "/budget_microusd": "must be a whole number",
        "/a~1b~0c": "is not a field of this request",
    }
    assert "secret" not in str(refused.value.problems)


@pytest.mark.parametrize("body", [[], "text", 1, None, True])
def test_a_body_that_is_no_object_is_422(body: Any) -> None:
    with pytest.raises(Invalid) as refused:
        Request(event(raw=json.dumps(body))).body(RunRetry)

    assert problems_of(refused.value) == {"": "must be an object"}


def test_many_bad_fields_are_told_up_to_fifty_and_their_names_are_cut() -> None:
    with pytest.raises(Invalid) as refused:
        Request(event({f"{number:03}" + "x" * 400: 1 for number in range(80)})).body(RunRetry)

    assert len(refused.value.problems) == 50
    assert max(len(item.pointer) for item in refused.value.problems) == 300


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_every_json_value_that_python_can_write_is_read_unless_it_is_none(value: Any) -> None:
    request = Request(event(raw=json.dumps(value)))
    written = json.dumps(value)

    error = refusal(request.json)

    assert (error is None) == ("Infinity" not in re.sub(r'"(\\.|[^"])*"', "", written))
    assert error is not None or request.json() == value


@given(st.text(max_size=200), st.booleans())
def test_no_body_makes_anything_but_an_answer(raw: str, is_base64: bool) -> None:
    error = refusal(lambda: Request(event(raw=raw, is_base64=is_base64)).body(RunRetry))

    assert error is None or error.status in (400, 422)


def test_a_path_without_a_uuid_is_a_thing_that_is_not_there() -> None:
    identity = UUID("0199c0de-0000-7000-8000-000000000001")
    assert Request(event(path_parameters={"run_id": str(identity)})).path_id("run_id") == identity

    for parameters in (None, {}, {"run_id": "7"}, {"run_id": ""}, {"run_id": "x" * 36}):
        with pytest.raises(NotFound):
            Request(event(path_parameters=parameters)).path_id("run_id")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "ten", "1e2", "0x10", ""])
def test_a_limit_outside_1_to_100_is_422(limit: str) -> None:
    with pytest.raises(Invalid) as refused:
        Request(event(query={"limit": limit})).query_model(PageQuery)

    assert list(problems_of(refused.value)) == ["/limit"]


def test_a_page_without_a_query_has_fifty_rows_from_the_start() -> None:
    assert Request(event()).query_model(PageQuery) == PageQuery(limit=50, cursor=None)


def test_a_parameter_given_twice_is_422() -> None:
    asked = event(query={"limit": "2"}) | {"multiValueQueryStringParameters": {"limit": ["1", "2"]}}

    with pytest.raises(Invalid) as refused:
        Request(asked).query_model(PageQuery)

    assert problems_of(refused.value) == {"/limit": "is given twice"}


@pytest.mark.parametrize(
    ("forwarded", "source", "proxies", "expected"),
    [
        pytest.param(None, "203.0.113.7", 1, "203.0.113.7", id="no header: who connected"),
        pytest.param("198.51.100.1", "203.0.113.7", 0, "203.0.113.7", id="no trusted proxy: header ignored"),
        pytest.param("198.51.100.1", "203.0.113.7", 1, "198.51.100.1", id="one proxy: its entry"),
        pytest.param(
            "6.6.6.6, 198.51.100.1", "10.0.0.1", 1, "198.51.100.1", id="what the client wrote before"
        ),
        pytest.param("6.6.6.6, 198.51.100.1, 10.0.0.9", "10.0.0.1", 2, "198.51.100.1", id="two proxies"),
        pytest.param("198.51.100.1", "203.0.113.7", 2, "203.0.113.7", id="fewer entries than proxies"),
        pytest.param(" , ,198.51.100.1,", "203.0.113.7", 1, "198.51.100.1", id="empty entries"),
        pytest.param("2001:db8:1:2:3:4:5:6", "", 1, "2001:db8:1:2::/64", id="an IPv6 address is its /64"),
        pytest.param("2001:db8:1:2:ffff::1", "", 1, "2001:db8:1:2::/64", id="the same network"),
        pytest.param("::ffff:198.51.100.1", "", 1, "198.51.100.1", id="IPv4 in IPv6"),
        pytest.param("198.51.100.1:8080", "", 1, "unknown", id="not an address"),
        pytest.param("<script>", "203.0.113.7", 1, "unknown", id="rubbish never becomes a key of its own"),
        pytest.param(None, "", 1, "unknown", id="nothing known"),
    ],
)
def test_the_address_is_the_one_a_trusted_proxy_saw(
    forwarded: str | None, source: str, proxies: int, expected: str
) -> None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}

    assert Request(event(headers=headers, source=source)).address(proxies) == expected


@given(st.text(max_size=60).filter(lambda text: "," not in text))
def test_a_client_cannot_choose_its_address(claimed: str) -> None:
    headers = {"x-forwarded-for": f"{claimed}, 198.51.100.1"}

    assert Request(event(headers=headers)).address(1) == "198.51.100.1"


def test_an_event_without_anything_is_an_empty_request() -> None:
    request = Request({})

    assert (request.method, request.path, request.request_id) == ("", "/", "unknown")
    assert request.header("x") is None
    assert request.query_model(None) is None
    assert request.body_bytes() == b""
    assert request.address(1) == "unknown"


def test_what_is_asked_for_is_known_by_method_and_resource_or_by_the_name_the_gateway_gives() -> None:
    asked = {"httpMethod": "GET", "resource": "/v1/runs/{run_id}", "requestContext": {}}

    assert operation_of(asked) == "get_run"
    assert operation_of({**asked, "httpMethod": "DELETE"}) == ""
    assert operation_of({**asked, "requestContext": {"operationName": "another"}}) == "another"
