"""Lambda's Runtime API for one execution environment: what comes next, and what came of it.

Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, version 2018-06-01.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

_ROOT = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Answer:
    """What a runtime posted: JSON, and whether it is an error."""

    payload: bytes
    failed: bool


@dataclass(frozen=True)
class _Invocation:
    request_id: str
    event: bytes
    headers: Mapping[str, str]


class RuntimeApi(ThreadingHTTPServer):
    """Serves one runtime on 127.0.0.1 while entered. `asked` is called whenever the runtime asks for work."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, asked: Callable[[], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = asked
        self.init_error: Future[Answer] = Future()
        self._next: queue.SimpleQueue[_Invocation | None] = queue.SimpleQueue()
        self._answers: dict[str, Future[Answer]] = {}
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._next.put(None)
        self.shutdown()
        self.server_close()

    @property
    def address(self) -> str:
        """For AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self.server_address[1]}"

    def invoke(self, request_id: str, event: bytes, headers: Mapping[str, str]) -> Future[Answer]:
        """Have an event come next; return what will be posted about it."""
        answer: Future[Answer] = Future()
        self._answers[request_id] = answer
        self._next.put(_Invocation(request_id, event, headers))
        return answer

    def take(self) -> _Invocation | None:
        """Wait for the next event; None at the end."""
        return self._next.get()

    def post(self, path: str, payload: bytes) -> None:
        """Take what a runtime posts. Raises KeyError for what nobody waits for."""
        if path == f"{_ROOT}/init/error":
            self.init_error.set_result(Answer(payload, failed=True))
            return
        _, _, rest = path.partition(f"{_ROOT}/invocation/")
        request_id, _, what = rest.partition("/")
        self._answers.pop(request_id).set_result(
            Answer(payload, failed={"response": False, "error": True}[what])
        )

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore what a runtime that was killed leaves behind."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Nagle's algorithm would hold back every small answer for 40 ms.
    disable_nagle_algorithm = True
    wbufsize = -1
    server: RuntimeApi

    def do_GET(self) -> None:
        if self.path != f"{_ROOT}/invocation/next":
            self.send_error(404)
            return
        self.server.asked()
        invocation = self.server.take()
        if invocation is None:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", invocation.request_id)
        for name, value in {"Content-Type": "application/json", **invocation.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(invocation.event)))
        self.end_headers()
        self.wfile.write(invocation.event)

    def do_POST(self) -> None:
        payload = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            self.server.post(self.path, payload)
        except KeyError:
            self.send_error(404)
            return
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
