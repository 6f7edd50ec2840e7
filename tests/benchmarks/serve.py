"""A server of the authorised request, in a process of its own: `python -m tests.benchmarks.serve ours|async|threads`.

Prints its URL and serves until its standard input ends. The engines are those of its environment.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from typing import Any

from shared import bootstrap, observability
from tests.benchmarks.authorised import Own, application


def _ours() -> None:
    from infra.catalog import CATALOG
    from infra.local.aws.runtime import Runtime
    from infra.local.gateway import Gateway

    class NoPages:
        """No page of one machine."""

        def answer(self, *_: Any) -> None:
            """Answer nothing."""

    pages: Any = NoPages()
    gateway = Gateway(CATALOG, Runtime(CATALOG.functions), pages, port=0)
    gateway.start()
    print(gateway.url, flush=True)
    sys.stdin.read()
    gateway.stop()


def _theirs(*, threads: bool) -> None:
    import uvicorn

    # asyncio turns Nagle's algorithm off for sockets that say they are TCP; without, each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application(threads=threads), log_level="error", access_log=False))
    serving = threading.Thread(target=server.run, args=([listener],))
    serving.start()
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    sys.stdin.read()
    server.should_exit = True
    serving.join()


def main(which: str) -> None:
    """Serve one of them."""
    bootstrap.Container = Own  # type: ignore[misc]  # every worker thread makes its container of this
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        observability.log_to(nowhere)
        if which == "ours":
            _ours()
        else:
            _theirs(threads=which == "threads")


if __name__ == "__main__":
    main(sys.argv[1])
