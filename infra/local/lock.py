"""One system a folder: who holds it, and where that one is found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.processes import FolderInUse, FolderLock


@dataclass(eq=False)
class AlreadyRunning(Exception):
    """Another process runs the system of this folder. `url` is empty while it still starts."""

    pid: int
    url: str

    def __str__(self) -> str:
        return f"already running (pid {self.pid}) at {self.url or 'an address it has not told yet'}"


class TargetLock:
    """Holds `<folder>/lock` and writes `<folder>/target.json`. The kernel lets go when the holder dies."""

    def __init__(self, folder: Path) -> None:
        self._lock_path = folder / "lock"
        self._about_path = folder / "target.json"
        self._lock = FolderLock(self._lock_path)

    def acquire(self) -> None:
        """Take the folder. Raises AlreadyRunning."""
        # What people sent and what was made of it is nobody else's to read.
        self._lock_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except FolderInUse as error:
            holder = self._lock_path.read_text().strip()
            about = self._about()
            url = str(about.get("url", "")) if str(about.get("pid")) == holder else ""
            raise AlreadyRunning(int(holder or 0), url) from error
        self._about_path.unlink(missing_ok=True)

    def announce(self, about: dict[str, Any]) -> None:
        """Tell others where this one is found."""
        part = self._about_path.with_suffix(".part")
        part.write_text(json.dumps(about, indent=2) + "\n")
        part.rename(self._about_path)

    def release(self) -> None:
        """Let go."""
        self._about_path.unlink(missing_ok=True)
        self._lock.release()

    def _about(self) -> dict[str, Any]:
        try:
            about: dict[str, Any] = json.loads(self._about_path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return about
