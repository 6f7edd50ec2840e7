"""Memory of a process with many threads."""

from __future__ import annotations

import contextlib
import ctypes
import sys

# Parameters of mallopt(3), glibc.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_ARENAS = 2
# Pictures of a film (up to 4 MB each) are reused within the heap, not asked of the kernel one by one.
_LARGE = 32 * 1024 * 1024
_SPARE = 64 * 1024 * 1024


def share_memory_arenas() -> None:
    """Let all threads share two heaps of the C library, which give back what is free at their end; nothing where it
    has no such setting.

    By default each thread may get a heap of its own that keeps what it once needed: seven films in a row, each on
    another worker, left 770 MB resident, and the eighth more.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_ARENA_MAX, _ARENAS)
        library.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_M_TRIM_THRESHOLD, _SPARE)
