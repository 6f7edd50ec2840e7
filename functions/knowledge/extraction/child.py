"""Reads and cuts a file in a process of its own, which may take no more time and memory than it is given.

The process knows no setting, credential or connection of this one: its environment holds where modules lie, nothing
else. It opens no file but its input and its answer, and starts nothing. Only for Linux: Lambda and one machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from functions.knowledge.chunk import Chunk
from functions.knowledge.extraction import limits
from functions.knowledge.extraction.readable import REASONS, Unreadable
from shared.errors import AppError
from shared.models.base import refuse_unstorable

_WORKER = "functions.knowledge.extraction.worker"
_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class ReadDocument:
    """A file that was read and cut. content_hash: SHA-256 of its bytes in hexadecimal digits. title: may be blank."""

    media_type: str
    title: str
    content_hash: str
    chunks: list[Chunk]


@dataclass(frozen=True)
class Bounds:
    """What a process that reads may take: bytes of address space and answer, seconds of a core and of the clock."""

    memory_bytes: int = limits.MAX_MEMORY_BYTES
    output_bytes: int = limits.MAX_OUTPUT_BYTES
    cpu_seconds: int = limits.MAX_CPU_SECONDS
    wall_seconds: float = limits.MAX_WALL_SECONDS


@dataclass(frozen=True)
class Outcome:
    """How a process that read ended. found: the document, or why there is none. peak_bytes: the most memory it held,
    by its own count; 0 where it could not tell."""

    found: ReadDocument | Unreadable
    peak_bytes: int


class ReaderBroken(AppError):
    """What reads files cannot run: a module is missing."""


def read_and_cut(body: bytes, name: str, collection: str) -> ReadDocument:
    """Return a file's chunks for a collection.

    name: of the document, `guides/refunds.md`. Raises Unreadable for whatever is wrong with the file, also when
    reading it crashed, hung or took too much memory; ReaderBroken when no file could be read; Invalid for an unknown
    collection.
    """
    found = run(body, name, collection).found
    if isinstance(found, Unreadable):
        raise found
    return found


def run(body: bytes, name: str, collection: str, bounds: Bounds | None = None) -> Outcome:
    """Read a file in a process of its own and return how that ended. Raises ReaderBroken, and Invalid."""
    from functions.knowledge.collections import collection_named

    collection_named(collection)
    if len(body) > limits.MAX_OBJECT_BYTES:
        return Outcome(Unreadable("too_large"), 0)
    bounds = bounds or Bounds()
    # Files rather than pipes: nobody waits for the other to read, and the kernel bounds what can be written.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
        asked = {"name": name, "collection": collection, "bounds": asdict(bounds)}
        given.write(json.dumps(asked).encode() + b"\n" + body)
        given.seek(0)
        status = _wait(given, answer, bounds.wall_seconds)
        answer.seek(0)
        said = answer.read(bounds.output_bytes + 1)
    return _outcome(said, status, hashlib.sha256(body).hexdigest())


def _wait(given: IO[bytes], answer: IO[bytes], seconds: float) -> int | None:
    """Run the process to its end; return its exit code, negative for a signal; None where the clock ended it."""
    process = subprocess.Popen(  # noqa: S603 - our own module; nothing of the file is part of the command
        [sys.executable, "-P", "-s", "-B", "-m", _WORKER],
        stdin=given,
        stdout=answer,
        cwd="/",
        env=_environment(),
        start_new_session=True,
    )
    try:
        ended = _ends(process.pid, seconds)
    finally:
        # Also when this process is told to end: the group, should anything have been started.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    return code if ended else None


def _watch(pid: int) -> int:
    """A file that can be read once a process has ended: no polling, so no time is lost."""
    return os.pidfd_open(pid)


def _ends(pid: int, seconds: float) -> bool:
    """Wait for a process; return whether it ended within so many seconds."""
    file = _watch(pid)
    try:
        poll = select.poll()
        poll.register(file, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(file)


def _environment() -> Mapping[str, str]:
    """Where modules and the libraries of Python itself lie (on Lambda they are in no path of the system's)."""
    paths = [str(_ROOT), *(path for path in sys.path if path)]
    return {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "LD_LIBRARY_PATH": str(Path(sys.base_prefix, "lib")),
        "LANG": "C.UTF-8",
    }


def _outcome(said: bytes, status: int | None, content_hash: str) -> Outcome:
    """What the process said, checked like anything from outside: a hostile file may have spoken through it."""
    try:
        answer = json.loads(said) if status == 0 else {}
        peak = int(answer.get("peak_bytes", 0))
        if "broken" in answer:
            raise ReaderBroken(f"{ReaderBroken.__doc__} {str(answer['broken'])[:300]}")
        if answer.get("code") in REASONS:
            return Outcome(Unreadable(answer["code"], refuse_unstorable(str(answer["reason"]))[:1000]), peak)
        if "chunks" in answer:
            return Outcome(_document(answer, content_hash), peak)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Outcome(Unreadable("damaged"), 0)
    return Outcome(_died(status), 0)


def _document(answer: Mapping[str, Any], content_hash: str) -> ReadDocument:
    if len(answer["chunks"]) > limits.MAX_CHUNKS:
        raise ValueError("more chunks than there may be")
    chunks = [_chunk(chunk) for chunk in answer["chunks"]]
    title, media_type = (refuse_unstorable(str(answer[field])) for field in ("title", "media_type"))
    return ReadDocument(media_type[:200], title[: limits.MAX_TITLE_CHARACTERS], content_hash, chunks)


def _chunk(chunk: Mapping[str, Any]) -> Chunk:
    text, heading, payload = chunk["text"], chunk["heading"], chunk["payload"]
    refuse_unstorable(text + heading)
    if not text.strip() or not isinstance(payload, dict):
        raise ValueError("a chunk of nothing")
    _check_payload(payload)
    return Chunk(text, heading, payload)


def _check_payload(value: Any) -> None:
    if isinstance(value, str):
        refuse_unstorable(value)
    elif isinstance(value, dict):
        for key, held in value.items():
            refuse_unstorable(key)
            _check_payload(held)
    elif isinstance(value, list):
        for held in value:
            _check_payload(held)


def _died(status: int | None) -> Unreadable:
    if status is None or -status in (signal.SIGXCPU, signal.SIGKILL):
        return Unreadable("too_slow")
    if status == limits.EXIT_NO_MEMORY or -status in (signal.SIGABRT, signal.SIGTRAP, signal.SIGILL):
        # So does native code end that gets no memory.
        return Unreadable("too_much_memory")
    return Unreadable("damaged")
