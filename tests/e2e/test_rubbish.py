"""Whatever is sent to the way in is answered with a problem that a person can read, and never breaks anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from infra.local.chaos.instance import Instance
from shared.models.lead import IntakeCreate
from tests.e2e.system import Reply, form, send

INTAKE = "/v1/intake"
JSON_TYPE = {"content-type": "application/json"}
# A body that is sound after all starts a run that ends at once.
SOUND: dict[str, Any] = {
    "email": "ada@example.com",
    "idea": "An idea",
    "sector": "other",
    "budget_microusd": 1,
}


@pytest.fixture(scope="module", autouse=True)
def well_afterwards(system: Instance) -> Iterator[None]:
    """After all of it the system is still well."""
    yield
    health = send(system.url, "GET", "/_local/health")
    assert (health.status, health.json()["status"]) == (200, "ok")


def post(system: Instance, body: bytes, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return send(system.url, "POST", INTAKE, body, JSON_TYPE | named)


def with_field(name: str, literal: str) -> bytes:
    """Return the form with one field written literally, as no JSON library would."""
    rest = {key: value for key, value in SOUND.items() if key != name}
    return f'{json.dumps(rest)[:-1]}, "{name}": {literal}}}'.encode()


def problem_of(reply: Reply, path: str = INTAKE) -> dict[str, Any]:
    """Return the problem document of a reply, which must be a whole one and say nothing of the inside."""
    assert 400 <= reply.status < 500, reply
    assert reply.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = reply.json()
    assert set(problem) - {"errors"} == {"type", "title", "status", "detail", "instance", "request_id"}
    assert problem["status"] == reply.status
    assert problem["type"].startswith("urn:roboagency:problem:")
    assert problem["title"]
    assert problem["detail"].endswith(".")
    assert problem["instance"] == path
    assert problem["request_id"] == reply.headers["x-request-id"]
    for error in problem.get("errors", []):
        assert set(error) == {"pointer", "detail"}
        assert error["pointer"] == "" or error["pointer"].startswith("/")
        assert error["detail"]
    for word in ("Traceback", 'File "', "psycopg", "pydantic", "SELECT "):
        assert word not in reply.body.decode()
    return problem


def pointers(problem: dict[str, Any]) -> set[str]:
    return {error["pointer"] for error in problem.get("errors", [])}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"   ", 400),
        (b"{", 400),
        (b"not json", 400),
        (b"{}garbage", 400),
        (b"\xff\xfe{}", 400),
        (b'{"idea": "\xc3\x28"}', 400),
        (with_field("idea", '"\x00"'), 400),
        (b'{"a": 1, "a": 2}', 400),
        (with_field("budget_microusd", "1e400"), 400),
        (with_field("budget_microusd", "-1e400"), 400),
        (with_field("budget_microusd", "NaN"), 400),
        (with_field("budget_microusd", "Infinity"), 400),
        (with_field("budget_microusd", "-Infinity"), 400),
        (with_field("budget_microusd", "9" * 100_000), 400),
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (b'{"a":' * 40_000 + b"1" + b"}" * 40_000, 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"17", 422),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else None,
)
def test_what_is_no_form_is_refused(system: Instance, body: bytes, status: int) -> None:
    reply = post(system, body)
    assert problem_of(reply)["status"] == status


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"{}", {"/email", "/idea", "/sector"}),
        (with_field("idea", "5"), {"/idea"}),
        (with_field("idea", "null"), {"/idea"}),
        (with_field("idea", '{"text": "a"}'), {"/idea"}),
        (with_field("idea", '"ab"'), {"/idea"}),
        (with_field("idea", '"      "'), {"/idea"}),
        (with_field("idea", json.dumps("x" * 5001)), {"/idea"}),
        (with_field("idea", r'"nul \u0000 inside"'), {"/idea"}),
        (with_field("idea", r'"a lone \ud800 surrogate"'), {"/idea"}),
        (with_field("idea", r'"a bell \u0007"'), {"/idea"}),
        (with_field("name", r'"two\nlines"'), {"/name"}),
        (with_field("email", '"nobody"'), {"/email"}),
        (with_field("email", '"a@b@c.example"'), {"/email"}),
        (with_field("email", r'"a@example.com\nBcc: all@example.com"'), {"/email"}),
        (with_field("sector", '"Fintech"'), {"/sector"}),
        (with_field("approval", '"yes"'), {"/approval"}),
        (with_field("approval", "1"), {"/approval"}),
        (with_field("budget_microusd", "0"), {"/budget_microusd"}),
        (with_field("budget_microusd", "-1"), {"/budget_microusd"}),
        (with_field("budget_microusd", "1.5"), {"/budget_microusd"}),
        (with_field("budget_microusd", "9" * 30), {"/budget_microusd"}),
        (with_field("priority", '"high"'), {"/priority"}),
        (with_field("constraints", "[]"), {"/constraints"}),
        (with_field("constraints", '{"a": {"b": 1}}'), {"/constraints"}),
        (with_field("constraints", '{"a": null}'), {"/constraints"}),
        (with_field("constraints", r'{"a": "\ud800"}'), {"/constraints"}),
        (with_field("constraints", r'{"\u0000": 1}'), {"/constraints"}),
        (with_field("constraints", '{"a": 1' + "0" * 20 + "}"), {"/constraints"}),
        (with_field("admin", "true"), {"/admin"}),
        (with_field("a/b~c", "true"), {"/a~1b~0c"}),
        (with_field("tenant_id", '"00000000-0000-7000-8000-000000000002"'), {"/tenant_id"}),
    ],
    ids=lambda value: repr(value[-40:]) if isinstance(value, bytes) else None,
)
def test_a_field_that_is_wrong_is_pointed_at(system: Instance, body: bytes, wrong: set[str]) -> None:
    problem = problem_of(post(system, body))
    assert problem["status"] == 422
    assert pointers(problem) == wrong


def test_a_field_of_surrogates_is_refused_in_valid_utf_8(system: Instance) -> None:
    problem = problem_of(post(system, with_field(r"\ud800", "1")))
    assert problem["status"] in (400, 422)


@pytest.mark.parametrize("size", [300 * 1024, 5 * 1024 * 1024, 9 * 1024 * 1024, 11 * 1024 * 1024])
def test_a_body_too_large_is_refused(system: Instance, size: int) -> None:
    reply = post(system, with_field("idea", json.dumps("x" * size)))
    assert problem_of(reply)["status"] == 413


def test_a_large_body_that_is_no_text_is_refused(system: Instance) -> None:
    reply = post(system, b"\xff" * 8 * 1024 * 1024)
    assert problem_of(reply)["status"] == 413


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "json", "application/xml"]
)
def test_another_content_type_is_refused(system: Instance, kind: str) -> None:
    reply = send(system.url, "POST", INTAKE, json.dumps(SOUND).encode(), {"content-type": kind})
    assert problem_of(reply)["status"] == 415


@pytest.mark.parametrize("key", ["", "k" * 256, "k" * 4000, "tab\tinside", "\x7f"])
def test_an_idempotency_key_out_of_bounds_is_refused(system: Instance, key: str) -> None:
    problem = problem_of(post(system, json.dumps(form(**SOUND)).encode(), idempotency_key=key))
    assert problem["status"] == 422
    assert pointers(problem) == {"/headers/Idempotency-Key"}


def test_a_header_too_long_is_refused_and_the_next_request_is_served(system: Instance) -> None:
    reply = post(system, b"{}", x_padding="x" * 200_000)
    assert reply.status in (400, 431)
    assert post(system, b"{}").status == 422


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", INTAKE, 405),
        ("PUT", INTAKE, 405),
        ("DELETE", INTAKE, 405),
        ("PATCH", INTAKE, 405),
        ("BREW", INTAKE, 405),
        ("POST", "/v1/intake/", 404),
        ("POST", "/v1/INTAKE", 404),
        ("POST", "/v2/intake", 404),
        ("GET", "/v1/../etc/passwd", 404),
        ("GET", "/v1/%2e%2e/%2e%2e/etc/passwd", 404),
        ("GET", "/v1/runs/" + quote("' OR 1=1 --"), 401),
        ("GET", "/v1/runs/%00", 401),
        ("GET", "/v1/runs/%ff%fe", 401),
        ("GET", "/v1/runs/" + "a" * 4000, 401),
    ],
)
def test_another_method_or_path_is_a_problem_too(
    system: Instance, method: str, path: str, status: int
) -> None:
    reply = send(system.url, method, path)
    assert reply.status == status
    assert reply.headers["content-type"] == "application/problem+json"
    if status == 405:
        assert "POST" in reply.headers["allow"]
    if status == 401:
        assert reply.headers["www-authenticate"] == "Bearer"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
nearly = st.dictionaries(st.sampled_from(sorted(IntakeCreate.model_fields)), anything, max_size=4)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=anything | nearly.map(lambda changes: SOUND | changes))
@example(body={"email": None, "": {"": []}})
@example(body=SOUND | {"constraints": {"": ""}})
def test_any_json_is_answered_with_a_run_or_a_problem(system: Instance, body: Any) -> None:
    reply = post(system, json.dumps(body).encode())

    if reply.status == 201:
        assert IntakeCreate.model_validate(body)
        return
    problem = problem_of(reply)
    assert problem["status"] in (400, 422)
    if problem["status"] == 422:
        assert problem["errors"]
        given_names = set(body) if isinstance(body, dict) else set()
        known = given_names | set(IntakeCreate.model_fields)
        for pointer in pointers(problem):
            first = pointer.split("/")[1] if pointer else ""
            assert not pointer or first.replace("~1", "/").replace("~0", "~") in known


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_any_bytes_are_answered_with_a_problem(system: Instance, body: bytes) -> None:
    assert problem_of(post(system, body))["status"] in (400, 422)
