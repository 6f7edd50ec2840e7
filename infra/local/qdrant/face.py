"""Qdrant on one machine: the real engine in this process behind the REST API that its client speaks."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from dataclasses import dataclass
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from infra.local.qdrant.api import answer
from infra.local.qdrant.errors import FaceError
from infra.local.qdrant.storage import Storage

# The server version whose API is served; clients compare it with their own.
VERSION = "1.20.0"
MAX_BODY = 32 * 1024 * 1024
FLUSH_SECONDS = 5.0
# How often it is looked whether a collection wants to be written again.
RENEW_SECONDS = 30.0
_NO_KEY = "Must provide an API key or an Authorization bearer token"
HEALTH = {
    "/healthz": "healthz check passed",
    "/livez": "healthz check passed",
    "/readyz": "all shards are ready",
}

logger = logging.getLogger(__name__)


class QdrantFace:
    """Serves the collections in `folder` on `http://host:port`; also a context manager.

    Port 0 takes a free one. With `api_key` every request but the health checks must carry it, or, when it changes
    nothing, `read_only_api_key`. One process at a time has the folder open.
    """

    def __init__(
        self,
        folder: Path | str,
        host: str = "127.0.0.1",
        port: int = 0,
        api_key: str | None = None,
        read_only_api_key: str | None = None,
    ) -> None:
        self._folder = Path(folder)
        self._address = (host, port)
        self._keys = _Keys(api_key, read_only_api_key)
        self._server: _Server | None = None
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()

    @property
    def url(self) -> str:
        """Where the face listens. Raises RuntimeError unless started."""
        if self._server is None:
            raise RuntimeError("the vector engine is not started")
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> QdrantFace:
        """Open the collections and listen. Raises FolderInUse, OSError when the port is taken."""
        storage = Storage(self._folder)
        try:
            self._server = _Server(self._address, storage, self._keys)
        except BaseException:
            storage.close()
            raise
        self._stopping.clear()
        self._threads = [
            threading.Thread(
                target=self._server.serve_forever, args=(0.05,), name="qdrant-http", daemon=True
            ),
            threading.Thread(target=self._flush, args=(storage,), name="qdrant-flush", daemon=True),
            threading.Thread(target=self._renew, args=(storage,), name="qdrant-renew", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Answer nothing more, flush, and release port and folder; harmless when stopped already."""
        server, self._server = self._server, None
        if server is None:
            return
        self._stopping.set()
        server.shutdown()
        server.server_close()
        server.end_connections()
        for thread in self._threads:
            thread.join()
        server.storage.close()

    def __enter__(self) -> QdrantFace:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _flush(self, storage: Storage) -> None:
        while not self._stopping.wait(FLUSH_SECONDS):
            try:
                storage.flush()
            except Exception:
                # What is not flushed stays in the log of the engine; the next round tries again.
                logger.exception("the vector engine could not flush")

    def _renew(self, storage: Storage) -> None:
        while not self._stopping.wait(RENEW_SECONDS):
            try:
                if (collection := storage.wanting()) is not None:
                    renewed = storage.renew(collection, self._stopping)
                    logger.info("collection %s: %s", collection.name, "renewed" if renewed else "not renewed")
            except Exception:
                # The collection is served as it was; it is tried again after a pause.
                logger.exception("the vector engine could not renew a collection")


@dataclass(frozen=True)
class _Keys:
    """Who may do what; without any key, everybody everything."""

    full: str | None
    read_only: str | None

    def changes(self, given: str) -> bool:
        """Whether `given` may change things. Raises FaceError when it opens nothing."""
        if not (self.full or self.read_only) or _same(given, self.full):
            return True
        if _same(given, self.read_only):
            return False
        raise FaceError(401, "Invalid API key or JWT" if given else _NO_KEY)


def _same(given: str, key: str | None) -> bool:
    return bool(key) and compare_digest(given.encode(), str(key).encode())


class _Server(ThreadingHTTPServer):
    """A thread a connection, all of which end when the server does."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], storage: Storage, keys: _Keys) -> None:
        self.storage = storage
        self.keys = keys
        self._connections: set[socket.socket] = set()
        self._idle = threading.Condition()
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.debug("the connection of %s broke off: %r", client_address, request, exc_info=True)

    def opened(self, connection: socket.socket) -> None:
        with self._idle:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._idle:
            self._connections.discard(connection)
            self._idle.notify_all()

    def end_connections(self) -> None:
        """Let requests at work finish, then end the connections that clients keep open."""
        with self._idle:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RD)
                except OSError:
                    continue  # the client was faster
            self._idle.wait_for(lambda: not self._connections, timeout=10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Answers are small; waiting for more to send costs 40 ms each.
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.server.closed(self.connection)

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)

    def do_GET(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        started = time.perf_counter()
        path = urlsplit(self.path).path.rstrip("/") or "/"
        try:
            raw = self._read_body()
            if self.command == "GET" and path in HEALTH:
                self._send(200, HEALTH[path].encode(), "text/plain")
                return
            may_change = self.server.keys.changes(self._key())
            status, envelope = 200, self._envelope(path, raw, may_change)
        except FaceError as error:
            status, envelope = error.status, {"status": {"error": error.message}}
        except Exception:
            logger.exception("%s %s failed", self.command, path)
            status, envelope = 500, {"status": {"error": "Service internal error"}}
        if path != "/" or status != 200:
            envelope["time"] = round(time.perf_counter() - started, 6)
        self._send(status, json.dumps(envelope).encode(), "application/json")

    def _envelope(self, path: str, raw: bytes, may_change: bool) -> dict[str, Any]:
        if self.command == "GET" and path == "/":
            return {"title": "qdrant - vector search engine", "version": VERSION}
        try:
            body = json.loads(raw, parse_constant=_refuse_constant) if raw else None
        except ValueError as error:
            raise FaceError(400, f"Format error in JSON body: {error}") from error
        result = answer(self.server.storage, self.command, path, body, may_change=may_change)
        return {"result": result, "status": "ok"}

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isascii() or not length.isdigit():
            # What follows on this connection cannot be told from the body.
            self.close_connection = True
            raise FaceError(411, "a body needs a Content-Length")
        if int(length) > MAX_BODY:
            self.close_connection = True
            raise FaceError(413, f"Payload too large: more than {MAX_BODY} bytes")
        return self.rfile.read(int(length))

    def _key(self) -> str:
        return self.headers.get("api-key") or self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _send(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")
