"""Where an answer leads: operations whose path it can fill (OpenAPI links)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from infra.openapi.inventory import Served
from infra.openapi.schemas import Schemas


def links_of(each: Served, everything: Sequence[Served], schemas: Schemas) -> dict[str, Any]:
    """Return the links of a good answer: operation → how its path is filled from the answer or the request."""
    if each.operation.answer is None:
        return {}
    fields = _named(each, everything, schemas.fields(each.operation.answer))
    found = {}
    for other in everything:
        filled = {name: fields[name] for name in other.parameters if name in fields}
        from_answer = any(value.startswith("$response") for value in filled.values())
        if other is not each and from_answer and len(filled) == len(other.parameters):
            found[other.operation.name] = {"operationId": other.operation.name, "parameters": filled}
    return found


def _named(each: Served, everything: Sequence[Served], fields: set[str]) -> dict[str, str]:
    """Return name of a path parameter → expression that gives it, after this operation."""
    found = {name: f"$request.path.{name}" for name in each.parameters}
    found |= {name: f"$response.body#/{name}" for name in fields if name.endswith("_id")}
    own = _own_parameter(each, everything)
    if own is not None and "id" in fields:
        found[own] = "$response.body#/id"
    return found


def _own_parameter(each: Served, everything: Sequence[Served]) -> str | None:
    """Return the path parameter that `id` of the answer is: `team_id` for what stands at /v1/teams/{team_id}."""
    path = each.operation.location or each.route.path
    shape = _shape(path)
    for other in everything:
        if other.parameters and _shape(other.route.path) == shape and other.route.path.endswith("}"):
            return other.parameters[-1]
    return None


def _shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)
