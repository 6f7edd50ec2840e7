"""Errors as RFC 9457 problem details."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from shared.errors import AppError, FieldProblem, Invalid

CONTENT_TYPE = "application/problem+json"

# pydantic's error types in plain words; `{…}` are filled from the error's context.
_SENTENCES = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this request",
    "string_type": "must be a text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "has the wrong form",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "bool_parsing": "must be true or false",
    "uuid_parsing": "must be a UUID",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "finite_number": "must be a finite number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "string_unicode": "must be valid Unicode",
}


def pointer(location: tuple[Any, ...]) -> str:
    """Return the JSON pointer (RFC 6901) of a place in a body; the whole body is the empty text."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)


def from_validation(
    error: ValidationError, message: str = "The body has fields that are not valid."
) -> Invalid:
    """Return the problem that a failed validation is, without the values that failed."""
    problems = []
    for item in error.errors(include_url=False, include_input=False)[:50]:
        sentence = _SENTENCES.get(item["type"])
        if sentence is None:
            sentence = item["msg"].removeprefix("Value error, ")
        problems.append(
            FieldProblem(pointer(item["loc"])[:300], sentence.format(**item.get("ctx", {}))[:300])
        )
    return Invalid(message, tuple(problems))


def body_of(error: AppError, instance: str, request_id: str) -> dict[str, Any]:
    """Return the problem document of an error. An error of status 500 says nothing of its cause."""
    document: dict[str, Any] = {
        "type": f"urn:roboagency:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "instance": instance,
        "request_id": request_id,
    }
    if error.problems:
        document["errors"] = [{"pointer": item.pointer, "detail": item.detail} for item in error.problems]
    return document
