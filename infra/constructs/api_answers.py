"""What the gateway says and writes by itself: problem details and its access log."""

from __future__ import annotations

import json

from aws_cdk import aws_apigateway as apigateway

from infra.catalog.gateway import GATEWAY_PROBLEMS, RETRY_AFTER_SECONDS
from shared.errors import AppError, Unauthorized
from shared.http import problem

_REQUEST = "$context.requestId"


def add_problems(api: apigateway.RestApi) -> None:
    """Have the gateway answer as functions do (RFC 9457), whatever it refuses by itself."""
    for kind, error in GATEWAY_PROBLEMS.items():
        api.add_gateway_response(
            f"{kind.title().replace('_', '')}Problem",
            type=apigateway.ResponseType.of(kind),
            status_code=str(error.status),
            response_headers=_headers(error),
            # The gateway picks a template by the request's Accept and falls back on application/json.
            templates={"application/json": problem_template(error)},
        )


def problem_template(error: AppError) -> str:
    """The body of a problem; the gateway fills in the request's id. The path is left out: it is what was sent, in no
    form that could not break the JSON.
    """
    return json.dumps(problem.body_of(error, f"urn:request:{_REQUEST}", _REQUEST))


def _headers(error: AppError) -> dict[str, str]:
    headers = {
        "Content-Type": f"'{problem.CONTENT_TYPE}'",
        "Cache-Control": "'no-store'",
        "X-Content-Type-Options": "'nosniff'",
        "Referrer-Policy": "'no-referrer'",
        "X-Request-Id": "context.requestId",
    }
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "'Bearer'"
    if error.status in (429, 503):
        headers["Retry-After"] = f"'{RETRY_AFTER_SECONDS}'"
    return headers


def access_log_format() -> str:
    """One JSON line a request. No bodies, headers or query strings: they hold what people wrote."""
    return json.dumps(
        {
            "request_id": _REQUEST,
            "ip": "$context.identity.sourceIp",
            "time": "$context.requestTimeEpoch",
            "method": "$context.httpMethod",
            "path": "$context.resourcePath",
            "status": "$context.status",
            "bytes": "$context.responseLength",
            "latency_ms": "$context.responseLatency",
            "function_latency_ms": "$context.integrationLatency",
            "trace": "$context.xrayTraceId",
            "problem": "$context.error.responseType",
        }
    )
