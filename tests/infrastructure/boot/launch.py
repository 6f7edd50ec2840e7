"""Boots one function with awslambdaric, and tells what its initialisation did.

Run as a program with `python -I -S`, by the Python of the trees: the standard library is all there is.

    launch.py <report> <module.attribute> <tree of awslambdaric> <tree>…

The report is written when the runtime asks for its first event: `moments` of the start and of this, in seconds of
the monotonic clock; `did`: connections, look-ups of names, threads, child processes and locks that the interpreter's
audit saw; `foreign`: modules that come neither from the trees nor from the standard library; `packages`: what came
from the trees.
"""

from __future__ import annotations

import sys
import time
from typing import Any

_WATCHED = {
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.fork",
    "fcntl.flock",
    "fcntl.lockf",
    "_thread.start_new_thread",
    "_thread.start_joinable_thread",
}


def main(report: str, handler: str, runtime: str, trees: list[str]) -> None:
    """Boot, and serve events until somebody ends the process."""
    began = time.monotonic()
    did: list[str] = []
    booting = True

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if booting and event in _WATCHED:
            did.append(f"{event}{arguments!r}"[:300])

    standard = list(sys.path)
    sys.path[:] = [*trees, *standard, runtime]
    from awslambdaric import __main__ as client

    class Reporting(client.LambdaRuntimeClient):  # type: ignore[misc,name-defined]
        """Writes the report before it asks for the first event."""

        def wait_next_invocation(self) -> Any:
            nonlocal booting
            if booting:
                booting = False
                _write(report, [began, time.monotonic()], did, trees, [*standard, runtime])
            return super().wait_next_invocation()

    client.LambdaRuntimeClient = Reporting  # type: ignore[attr-defined]
    sys.addaudithook(audit)
    client.main(["awslambdaric", handler])


def _write(report: str, moments: list[float], did: list[str], trees: list[str], others: list[str]) -> None:
    import json
    import os

    files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    own, allowed = _below(trees), _below([*trees, *others])
    found = {
        "moments": moments,
        "did": did,
        "packages": sorted(
            {name.partition(".")[0] for name, file in files.items() if file and file.startswith(own)}
        ),
        "foreign": {
            name: file
            for name, file in files.items()
            if file and name != "__main__" and not file.startswith(allowed)
        },
        "threads": len(os.listdir("/proc/self/task")),
        "python": ".".join(map(str, sys.version_info[:2])),
    }
    with open(f"{report}.part", "w", encoding="utf-8") as file:
        json.dump(found, file)
    os.replace(f"{report}.part", report)


def _below(folders: list[str]) -> tuple[str, ...]:
    return tuple(f"{folder}/" for folder in folders)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
