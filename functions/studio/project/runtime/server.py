"""A small JSON server on the standard library: routing, bounds, and errors as problem details (RFC 9457)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

from .entity import Entity
from .errors import ApplicationError, Conflict, Invalid, NotFound, Problem
from .reports import Difference
from .storage import Database, Store

MAX_BODY_BYTES = 64 * 1024
MAX_QUERY_FIELDS = 20
IDLE_SECONDS = 10


@dataclass(frozen=True)
class Request:
    """What a handler gets: the id in the path (0 when there is none), the query, the JSON object sent."""

    record_id: int = 0
    query: dict[str, str] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a field of the query, empty when it was not given."""
        return self.query.get(name, "")

    def number(self, name: str) -> int:
        """Return a whole number of the query; raises `Invalid`."""
        text = self.text(name)
        if not re.fullmatch(r"[0-9]{1,18}", text):
            raise Invalid([Problem(name, f"{name} must be a whole number.")])
        return int(text)


@dataclass(frozen=True)
class Csv:
    """A result that is downloaded as a CSV file."""

    filename: str
    text: str


@dataclass(frozen=True)
class Route:
    """A method and a path, in which `{id}` stands for a whole number, and what answers it.

    `handle` returns what JSON can show, a `Csv`, or None for an empty answer; `status` is for success.
    """

    method: str
    path: str
    summary: str
    handle: Callable[[Store, Request], object]
    status: HTTPStatus = HTTPStatus.OK

    def match(self, path: str) -> int | None:
        """Return the id in `path`, 0 when the route has none, or None when it is another path."""
        pattern = re.escape(self.path).replace(r"\{id\}", "([0-9]{1,18})")
        found = re.fullmatch(pattern, path)
        if found is None:
            return None
        return int(found[1]) if found.groups() else 0


@dataclass(frozen=True)
class Response:
    """Status, headers and body as they go out."""

    status: HTTPStatus
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class HttpProblem(Exception):
    """A request that is refused before it reaches a route."""

    def __init__(self, status: HTTPStatus, detail: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers


class Application:
    """The routes over a database, and the folder of static pages when there is one."""

    def __init__(self, database: Database, routes: Iterable[Route], web: Path | None = None) -> None:
        self._database = database
        self._routes = tuple(routes)
        self._page = web / "index.html" if web else None

    def respond(self, method: str, target: str, content_type: str = "", body: bytes = b"") -> Response:
        """Return the answer to a request; every error becomes problem details."""
        try:
            return self._route(method, target, content_type, body)
        except HttpProblem as error:
            return problem(error.status, str(error), headers=error.headers)
        except Invalid as error:
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Some values were refused.", error.problems)
        except NotFound as error:
            return problem(HTTPStatus.NOT_FOUND, str(error))
        except Conflict as error:
            return problem(HTTPStatus.CONFLICT, str(error))
        except ApplicationError as error:
            return problem(HTTPStatus.BAD_REQUEST, str(error))

    def _route(self, method: str, target: str, content_type: str, body: bytes) -> Response:
        address = urlsplit(target)
        if address.path == "/" and method == "GET":
            return self._start_page()
        matched = [
            (route, found) for route in self._routes if (found := route.match(address.path)) is not None
        ]
        if not matched:
            raise HttpProblem(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
        for route, record_id in matched:
            if route.method == method:
                request = Request(record_id, _query(address.query), _values(content_type, body))
                with self._database.transaction() as store:
                    return _success(route, route.handle(store, request))
        allowed = ", ".join(sorted({route.method for route, _ in matched}))
        raise HttpProblem(
            HTTPStatus.METHOD_NOT_ALLOWED, f"This address answers {allowed}.", (("Allow", allowed),)
        )

    def _start_page(self) -> Response:
        if self._page and self._page.is_file():
            return Response(HTTPStatus.OK, "text/html; charset=utf-8", self._page.read_bytes())
        listed = [
            {"method": route.method, "path": route.path, "summary": route.summary} for route in self._routes
        ]
        return json_response(HTTPStatus.OK, {"routes": listed})


def shown(records: Iterable[Entity | Difference]) -> list[dict[str, object]]:
    """Return records, or the lines of a comparison, as JSON shows them."""
    return [record.to_json() for record in records]


def json_response(status: HTTPStatus, value: object) -> Response:
    """Return `value` as a JSON answer."""
    return Response(status, "application/json", json.dumps(value, ensure_ascii=False).encode())


def problem(
    status: HTTPStatus,
    detail: str,
    problems: Iterable[Problem] = (),
    headers: tuple[tuple[str, str], ...] = (),
) -> Response:
    """Return problem details; `errors` names each refused field by its JSON pointer."""
    shown: dict[str, object] = {"title": status.phrase, "status": status.value, "detail": detail}
    errors = [{"pointer": f"/{item.field}", "detail": item.message} for item in problems]
    body = json.dumps(shown | ({"errors": errors} if errors else {}))
    return Response(status, "application/problem+json", body.encode(), headers)


def make_server(application: Application, host: str, port: int) -> ThreadingHTTPServer:
    """Return a bound server that has not started yet; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = IDLE_SECONDS

        def respond(self) -> None:
            try:
                body = self._body()
            except HttpProblem as error:
                # The body was not read, so what follows on this connection cannot be understood.
                self.close_connection = True
                self._send(problem(error.status, str(error)))
                return
            content_type = self.headers.get("Content-Type", "")
            self._send(application.respond(self.command, self.path, content_type, body))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            del explain
            self.close_connection = True
            self._send(problem(HTTPStatus(code), message or HTTPStatus(code).phrase))

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing: addresses and queries may hold personal data."""

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding"):
                raise HttpProblem(HTTPStatus.LENGTH_REQUIRED, "Send the body with a Content-Length.")
            length = self.headers.get("Content-Length", "0")
            if not re.fullmatch(r"[0-9]{1,18}", length):
                raise HttpProblem(HTTPStatus.BAD_REQUEST, "Content-Length must be a whole number.")
            if int(length) > MAX_BODY_BYTES:
                raise HttpProblem(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body may have {MAX_BODY_BYTES} bytes."
                )
            return self.rfile.read(int(length))

        def _send(self, response: Response) -> None:
            self.send_response(response.status)
            if response.status != HTTPStatus.NO_CONTENT:
                self.send_header("Content-Type", response.content_type)
                self.send_header("Content-Length", str(len(response.body)))
            self.send_header("X-Content-Type-Options", "nosniff")
            for name, value in response.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.body)

    return ThreadingHTTPServer((host, port), Handler)


def _success(route: Route, result: object) -> Response:
    if result is None:
        return Response(HTTPStatus.NO_CONTENT, "application/json", b"")
    if isinstance(result, Csv):
        disposition = (("Content-Disposition", f'attachment; filename="{result.filename}"'),)
        return Response(route.status, "text/csv; charset=utf-8", result.text.encode(), disposition)
    return json_response(route.status, result)


def _query(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS))
    except ValueError:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "The query has too many fields.") from None


def _values(content_type: str, body: bytes) -> dict[str, object]:
    if not body:
        return {}
    # A page of another site can send a form, but not JSON without being asked for permission (CORS).
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json.")
    try:
        values = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from None
    if not isinstance(values, dict):
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
