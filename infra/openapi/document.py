"""The OpenAPI 3.1 document of the API, from the catalog's routes and the contracts of their operations."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

from infra.catalog import CATALOG, Catalog
from infra.openapi import problems
from infra.openapi.inventory import Served, served
from infra.openapi.links import links_of
from infra.openapi.parts import HEADERS, INFO, PARAMETERS, SECURITY, SERVERS
from infra.openapi.schemas import Schemas, parameters_of
from infra.openapi.who import security_of, who_may
from shared.errors import RateLimited

_LIMIT_HEADERS = ("RateLimit", "RateLimit-Policy")


def document(catalog: Catalog = CATALOG) -> dict[str, Any]:
    """Return the document. Raises LookupError for a route that nothing serves, ValueError for names used twice."""
    everything = list(served(catalog))
    schemas = Schemas(everything)
    paths: dict[str, Any] = {}
    for each in everything:
        paths.setdefault(each.route.path, {})[each.route.method.lower()] = _operation(
            each, everything, schemas
        )
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": SERVERS,
        "tags": _tags(everything),
        "paths": paths,
        "components": {
            "schemas": {
                **schemas.definitions,
                "Problem": problems.PROBLEM,
                "FieldProblem": problems.FIELD_PROBLEM,
            },
            "responses": problems.components(),
            "headers": HEADERS,
            "parameters": PARAMETERS,
            "securitySchemes": SECURITY,
        },
    }


def _tags(everything: Sequence[Served]) -> list[dict[str, str]]:
    functions = {each.function.name: each.function for each in everything}
    names = [function.operation for function in functions.values()]
    if len(set(names)) != len(names):
        raise ValueError(f"two resources of one name: {sorted(names)}")
    return [{"name": function.operation, "description": function.purpose} for function in functions.values()]


def _operation(each: Served, everything: Sequence[Served], schemas: Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": each.operation.name,
        "tags": [each.tag],
        "summary": each.operation.summary,
        "description": _description(each),
        "security": security_of(each),
        "parameters": _parameters(each),
        "responses": {**_good(each, everything, schemas), **problems.references(each)},
    }
    if each.operation.body is not None:
        found["requestBody"] = _request_body(each, schemas)
    return {name: value for name, value in found.items() if value or name == "security"}


def _description(each: Served) -> str:
    """Return what the docstring says after its first line, and who may do it."""
    text = inspect.cleandoc(each.operation.function.__doc__ or "")
    rest = re.sub(r"(?<!\n)\n(?!\n)", " ", text.partition("\n")[2].strip())
    return "\n\n".join(filter(None, [rest, who_may(each)]))


def _parameters(each: Served) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", **_path_part(each, name)}}
        for name in each.parameters
    ]
    if each.operation.query is not None:
        found += parameters_of(each.operation.query)
    if each.operation.repeats:
        found.append({"$ref": "#/components/parameters/Idempotency-Key"})
    if each.route.method == "GET" and each.operation.status == 200:
        found.append({"$ref": "#/components/parameters/If-None-Match"})
    if each.matches:
        found.append({"$ref": "#/components/parameters/If-Match"})
    return found


def _path_part(each: Served, name: str) -> dict[str, Any]:
    choices = each.operation.choices.get(name)
    return {"format": "uuid"} if choices is None else {"enum": list(choices)}


def _request_body(each: Served, schemas: Schemas) -> dict[str, Any]:
    body, example = each.operation.body, each.operation.example
    assert body is not None  # noqa: S101  # asked for where there is one
    content: dict[str, Any] = {"schema": schemas.reference(body, "validation")}
    if example is not None:
        content["examples"] = {each.operation.name: {"value": example}}
    required = any(field.is_required() for field in body.model_fields.values())
    return {"required": required, "content": {"application/json": content}}


def _good(each: Served, everything: Sequence[Served], schemas: Schemas) -> dict[str, Any]:
    """Return the answers of success; to a GET also that nothing has changed."""
    operation = each.operation
    if operation.answer is None:
        return {"204": {"description": "Done.", "headers": _headers(each)}}
    tagged = operation.status == 200 or (operation.status == 201 and operation.present is None)
    more = [*(["ETag"] if tagged else []), *(["Location"] if operation.location is not None else [])]
    answer: dict[str, Any] = {
        "description": inspect.cleandoc(operation.answer.__doc__ or "").partition("\n")[0],
        "headers": _headers(each, *more),
        "content": {"application/json": {"schema": schemas.reference(operation.answer, "serialization")}},
    }
    if links := links_of(each, everything, schemas):
        answer["links"] = links
    found = {str(operation.status): answer}
    if each.route.method == "GET" and operation.status == 200:
        found["304"] = {"description": "It is as you have it.", "headers": _headers(each, "ETag")}
    return found


def _headers(each: Served, *more: str) -> dict[str, Any]:
    """Return the headers of a good answer. What is public and limited may tell its limits or keep them to itself."""
    names = ["X-Request-Id", *more, *(() if each.public else _LIMIT_HEADERS)]
    found = {name: {**HEADERS[name], "required": True} for name in names}
    if each.public and RateLimited in each.operation.problems:
        found |= {name: HEADERS[name] for name in _LIMIT_HEADERS}
    return found
