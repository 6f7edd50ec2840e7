"""Children of the local target: started so that none outlives its starter, stopped so that none is left.

A child has its own session (a Ctrl-C in the terminal reaches only the starter), writes into a log file, and
on Linux ends when its starter dies, even by SIGKILL. Elsewhere `end_orphan` finds what is left at the next
start.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("launcher.py")
_UNPRIVILEGED = ("nobody", "daemon")


class EngineError(RuntimeError):
    """An engine of the local target did not start, stop or answer."""


class FolderInUse(EngineError):
    """Another process runs an engine on this folder."""


@dataclass(frozen=True)
class Account:
    """A user of the operating system."""

    name: str
    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """Return the account an engine runs as when we are root; None when we are not and need none."""
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise EngineError(f"root needs one of the users {', '.join(_UNPRIVILEGED)} to run an engine as")


@functools.cache
def _spawner(_pid: int) -> ThreadPoolExecutor:
    """Return the thread that starts all children of this process.

    Linux sends the death signal when the *thread* that forked ends, so the thread must last as long as the
    process. Keyed by process id: a fork inherits the cache but not the thread.
    """
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


class Child:
    """A running child process. Made by `start_child`."""

    def __init__(self, process: subprocess.Popen[bytes], stop_signal: int, pid_file: Path | None) -> None:
        self._process = process
        self._stop_signal = stop_signal
        self._pid_file = pid_file

    @property
    def pid(self) -> int:
        """The process id; the launcher's and the program's are the same."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended (negative: by that signal); None while it runs."""
        return self._process.poll()

    def stop(self, grace: float = 10.0) -> None:
        """Ask it to end, kill its process group after `grace` seconds, and wait until it is gone."""
        if self._process.poll() is None:
            self._process.send_signal(self._stop_signal)
            try:
                self._process.wait(grace)
            except subprocess.TimeoutExpired:
                self.kill()
        if self._pid_file is not None:
            self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End the process group at once, as a crash would, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def start_child(
    command: Sequence[str],
    *,
    log: Path,
    folder: Path,
    environment: Mapping[str, str],
    account: Account | None = None,
    stop_signal: int = signal.SIGTERM,
    pid_file: Path | None = None,
) -> Child:
    """Start `command` (absolute program first) in `folder` as `account` (None: as ourselves).

    Its output is appended to `log`. `environment` is all it sees: engines must not inherit secrets. The
    kernel sends `stop_signal` when we die.
    """
    owner = ("-1", "-1") if account is None else (str(account.uid), str(account.gid))
    launch = [
        *(sys.executable, "-I", "-S", str(_LAUNCHER)),
        *(str(os.getpid()), str(int(stop_signal)), *owner),
        *command,
    ]
    with log.open("ab") as output:
        process = (
            _spawner(os.getpid())
            .submit(
                subprocess.Popen,
                launch,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(environment),
                start_new_session=True,
            )
            .result()
        )
    if pid_file is not None:
        pid_file.write_text(f"{process.pid}\n")
    return Child(process, stop_signal, pid_file)


class FolderLock:
    """One starter at a time for a folder. The kernel lets go of it when its holder dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, patience: float = 0.5) -> None:
        """Take the lock. Raises FolderInUse when another holds it for longer than `patience` seconds: one that
        was just killed takes a moment to be gone.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not wait_until(lambda: _try_lock(descriptor), patience):
            holder = os.read(descriptor, 32).decode().strip() or "unknown"
            os.close(descriptor)
            raise FolderInUse(f"{self._path.parent} is in use by process {holder}; stop that one first")
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go of the lock, if we hold it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_alive(pid: int) -> bool:
    """Whether a process of that id runs; one that ended and is not yet reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return sys.platform != "linux"


def command_line(pid: int) -> str:
    """The command of a process, its arguments joined by spaces; empty when it is gone or not ours to see."""
    if sys.platform == "linux":
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            return b" ".join(arguments).decode(errors="replace").strip()
        except OSError:
            return ""
    listing = subprocess.run(  # noqa: S603 - a number is the only input
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listing.stdout.strip()


def read_pid(pid_file: Path) -> int | None:
    """The process id in the first line of a file; None when there is none."""
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if pid > 1 else None


def end_orphan(pid_file: Path, is_ours: Callable[[int], bool], stop_signal: int, grace: float = 10.0) -> bool:
    """End the process of `pid_file` if it still runs and `is_ours`; whether there was one.

    A pid file may be older than the last boot, so its number alone proves nothing.
    """
    pid = read_pid(pid_file)
    if pid is None or not is_alive(pid) or not is_ours(pid):
        return False
    for signal_number, patience in ((stop_signal, grace), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal_number)
        if wait_until(lambda: not is_alive(pid), patience):
            return True
    raise EngineError(f"process {pid} of {pid_file} does not end")


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.01) -> bool:
    """Wait until `condition` holds, `seconds` at most; whether it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True


def log_tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log file; empty when there is none."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
