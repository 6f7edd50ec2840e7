"""API Gateway on one machine: the catalog's routes as HTTP, each request a REST proxy event for its function.

Event format: docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from infra.catalog import Access, Catalog, Route
from infra.catalog.gateway import (
    MAX_BODY_MB,
    NOTHING_THERE,
    REQUEST_TOO_LARGE,
    RETRY_AFTER_SECONDS,
    Broken,
    TimedOut,
    Unavailable,
)
from infra.local.aws.names import ACCOUNT, REGION, STAGE
from infra.local.aws.runtime import LambdaError, Log, Outcome, Runtime, TooManyRequests
from infra.local.aws.wsgi import Answer, Environ, read_body
from infra.local.local_pages import LocalPages
from infra.local.serving import TOO_LARGE, Limits, Server, StartResponse
from shared.errors import AppError, Forbidden, MethodNotAllowed, NotFound, Retryable, TooLarge, Unauthorized
from shared.http import problem

MAX_BODY = MAX_BODY_MB * 1024 * 1024
"""Bytes of a request."""
_LIMITS = Limits(body=MAX_BODY, idle=60, head=10, upload=30, answer=30, connections=256)
_API = "robolocal1"


@dataclass(frozen=True)
class _Match:
    route: Route
    parameters: dict[str, str]


class Router:
    """Finds the route of a method and a path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(route, _expression(route.path)) for route in routes]

    def find(self, method: str, path: str) -> _Match:
        """Return the route. Raises NotFound for an unknown path, MethodNotAllowed for an unknown method."""
        for route, found in self._at(path):
            if route.method == method:
                return _Match(route, {name: unquote(value) for name, value in found.groupdict().items()})
        if not self._at(path):
            raise NotFound(NOTHING_THERE)
        raise MethodNotAllowed

    def methods(self, path: str) -> list[str]:
        """Return the methods that a path knows."""
        return sorted({route.method for route, _ in self._at(path)})

    def _at(self, path: str) -> list[tuple[Route, re.Match[str]]]:
        """Return the routes of the one resource that a path names: a literal part goes before a parameter."""
        there = [
            (route, found) for route, expression in self._routes if (found := expression.fullmatch(path))
        ]
        best = min((_parameters_of(route.path) for route, _ in there), default=())
        return [(route, found) for route, found in there if _parameters_of(route.path) == best]


class Gateway:
    """HTTP on `host:port` between `start()` and `stop()`. Raises PortInUse at once when the port is taken.

    `log` takes one JSON object a request, without its query or body.
    """

    def __init__(
        self,
        catalog: Catalog,
        runtime: Runtime,
        pages: LocalPages,
        *,
        log: Log = lambda _: None,
        host: str = "127.0.0.1",
        port: int = 8000,
    ) -> None:
        self._names = {function.name: function.deployed_name(STAGE) for function in catalog.functions}
        self._router = Router(catalog.routes)
        self._authorizer = self._names.get(catalog.authorizer, "")
        self._runtime = runtime
        self._pages = pages
        self._log = log
        self._server = Server(self.app, host, port, limits=_LIMITS)

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return self._server.url

    @property
    def port(self) -> int:
        """The port in use."""
        return self._server.port

    def start(self) -> None:
        """Serve."""
        self._server.start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.stop()

    def app(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request: the WSGI application that `start` serves."""
        began = time.monotonic()
        request_id = str(uuid.uuid4())
        path = str(environ["RAW_URI"]).partition("?")[0]
        try:
            if environ.get(TOO_LARGE):
                raise TooLarge(REQUEST_TOO_LARGE)
            local = self._pages.answer(environ, path)
            answer = local or self._invoke(environ, path, request_id)
        except AppError as error:
            answer = self._problem(error, path, request_id)
        self._log(
            {
                "method": environ["REQUEST_METHOD"],
                "path": path,
                "status": answer.status,
                "milliseconds": round((time.monotonic() - began) * 1000, 1),
                "request_id": request_id,
            }
        )
        return answer.send(start_response)

    def _invoke(self, environ: Environ, path: str, request_id: str) -> Answer:
        match = self._router.find(environ["REQUEST_METHOD"], path)
        event = proxy_event(environ, match.route, path, match.parameters, request_id)
        if match.route.access is not Access.PUBLIC:
            event["requestContext"]["authorizer"] = self._authorise(event)
        return translate(self._call(self._names[match.route.function], event))

    def _call(self, name: str, event: dict[str, Any]) -> Outcome:
        payload = json.dumps(event, ensure_ascii=False).encode("utf-8", "replace")
        try:
            return self._runtime.invoke(name, payload)
        except TooManyRequests as error:
            raise Retryable(retry_after=RETRY_AFTER_SECONDS) from error
        except LambdaError as error:
            # An event in base64 passes Lambda's 6 MB before it reaches the gateway's 10 MB.
            raise (TooLarge if error.status == 413 else Broken) from error

    def _authorise(self, event: dict[str, Any]) -> dict[str, Any]:
        """Ask the authorizer; return the context it gives. Raises Unauthorized, Forbidden, Unavailable."""
        asked = authorizer_event(event)
        outcome = self._call(self._authorizer, asked)
        answer = json.loads(outcome.payload)
        if outcome.failed:
            if answer.get("errorMessage") == "Unauthorized":
                raise Unauthorized
            raise Unavailable
        (statement,) = answer["policyDocument"]["Statement"]
        context: dict[str, Any] = answer.get("context") or {}
        if statement["Effect"] != "Allow" or statement["Resource"] != asked["methodArn"]:
            raise Forbidden(str(context.get("detail", "")))
        return {"principalId": answer["principalId"], **context}

    def _problem(self, error: AppError, path: str, request_id: str) -> Answer:
        body = json.dumps(problem.body_of(error, path, request_id)).encode()
        headers = [("Content-Type", problem.CONTENT_TYPE), ("X-Request-Id", request_id)]
        headers += [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
        headers.append(("Referrer-Policy", "no-referrer"))
        if isinstance(error, MethodNotAllowed):
            headers.append(("Allow", ", ".join(self._router.methods(path))))
        if isinstance(error, Unauthorized):
            headers.append(("WWW-Authenticate", "Bearer"))
        if error.retry_after is not None or isinstance(error, Retryable):
            headers.append(("Retry-After", str(error.retry_after or RETRY_AFTER_SECONDS)))
        return Answer(error.status, headers, body)


def proxy_event(
    environ: Environ, route: Route, path: str, parameters: dict[str, str], request_id: str
) -> dict[str, Any]:
    """Return the event that API Gateway's REST proxy integration (1.0) makes of a request."""
    source = str(environ.get("REMOTE_ADDR", ""))
    headers = _headers(environ, source)
    query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    body, encoded = _body(read_body(environ))
    now = time.time()
    return {
        "resource": route.path,
        "path": unquote(path),
        "httpMethod": environ["REQUEST_METHOD"],
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _grouped(query) or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": _API,
            "domainName": str(environ.get("HTTP_HOST", "")),
            "extendedRequestId": request_id,
            "httpMethod": environ["REQUEST_METHOD"],
            "identity": {"sourceIp": source, "userAgent": environ.get("HTTP_USER_AGENT")},
            "path": f"/{STAGE}{unquote(path)}",
            "protocol": environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
            "requestId": request_id,
            "requestTime": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(now * 1000),
            "resourceId": re.sub(r"\W", "", route.path)[-6:],
            "resourcePath": route.path,
            "stage": STAGE,
        },
        "body": body,
        "isBase64Encoded": encoded,
    }


def authorizer_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return what an authorizer of type REQUEST is asked: a proxy event without its body."""
    about = event["requestContext"]
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{_API}/{STAGE}/{event['httpMethod']}{event['path']}"
    rest = {name: value for name, value in event.items() if name not in ("body", "isBase64Encoded")}
    return {"type": "REQUEST", "methodArn": arn, **rest, "requestContext": dict(about)}


def translate(outcome: Outcome) -> Answer:
    """Return the HTTP answer that a function's result says. Raises Broken or TimedOut when it says none."""
    if outcome.failed:
        raise TimedOut if outcome.error_type == "Sandbox.Timedout" else Broken
    result = json.loads(outcome.payload)
    if not isinstance(result, dict):
        raise Broken
    try:
        status = HTTPStatus(int(result["statusCode"]))
        headers = [(str(name), _text(value)) for name, value in (result.get("headers") or {}).items()]
        several = [
            (str(name), _text(value))
            for name, values in (result.get("multiValueHeaders") or {}).items()
            for value in values
        ]
        text = result.get("body") or ""
        body = base64.b64decode(text, validate=True) if result.get("isBase64Encoded") else text.encode()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Broken from error
    names = {name.lower() for name, _ in several}
    together = [*((name, value) for name, value in headers if name.lower() not in names), *several]
    if not any(name.lower() == "content-type" for name, _ in together):
        together.append(("Content-Type", "application/json"))
    return Answer(int(status), together, body)


def _parameters_of(path: str) -> tuple[bool, ...]:
    """Return for each part of a path whether it is a parameter; what API Gateway prefers is less."""
    return tuple(part.startswith("{") for part in path.split("/"))


def _expression(path: str) -> re.Pattern[str]:
    """`/v1/runs/{run_id}` as a regular expression over the raw path: a parameter holds no slash."""
    parts = re.split(r"\{(\w+)\}", path)
    text = "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    return re.compile(text)


def _headers(environ: Environ, source: str) -> dict[str, list[str]]:
    found = {
        name.removeprefix("HTTP_").replace("_", "-").title(): [str(value)]
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name == "CONTENT_TYPE" and value)
    }
    before = found.get("X-Forwarded-For", [])
    found["X-Forwarded-For"] = [", ".join([*before, source])]
    found["X-Forwarded-Proto"] = ["http"]
    found["X-Forwarded-Port"] = [str(environ.get("SERVER_PORT", ""))]
    return found


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _body(body: bytes) -> tuple[str | None, bool]:
    if not body:
        return None, False
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise TypeError("a header is a text or a number")
    return str(value)
