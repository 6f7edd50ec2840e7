"""Serves the Messages API of Anthropic on one machine, answered offline from templates and rules.

`OfflineModel` answers `POST /v1/messages` (JSON and server-sent events) and `POST /v1/messages/count_tokens`.
`/_control/faults` orders faults for tests of retries, `GET /_control/calls` lists the paid calls.
"""

from __future__ import annotations

import json
import socket
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra.local.model import messages
from infra.local.model.faults import Fault, Faults
from infra.local.model.ledger import Ledger
from infra.local.model.library import archetypes, pools, sectors, topics
from infra.local.model.prompt import Prompt, read

LARGEST_BODY = 32 * 1024 * 1024
PATIENCE = 60.0
HTTP_FAULTS = {
    "rate_limited": (429, "This request would exceed your organization's rate limit."),
    "overloaded": (529, "Overloaded"),
    "server_error": (500, "Internal server error"),
}


class OfflineModel:
    """The offline model as an HTTP server; a context manager that starts and stops it.

    `folder` keeps `calls.jsonl` (a line for each paid call) and the answers behind idempotency keys. `port` 0 takes
    a free one. Raises OSError when the port is taken.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        self.ledger = Ledger(Path(folder))
        self.faults = Faults()
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server = _Server((host, port), _Handler)
        self._server.model = self
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base URL for the SDK."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> Self:
        """Begin to answer in a background thread; return the model."""
        for load in (archetypes, topics, sectors, pools):
            load()
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="offline-model", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering, end open connections and free the port; harmless when repeated."""
        self.stopping.set()
        if self._thread:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()
        with self._lock:
            for connection in self._connections:
                _end(connection)

    def track(self, connection: socket.socket, *, is_open: bool) -> None:
        """Remember or forget an open connection, so that `stop` can end it."""
        with self._lock:
            (self._connections.add if is_open else self._connections.discard)(connection)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def answer(
        self, body: dict[str, Any], prompt: Prompt, key: str | None, fault: Fault | None
    ) -> dict[str, Any]:
        """Return the message for a checked request; it is one paid call unless `key` was answered before."""

        def make() -> tuple[dict[str, Any], dict[str, Any]]:
            made = messages.message(body, messages.answer_text(prompt), fault.kind if fault else "")
            call = {
                "id": made["id"],
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "step": prompt.step or None,
                "model": made["model"],
                "idempotency_key": key,
                "input_tokens": made["usage"]["input_tokens"],
                "output_tokens": made["usage"]["output_tokens"],
                "stop_reason": made["stop_reason"],
            }
            return made, call

        return self.ledger.once(key, make)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    model: OfflineModel

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no fault of the server."""


class _Refused(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "offline-model"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = PATIENCE
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.model.track(self.connection, is_open=True)

    def finish(self) -> None:
        self.server.model.track(self.connection, is_open=False)
        try:
            super().finish()
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are in the ledger; nothing is printed."""

    def do_GET(self) -> None:
        self._route("GET")

    def do_POST(self) -> None:
        self._route("POST")

    def do_DELETE(self) -> None:
        self._route("DELETE")

    def _route(self, method: str) -> None:
        self.request_id = messages.identifier("req")
        model = self.server.model
        path = self.path.partition("?")[0].rstrip("/")
        try:
            body = self._body()
            match method, path:
                case "POST", "/v1/messages":
                    self._messages(body)
                case "POST", "/v1/messages/count_tokens":
                    self._authenticated()
                    checked = self._checked(body, counting=True)
                    self._send(200, {"input_tokens": messages.input_tokens(checked)})
                case "GET", "/_control/calls":
                    self._send(200, {"data": model.ledger.calls()})
                case "GET", "/_control/faults":
                    self._send(200, {"data": model.faults.waiting()})
                case "POST", "/_control/faults":
                    self._order(body)
                case "DELETE", "/_control/faults":
                    model.faults.clear()
                    self._send(200, {"data": []})
                case _:
                    raise _Refused(404, "Not found")
        except _Refused as refusal:
            self._send(refusal.status, messages.error(refusal.status, str(refusal), self.request_id))
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _body(self) -> object:
        length = self.headers.get("content-length", "0")
        if self.headers.get("transfer-encoding") or not length.isdigit():
            self.close_connection = True
            raise _Refused(400, "A content-length is required.")
        if int(length) > LARGEST_BODY:
            self.close_connection = True
            raise _Refused(413, "Request exceeds the maximum size")
        data = self.rfile.read(int(length))
        try:
            return json.loads(data) if data else None
        except (ValueError, RecursionError):
            raise _Refused(400, "The request body is not valid JSON.") from None

    def _authenticated(self) -> None:
        bearer = self.headers.get("authorization", "").lower().startswith("bearer ")
        if not self.headers.get("x-api-key") and not bearer:
            raise _Refused(401, "x-api-key header is required")

    def _checked(self, body: object, *, counting: bool = False) -> dict[str, Any]:
        wrong = messages.fault_in(body, counting=counting)
        if wrong or not isinstance(body, dict):
            raise _Refused(400, wrong)
        return body

    def _messages(self, unchecked: object) -> None:
        self._authenticated()
        body = self._checked(unchecked)
        prompt = read(body)
        model = self.server.model
        fault = model.faults.take(prompt.step)
        if fault and fault.kind in HTTP_FAULTS:
            status, text = HTTP_FAULTS[fault.kind]
            extra = {"retry-after": f"{fault.retry_after:g}"} if status == 429 else {}
            self._send(status, messages.error(status, text, self.request_id), extra)
            return
        if fault and fault.kind == "hang":
            self._hang()
            return
        made = model.answer(body, prompt, self.headers.get("idempotency-key"), fault)
        dropped = fault is not None and fault.kind == "dropped_connection"
        if body.get("stream") is True:
            self._stream(made, dropped=dropped)
        else:
            self._send(200, made, dropped=dropped)

    def _order(self, body: object) -> None:
        if not isinstance(body, dict):
            raise _Refused(400, "A fault is a JSON object.")
        try:
            self.server.model.faults.order(body)
        except ValueError as wrong:
            raise _Refused(400, str(wrong)) from None
        self._send(200, {"data": self.server.model.faults.waiting()})

    def _hang(self) -> None:
        """Answer nothing until the client goes away or the server stops."""
        self.close_connection = True
        self.connection.settimeout(0.1)
        while not self.server.model.stopping.is_set():
            try:
                if not self.connection.recv(1):
                    return
            except TimeoutError:
                continue

    def _head(self, status: int, content_type: str, extra: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("request-id", self.request_id)
        for name, value in extra.items():
            self.send_header(name, value)

    def _send(
        self, status: int, body: object, extra: dict[str, str] | None = None, *, dropped: bool = False
    ) -> None:
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        self._head(status, "application/json", extra or {})
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if dropped else data)
        self.wfile.flush()
        if dropped:
            self._drop()

    def _stream(self, made: dict[str, Any], *, dropped: bool) -> None:
        self._head(
            200,
            "text/event-stream; charset=utf-8",
            {"cache-control": "no-cache", "transfer-encoding": "chunked"},
        )
        self.end_headers()
        pieces = list(messages.events(made))
        for piece in pieces[: len(pieces) // 2] if dropped else pieces:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        if not dropped:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()
        if dropped:
            self._drop()

    def _drop(self) -> None:
        self.close_connection = True
        _end(self.connection)


def _end(connection: socket.socket) -> None:
    """Shut a connection down; one that is already gone is fine."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        connection.close()
