"""`python -m infra.local up`: the whole system on this machine, until Ctrl-C. `… run`: a launch kit for an idea.
`… admin`: the first administrator of what runs.

Exit status: 0 after SIGTERM, 130 after Ctrl-C, 1 when something did not start, 3 when it runs already.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from infra.local.lock import AlreadyRunning
from infra.local.processes import EngineError
from infra.local.target import LocalTarget, StartCancelled, StartFailed

ALREADY_RUNNING = 3
INTERRUPTED = 130


class _Ended(BaseException):
    """A signal asked us to end. Not an Exception, so that nothing takes it for an error of its own."""


class _Signals:
    """SIGINT and SIGTERM. While the target starts they cancel it, between two steps: an exception in the midst of an
    import would leave the import's lock held. In `wait` they raise _Ended. Once received, they change nothing more.
    """

    def __init__(self, target: LocalTarget) -> None:
        self._target = target
        self._received: int | None = None
        self._waiting = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._receive)

    @property
    def status(self) -> int:
        """The exit status that the signal asks for."""
        return INTERRUPTED if self._received == signal.SIGINT else 0

    def wait(self) -> None:
        """Wait for a signal."""
        self._waiting = True
        while self._received is None:
            # Not for long: the kernel may wake another thread, and a handler runs on this one only.
            time.sleep(0.5)
        raise _Ended

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self._received is None:
            self._received = number
            self._target.cancel()
            if self._waiting:
                raise _Ended


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run it; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start everything and stay until Ctrl-C")
    up.add_argument("--port", type=int, default=8000, help="of the API (default: 8000; 0: a free one)")
    up.add_argument(
        "--folder", type=Path, default=Path(".local"), help="where the state is kept (default: .local)"
    )
    up.add_argument("--verbose", action="store_true", help="say how long each part took to start")
    commands.add_parser("run", help="make a launch kit for an idea", add_help=False)
    commands.add_parser("admin", help="make the first administrator of what runs", add_help=False)
    commands.add_parser("chaos", help="kill everything in the middle of runs, and count", add_help=False)
    commands.add_parser("verify-audit", help="whether the audit log is as it was written", add_help=False)
    commands.add_parser("rebuild-vectors", help="make the vector engine again from the rows", add_help=False)
    commands.add_parser("index-folder", help="index the files of a folder", add_help=False)
    options, rest = parser.parse_known_args(arguments)
    if options.command == "run":
        from infra.local.run.command import main as run

        return run(rest)
    if options.command == "admin":
        from infra.local.admin import main as admin

        return admin(rest)
    if options.command == "chaos":
        from infra.local.chaos.command import main as chaos

        return chaos(rest)
    if options.command == "verify-audit":
        from infra.local.verify_audit import main as verify_audit

        return verify_audit(rest)
    if options.command == "rebuild-vectors":
        from infra.local.rebuild_vectors import main as rebuild_vectors

        return rebuild_vectors(rest)
    if options.command == "index-folder":
        from infra.local.index_folder import main as index_folder

        return index_folder(rest)
    if rest:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    return _up(options.folder, options.port, verbose=options.verbose)


def _up(folder: Path, port: int, *, verbose: bool) -> int:
    target = LocalTarget(folder, port)
    signals = _Signals(target)
    try:
        target.start()
        _greet(target, verbose=verbose)
        signals.wait()
    except (_Ended, StartCancelled):
        return signals.status
    except AlreadyRunning as running:
        print(running, file=sys.stderr)
        return ALREADY_RUNNING
    except (EngineError, StartFailed, OSError) as error:
        print(f"did not start: {error}", file=sys.stderr)
        return 1
    finally:
        target.stop()
    return 0


def _greet(target: LocalTarget, *, verbose: bool) -> None:
    if verbose:
        for what, seconds in target.timings:
            print(f"  {seconds:6.2f} s  {what}")
    about = target.about()
    lines = {
        "API": f"{target.url}/v1",
        "look here": f"{target.url}/_local/",
        "database": about["psql"],
        "AWS": about["aws_url"],
        "model": about["model_url"] or "Claude",
        "logs": f"{target.logs}/*.log",
    }
    print(f"RoboAgency runs on this machine ({target.timings[-1][1]:.1f} s).")
    for name, where in lines.items():
        if where:
            print(f"  {name:<10} {where}")
    print("Ctrl-C ends it.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
