"""Events of API Gateway (REST, proxy integration) for tests of handlers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from shared.errors import AppError
from shared.models.caller import Caller


def event(
    body: Any = None,
    *,
    raw: str | None = None,
    method: str = "POST",
    path: str = "/v1/intake",
    headers: dict[str, str] | None = None,
    path_parameters: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    source: str = "203.0.113.7",
    is_base64: bool = False,
    operation: str = "create_intake",
    caller: Caller | None = None,
) -> dict[str, Any]:
    """Return an event; `body` becomes JSON, `raw` is sent as it is. caller: what the authorizer found."""
    text = raw if raw is not None else (None if body is None else json.dumps(body))
    return {
        "httpMethod": method,
        "path": path,
        "headers": {"Content-Type": "application/json"} if headers is None else headers,
        "pathParameters": path_parameters,
        "queryStringParameters": query,
        "requestContext": {
            "requestId": "request-1",
            "operationName": operation,
            "identity": {"sourceIp": source},
            **({} if caller is None else {"authorizer": caller.to_context()}),
        },
        "body": text,
        "isBase64Encoded": is_base64,
    }


def refusal(act: Callable[[], object]) -> AppError | None:
    """Return the error of ours that an act ends with; None when it ends well. Other errors go on."""
    try:
        act()
    except AppError as error:
        return error
    return None
