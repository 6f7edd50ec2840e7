"""What can go wrong, for each operation: statuses, the schema of a problem, examples."""

from __future__ import annotations

from typing import Any

from infra.openapi.inventory import Served
from shared import errors
from shared.errors import AppError, FieldProblem
from shared.http import problem

PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457). Quote `request_id` when you ask for help.",
    "required": ["type", "title", "status", "detail", "instance", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "the kind of problem"},
        "title": {"type": "string", "description": "the kind of problem in words"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "what went wrong this time"},
        "instance": {"type": "string", "description": "the path of the request"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "every field that is not valid",
            "items": {"$ref": "#/components/schemas/FieldProblem"},
        },
    },
}
FIELD_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "FieldProblem",
    "description": "A field that is not valid.",
    "required": ["pointer", "detail"],
    "properties": {
        "pointer": {
            "type": "string",
            "description": "where it is: a JSON pointer (RFC 6901) into the body or query",
        },
        "detail": {"type": "string", "description": "what is wrong with it"},
    },
    "additionalProperties": False,
}

_FIELD = (FieldProblem("/idea", "is required"),)
# Status → name of the component, an error that answers it.
_ERRORS: dict[int, tuple[str, AppError]] = {
    400: ("BadRequest", errors.Unreadable("The body is not valid JSON.")),
    401: ("Unauthorized", errors.Unauthorized()),
    403: ("Forbidden", errors.Forbidden("This needs the permission project:list.")),
    404: ("NotFound", errors.NotFound()),
    409: ("Conflict", errors.Conflict("A request with this Idempotency-Key is in flight.", retry_after=1)),
    412: ("PreconditionFailed", errors.PreconditionFailed()),
    413: ("ContentTooLarge", errors.TooLarge("The body may have at most 256 KiB.")),
    415: ("UnsupportedMediaType", errors.UnsupportedMediaType()),
    422: ("InvalidRequest", errors.Invalid("The body has fields that are not valid.", _FIELD)),
    429: ("TooManyRequests", errors.RateLimited(retry_after=12)),
    503: ("ServiceUnavailable", errors.DependencyUnavailable(retry_after=1)),
}
_LIMITS = {
    "RateLimit": {"$ref": "#/components/headers/RateLimit"},
    "RateLimit-Policy": {"$ref": "#/components/headers/RateLimit-Policy"},
}
_RETRY = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}


def statuses(each: Served) -> list[int]:
    """Return every status of 400 and above that an operation can answer."""
    operation = each.operation
    found = {422, 429, 503, *(kind.status for kind in operation.problems)}
    if each.changes:
        found |= {400, 413, 415}
    if not each.public:
        found |= {401, 403}
    if each.parameters:
        found.add(404)
    if operation.repeats or operation.conflicts:
        found.add(409)
    if each.matches:
        found.add(412)
    return sorted(found)


def references(each: Served) -> dict[str, Any]:
    """Return the problem answers of an operation."""
    return {
        str(status): {"$ref": f"#/components/responses/{_ERRORS[status][0]}"} for status in statuses(each)
    }


def components() -> dict[str, Any]:
    """Return every problem answer by its name."""
    return {name: _answer(status, error) for status, (name, error) in _ERRORS.items()}


def _answer(status: int, error: AppError) -> dict[str, Any]:
    headers: dict[str, Any] = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}, **_LIMITS}
    if status == 401:
        headers["WWW-Authenticate"] = {"$ref": "#/components/headers/WWW-Authenticate"}
    if status in (409, 429, 503):
        headers |= _RETRY
    shown = problem.body_of(error, "/v1/intake", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef")
    return {
        "description": f"{error.title}. {type(error).__doc__ or ''}".strip(),
        "headers": headers,
        "content": {
            problem.CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {error.code: {"value": shown}},
            }
        },
    }
