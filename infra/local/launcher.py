"""Becomes an engine: run by `processes.py` as a script of its own, never imported.

    python -I -S launcher.py <parent pid> <death signal> <uid or -1> <gid or -1> <program> [argument…]

Between fork and exec a process with threads may only make a few calls safely; this small process makes them
instead. It gives up root, asks the kernel to end it when its parent dies, then turns into the program.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _follow_parent(parent: int, death_signal: int) -> None:
    """Ask for `death_signal` when the parent dies (Linux). Raises SystemExit when it is dead already."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        raise SystemExit("the starter of this process is gone")


def main() -> None:
    """Drop privileges, follow the parent, become the program."""
    parent, death_signal, uid, gid = (int(argument) for argument in sys.argv[1:5])
    command = sys.argv[5:]
    os.umask(0o077)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # The kernel forgets the wish when a process changes its user, so it comes after that.
    _follow_parent(parent, death_signal)
    os.execv(command[0], command)  # noqa: S606 - that there is no shell is the point


if __name__ == "__main__":
    main()
