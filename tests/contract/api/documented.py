"""Whether an answer is as the OpenAPI document says: its status, its type, its headers, its schema."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from infra.openapi.document import document
from infra.openapi.inventory import Served
from tests.contract.api.house import Reply

_NAME = "urn:roboagency:openapi"
_POLICY = "default-src 'none'; frame-ancestors 'none'"
# What the gateway answers by itself holds no policy: its static headers cannot have quotes.
_OF_THE_GATEWAY = (401, 403, 405)


@cache
def contract() -> dict[str, Any]:
    """The document."""
    return document()


@cache
def _registry() -> Registry[Any]:
    resource: Resource[Any] = Resource.from_contents(contract(), default_specification=DRAFT202012)
    return Registry().with_resource(_NAME, resource)


def _absolute(schema: Any) -> Any:
    """Return a schema whose references say of which document they are."""
    if isinstance(schema, list):
        return [_absolute(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _NAME + value if key == "$ref" and isinstance(value, str) else _absolute(value)
        for key, value in schema.items()
    }


_FORMATS = FormatChecker(["uuid"])


@_FORMATS.checks("date-time", ValueError)
def _is_moment(value: object) -> bool:
    """Whether a text is a moment with its offset; what is no text is for `type` to judge."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def complaints(schema: dict[str, Any], value: Any) -> list[str]:
    """Return what is wrong with a value by a schema of the document."""
    validator = Draft202012Validator(_absolute(schema), registry=_registry(), format_checker=_FORMATS)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the document, or the one that it refers to."""
    if "$ref" not in part:
        return part
    found: Any = contract()
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def operation_of(case: Served) -> dict[str, Any]:
    """Return what the document says of an operation."""
    return dict(contract()["paths"][case.route.path][case.route.method.lower()])


def check_documented(case: Served, reply: Reply) -> None:
    """Fail unless an answer is one that the document has for the operation."""
    told = f"{case.operation.name} answered {reply.status}: {reply.body[:500]!r}"
    answers = operation_of(case)["responses"]
    assert str(reply.status) in answers, told
    answer = resolved(answers[str(reply.status)])
    for name, header in answer.get("headers", {}).items():
        described = resolved(header)
        value = reply.headers.get(name.lower())
        assert value is not None or not described.get("required"), f"{told} without {name}"
        if value is not None:
            kind = described["schema"].get("type")
            read = int(value) if kind == "integer" else value
            assert not complaints(described["schema"], read), f"{told}: {name} is {value}"
    kinds = answer.get("content", {})
    if not kinds:
        assert not reply.body, told
        return
    (kind,) = kinds
    assert reply.headers["content-type"] == kind, told
    assert not complaints(kinds[kind]["schema"], json.loads(reply.body)), told


def check_common(reply: Reply) -> None:
    """Fail unless an answer has what every answer has."""
    assert reply.headers["x-request-id"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    if reply.status not in _OF_THE_GATEWAY:
        assert reply.headers["content-security-policy"] == _POLICY
    assert reply.headers.get("cache-control") in ("no-store", "public, max-age=300")
    if reply.status >= 400:
        found = reply.json()
        assert reply.headers["content-type"] == "application/problem+json"
        assert found["status"] == reply.status
        assert found["request_id"] == reply.headers["x-request-id"]
        assert set(found) <= {"type", "title", "status", "detail", "instance", "request_id", "errors"}
