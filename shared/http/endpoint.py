"""What every HTTP handler is wrapped in: a request in, a model out, errors as problem details."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from shared.errors import AppError, Retryable
from shared.http import problem
from shared.http.request import Request
from shared.observability import count, logger, observed

_SECURITY_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


@dataclass(frozen=True)
class Response:
    """What a handler returns: a model or a plain JSON value, a status, further headers."""

    body: BaseModel | Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> str:
        """The body as JSON text."""
        if isinstance(self.body, BaseModel):
            return self.body.model_dump_json()
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":"))


def _proxy(status: int, body: str, kind: str, request_id: str, more: Mapping[str, str]) -> dict[str, Any]:
    headers = {"content-type": kind, "x-request-id": request_id, **_SECURITY_HEADERS, **more}
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def endpoint(operation: str) -> Callable[[Callable[[Request], Response]], Callable[[Any, Any], Any]]:
    """Make a Lambda handler of a function from Request to Response.

    An AppError becomes its problem document; anything else is logged with its stack and answered 500 without it.
    """

    def wrap(handle: Callable[[Request], Response]) -> Callable[[Any, Any], Any]:
        @observed(operation)
        @functools.wraps(handle)
        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            del context
            request = Request(event)
            logger().thread_safe_append_keys(
                request_id=request.request_id, run_id=request.path_text("run_id")
            )
            try:
                response = handle(request)
                kind = "application/json"
                return _proxy(response.status, response.as_json(), kind, request.request_id, response.headers)
            except AppError as error:
                failure = error
                if failure.status >= 500 and not isinstance(failure, Retryable):
                    logger().exception("unexpected")
            except Exception:
                logger().exception("unexpected")
                failure = AppError("Something went wrong on our side; the request id helps us find it.")
            return _answer_failure(failure, request)

        return handler

    return wrap


def _answer_failure(error: AppError, request: Request) -> dict[str, Any]:
    count("Problems")
    more = dict(error.headers)
    if error.retry_after is not None:
        more["retry-after"] = str(error.retry_after)
    elif isinstance(error, Retryable):
        more["retry-after"] = "1"
    if error.status == 401:
        more["www-authenticate"] = "Bearer"
    # Escapes keep lone surrogates of a bad request out of the encoder.
    text = json.dumps(problem.body_of(error, request.path, request.request_id))
    return _proxy(error.status, text, problem.CONTENT_TYPE, request.request_id, more)
