"""The paid calls, one JSON line each, and the answers behind idempotency keys. Both survive a kill at any moment."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

MOST_ANSWERS = 2000
Answering = Callable[[], tuple[dict[str, Any], dict[str, Any]]]


class Ledger:
    """Writes `calls.jsonl` and `answers/` in a folder, made when missing. Safe to share between threads.

    The answer is stored before its line is written; a key whose line was lost in a kill gets it on its next use,
    so a key is one answer and one line whatever happens between.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls_file = folder / "calls.jsonl"
        self._answers = folder / "answers"
        self._answers.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._calls = self._read()
        self._keys = {str(call["idempotency_key"]) for call in self._calls if call.get("idempotency_key")}
        self._stored = {path.name: path.stat().st_mtime_ns for path in self._answers.glob("*.json")}

    def calls(self) -> list[dict[str, Any]]:
        """Return the paid calls, oldest first."""
        with self._lock:
            return list(self._calls)

    def once(
        self, key: str | None, answer: Callable[[], tuple[dict[str, Any], dict[str, Any]]]
    ) -> dict[str, Any]:
        """Return the stored message of `key`; without one, make `(message, call)`, store, pay and return it."""
        if key is None:
            message, call = answer()
            with self._lock:
                self._append(call)
            return message
        with self._lock:
            path = self._answers / f"{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}.json"
            stored = self._load(path)
            if stored is None:
                message, call = answer()
                stored = {"message": message, "call": call}
                self._store(path, stored)
            if key not in self._keys:
                self._keys.add(key)
                self._append(stored["call"])
            return dict(stored["message"])

    def _read(self) -> list[dict[str, Any]]:
        """Read the lines; a last one without its end was cut by a kill and is removed from the file."""
        if not self.calls_file.exists():
            return []
        data = self.calls_file.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) != len(data):
            with self.calls_file.open("r+b") as file:
                file.truncate(len(whole))
                os.fsync(file.fileno())
        calls = []
        for text in whole.splitlines():
            try:
                call = json.loads(text)
            except ValueError:
                continue
            if isinstance(call, dict):
                calls.append(call)
        return calls

    def _append(self, call: dict[str, Any]) -> None:
        with self.calls_file.open("ab") as file:
            file.write(json.dumps(call, ensure_ascii=True).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._calls.append(call)

    def _load(self, path: Path) -> dict[str, Any] | None:
        if path.name not in self._stored:
            return None
        try:
            stored = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return None
        return stored if isinstance(stored, dict) and {"message", "call"} <= stored.keys() else None

    def _store(self, path: Path, stored: dict[str, Any]) -> None:
        temporary = path.with_suffix(".part")
        with temporary.open("wb") as file:
            file.write(json.dumps(stored).encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        self._stored[path.name] = path.stat().st_mtime_ns
        while len(self._stored) > MOST_ANSWERS:
            oldest = min(self._stored, key=self._stored.__getitem__)
            del self._stored[oldest]
            (self._answers / oldest).unlink(missing_ok=True)
