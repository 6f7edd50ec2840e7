"""Requests and answers as the parts of the front pass them on."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

Environ = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def good(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def send(self, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a WSGI request."""
        phrase = HTTPStatus(self.status).phrase if self.status in HTTPStatus._value2member_map_ else "Unknown"
        start_response(f"{self.status} {phrase}", self.headers)
        return [self.body]


Call = Callable[[Environ], Answer]
"""An application that takes a request and gives a whole answer."""


def calling(app: Callable[..., Iterable[bytes]]) -> Call:
    """Wrap a WSGI application."""

    def call(environ: Environ) -> Answer:
        told: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
            told.append((status, headers))

        parts = app(environ, start_response)
        try:
            body = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        status, headers = told[-1]
        return Answer(int(status.split(" ", 1)[0]), list(headers), body)

    return call


def read_body(environ: Environ) -> bytes:
    """Read the body of a request and leave it there to be read again."""
    body: bytes = environ["wsgi.input"].read()
    with_body(environ, body)
    return body


def with_body(environ: Environ, body: bytes) -> None:
    """Give a request another body."""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))


def read_json(environ: Environ) -> dict[str, Any]:
    """Read a JSON object from a request, which keeps it; {} when there is none."""
    try:
        body = json.loads(read_body(environ) or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def json_answer(status: int, body: Any, kind: str = "application/json", **headers: str) -> Answer:
    """Make an answer of a JSON value; header names are written with underscores for dashes."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Answer(status, [("Content-Type", kind), *named], json.dumps(body).encode())


def aws_error(status: int, code: str, message: str) -> Answer:
    """An error as the JSON protocols of AWS write it."""
    return json_answer(
        status, {"__type": code, "message": message}, "application/x-amz-json-1.1", x_amzn_ErrorType=code
    )
