"""Where the handlers' output goes: what a Lambda function prints is its log, not the terminal's business."""

from __future__ import annotations

import io
import json
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

_MOST_BYTES = 50 * 1024 * 1024
_WORKER = "lambda-"


class LogFile(io.TextIOBase):
    """A text stream into a file, one writer at a time; over 50 MB the file is put aside as `<name>.1`."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = threading.Lock()
        self._file = path.open("a", encoding="utf-8", errors="backslashreplace", buffering=1)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Append text; nothing once closed, since a handler that outlived its timeout may still speak."""
        with self._lock:
            if self._file.closed:
                return 0
            self._file.write(text)
            if self._file.tell() > _MOST_BYTES:
                self._file.close()
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
                self._file = self._path.open("a", encoding="utf-8", errors="backslashreplace", buffering=1)
        return len(text)

    def record(self, record: dict[str, Any]) -> None:
        """Append a JSON object with the time."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.write(json.dumps({"timestamp": now, **record}, ensure_ascii=False, default=str) + "\n")

    def error(self, error: Exception) -> None:
        """Append an exception with its stack."""
        stack = "".join(traceback.format_exception(error))
        self.record({"level": "ERROR", "error": type(error).__name__, "message": str(error), "stack": stack})

    def close(self) -> None:
        """Write nothing more."""
        with self._lock:
            self._file.close()


class _Split(io.TextIOBase):
    """A standard stream that sends what Lambda's worker threads write to a log, and the rest where it went."""

    def __init__(self, original: TextIO, log: LogFile) -> None:
        super().__init__()
        self.original = original
        self._log = log

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self.original.isatty()

    def fileno(self) -> int:
        return self.original.fileno()

    def write(self, text: str) -> int:
        if threading.current_thread().name.startswith(_WORKER):
            self._log.write(text)
            return len(text)
        return self.original.write(text)

    def flush(self) -> None:
        if not threading.current_thread().name.startswith(_WORKER):
            self.original.flush()


class Redirection:
    """Splits stdout and stderr from `install()` to `remove()`."""

    def __init__(self, log: LogFile) -> None:
        self._log = log
        self._streams: dict[str, _Split] = {}

    def install(self) -> None:
        """Begin. Loggers made from now on by the handlers write to the log as well."""
        for name in ("stdout", "stderr"):
            split = _Split(getattr(sys, name), self._log)
            self._streams[name] = split
            setattr(sys, name, split)

    def remove(self) -> None:
        """Put the streams back, unless somebody else replaced them since."""
        for name, split in self._streams.items():
            if getattr(sys, name) is split:
                setattr(sys, name, split.original)
        self._streams.clear()
