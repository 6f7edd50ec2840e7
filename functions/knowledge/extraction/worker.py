"""The process that reads a file: `python -m functions.knowledge.extraction.worker`, started by `child` only.

Its input is a line of JSON (name, collection, bounds) and the file; its answer is JSON: chunks, or code and reason.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from functions.knowledge.extraction.limits import EXIT_NO_MEMORY, MAX_CHUNKS

# How much of the address space is in use when the next piece, a module or a large text, does not fit any more.
_FULL = 0.85


def main() -> None:
    """Read the file on standard input and write what it holds."""
    asked = json.loads(sys.stdin.buffer.readline())
    _limit(asked["bounds"])
    try:
        said = _read(sys.stdin.buffer.read(), asked["name"], asked["collection"])
    except ImportError as error:
        said = _refusal("too_much_memory") if _is_full() else {"broken": f"{type(error).__name__}: {error}"}
    except RecursionError:
        said = _refusal("too_complex")
    answer = json.dumps({**said, "peak_bytes": _peak("VmHWM")}).encode()
    if len(answer) > asked["bounds"]["output_bytes"]:
        answer = json.dumps(_refusal("too_much_text")).encode()
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()


def _limit(bounds: Mapping[str, Any]) -> None:
    """Bound this process for good, before it has seen any of the file."""
    seconds = int(bounds["cpu_seconds"])
    for what, soft, hard in (
        (resource.RLIMIT_AS, bounds["memory_bytes"], bounds["memory_bytes"]),
        (resource.RLIMIT_CPU, seconds, seconds + 1),
        (resource.RLIMIT_FSIZE, bounds["output_bytes"], bounds["output_bytes"]),
        (resource.RLIMIT_NOFILE, 64, 64),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(what, (int(soft), int(hard)))


def _read(body: bytes, name: str, collection: str) -> dict[str, Any]:
    from functions.knowledge.extraction.readable import Unreadable
    from functions.knowledge.extraction.reading import read

    refusal: dict[str, Any] = {}
    try:
        readable = read(body, name)
        # What cuts is imported after: a file that cannot be read waits for no grammar.
        from functions.knowledge.cutting import cut

        chunks = cut(readable, collection)
        if not chunks:
            raise Unreadable("empty")
        if len(chunks) > MAX_CHUNKS:
            raise Unreadable("too_many_chunks")
    except Unreadable as error:
        refusal = {"code": error.code, "reason": error.reason}
    except (ImportError, MemoryError, RecursionError):
        raise
    except Exception as error:
        # What no reader foresaw. Frames tell us where; the message could hold the document and is not told.
        print(type(error).__name__, *traceback.format_tb(error.__traceback__), sep="\n", file=sys.stderr)
        refusal = _refusal("too_much_memory" if _is_full() else "damaged")
    if refusal:
        # Here the error is gone, and with it all that was held where it was raised.
        return refusal
    return {
        "media_type": readable.media_type,
        "title": getattr(readable, "title", ""),
        "chunks": [
            {"text": chunk.text, "heading": chunk.heading, "payload": dict(chunk.payload)} for chunk in chunks
        ],
    }


def _refusal(code: str) -> dict[str, Any]:
    from functions.knowledge.extraction.readable import REASONS

    return {"code": code, "reason": REASONS[code]}


def _is_full() -> bool:
    """Whether the address space was used up: then a library or a module that fails does so for want of memory."""
    return _peak("VmPeak") >= _FULL * resource.getrlimit(resource.RLIMIT_AS)[0]


def _peak(field: str) -> int:
    """Bytes that this process held at most: VmHWM of memory, VmPeak of address space."""
    # Not `getrusage`: there the most of the process that started this one counts, too.
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    try:
        main()
    except MemoryError:
        os._exit(EXIT_NO_MEMORY)
