"""A small HTTP/1.1 server for WSGI applications on this machine.

A thread a connection, so that a request may call back into the same server; keep-alive without Nagle's delay;
a deadline on everything a client sends, so that a slow one holds a thread for seconds and not for ever.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import HTTPServer
from socketserver import ThreadingMixIn
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

TOO_LARGE = "robo.too_large"
"""Key of the WSGI environment: set when the body passes the limit and was not read."""


class PortInUse(OSError):
    """Another process listens on the port."""


@dataclass(frozen=True)
class Limits:
    """What a client may use: `body` in bytes, times in seconds, `connections` at once."""

    body: int = 64 * 1024 * 1024
    idle: float = 75.0
    head: float = 10.0
    upload: float = 60.0
    answer: float = 60.0
    connections: int = 512


class _Reader(io.RawIOBase):
    """The socket with a point in time by which everything must have come."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection
        self.deadline = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the client was too slow")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _TooLarge(Exception):
    pass


class _BadRequest(Exception):
    pass


class _Handler(MotoRequestHandler):
    """One connection. moto's handler keeps header names with underscores, which S3 metadata may have."""

    protocol_version = "HTTP/1.1"
    server: Server  # type: ignore[assignment]  # werkzeug means its own server
    rfile: io.BufferedReader

    def setup(self) -> None:
        self.connection = self.request
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = _Reader(self.connection)
        self.rfile = io.BufferedReader(self._reader, 65536)
        self._writer: io.BufferedIOBase = io.BytesIO()
        self.wfile = self._writer

    def finish(self) -> None:
        self.rfile.close()

    def handle_one_request(self) -> None:
        """Read a request within its deadlines, run the application, answer."""
        limits = self.server.limits
        try:
            self._reader.deadline = time.monotonic() + limits.idle
            if not self.rfile.peek(1):
                self.close_connection = True
                return
            self._reader.deadline = time.monotonic() + limits.head
            self.raw_requestline = self.rfile.readline(65537)
            refused = False
            if len(self.raw_requestline) > 65536:
                self.requestline, self.request_version, self.command = "", "", ""
                self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
                refused = True
            elif self.parse_request():
                self._serve()
            else:
                refused = True
            self._flush()
            if refused:
                self.close_connection = True
                self._linger()
        except (TimeoutError, ConnectionError, ValueError):
            self.close_connection = True

    def handle_expect_100(self) -> bool:
        """Decide later: whoever announces too large a body is not asked to send it."""
        return True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: the applications keep their own logs."""

    def _flush(self) -> None:
        answer = self.wfile.getvalue()  # type: ignore[attr-defined]
        self.wfile = io.BytesIO()
        if answer:
            self.connection.settimeout(self.server.limits.answer)
            self.connection.sendall(answer)

    def _serve(self) -> None:
        self._reader.deadline = time.monotonic() + self.server.limits.upload
        environ: Environ = self.make_environ()
        try:
            body = self._body(environ)
        except _TooLarge:
            body, environ[TOO_LARGE] = b"", True
        except (_BadRequest, OSError) as error:
            if isinstance(error, TimeoutError | ConnectionError):
                raise
            self.close_connection = True
            self._answer("400 Bad Request", [("Content-Type", "text/plain")], b"unreadable body\n")
            return
        environ["wsgi.input"] = io.BytesIO(body)
        environ["wsgi.input_terminated"] = True
        environ["CONTENT_LENGTH"] = str(len(body))
        if environ.get(TOO_LARGE):
            self.close_connection = True
        self._run(environ)
        if environ.get(TOO_LARGE):
            self._flush()
            self._linger()

    def _body(self, environ: Environ) -> bytes:
        limit = self.server.limits.body
        chunked = bool(environ.get("wsgi.input_terminated"))
        length = 0
        if not chunked:
            text = environ.get("CONTENT_LENGTH") or "0"
            if not text.isdecimal():
                raise _BadRequest
            length = int(text)
            if length > limit:
                raise _TooLarge
        if "100-continue" in self.headers.get("Expect", "").lower() and (chunked or length):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._flush()
        source = environ["wsgi.input"]
        parts: list[bytes] = []
        have = 0
        while chunked or have < length:
            part = source.read(65536 if chunked else min(length - have, 1 << 20))
            if not part:
                break
            parts.append(part)
            have += len(part)
            if have > limit:
                raise _TooLarge
        if have < length:
            raise ConnectionResetError("the body ended early")
        return b"".join(parts)

    def _run(self, environ: Environ) -> None:
        told: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
            told.append((status, headers))

        try:
            answer = self.server.app(environ, start_response)
            body = b"".join(answer)
            close = getattr(answer, "close", None)
            if close is not None:
                close()
            status, headers = told[-1]
        except Exception as error:
            self.server.report(error)
            status, headers = "500 Internal Server Error", [("Content-Type", "text/plain; charset=utf-8")]
            body = b"internal error\n"
        self._answer(status, headers, body)

    def _answer(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code = int(status.split(" ", 1)[0])
        bodyless = code < 200 or code in (204, 304)
        names = {name.lower() for name, _ in headers}
        lines = [f"HTTP/1.1 {status}"]
        lines += [
            f"{name}: {value}"
            for name, value in headers
            if name.lower() != "connection" and not (bodyless and name.lower() == "content-length")
        ]
        if "date" not in names:
            lines.append(f"Date: {self.date_time_string()}")
        if not bodyless and "content-length" not in names and "transfer-encoding" not in names:
            lines.append(f"Content-Length: {len(body)}")
        if self.close_connection:
            lines.append("Connection: close")
        head = "\r\n".join(line.replace("\r", "").replace("\n", "") for line in lines) + "\r\n\r\n"
        self.wfile.write(head.encode("latin-1", "replace"))
        if self.command != "HEAD" and not bodyless:
            self.wfile.write(body)

    def _linger(self) -> None:
        """Let the client read the answer before the connection resets over what it still sends."""
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(0.25)
        until = time.monotonic() + 1.0
        while time.monotonic() < until and self.connection.recv(1 << 20):
            pass


class Server(ThreadingMixIn, HTTPServer):
    """Serves `app` on `host:port` from `start()` to `stop()`; port 0 takes a free one.

    Raises PortInUse when somebody else listens there. `on_error` hears of exceptions the application raised.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = True
    ssl_context = None
    multithread = True
    multiprocess = False
    _server_version = "robo-local"

    def __init__(
        self,
        app: WsgiApp,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        limits: Limits | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        self.app = app
        self.limits = limits or Limits()
        self._on_error = on_error
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise PortInUse(f"port {port} on {host} cannot be used: {error.strerror or error}") from error

    @property
    def port(self) -> int:
        """The port in use."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"http://{self.server_address[0]!s}:{self.port}"

    def server_bind(self) -> None:
        """Bind without the reverse name lookup of the standard library, which can hang for seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.1}, name=f"serve-{self.port}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests and close every connection."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join(5)
            self._thread = None
        self.server_close()
        with self._open_lock:
            connections = list(self._open)
        for connection in connections:
            self._hang_up(connection)

    def report(self, error: Exception) -> None:
        """Hear of an exception that the application let through."""
        if self._on_error is not None:
            self._on_error(error)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection a thread, or refuse it when there are too many."""
        with self._open_lock:
            full = len(self._open) >= self.limits.connections
            if not full:
                self._open.add(request)
        if full:
            request.settimeout(1.0)
            request.sendall(
                b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n"
            )
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection and forget it."""
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore what a vanished client causes; the socket is closed either way."""

    @staticmethod
    def _hang_up(connection: socket.socket) -> None:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it has gone by itself
