"""Messages that outlive this process: each is a file from before it is sent until it was handled.

SQS keeps what it has accepted, and S3 tells of every change that it has acknowledged. moto's queues are in memory,
and a change of an object happens once: a message about it that a kill takes along never comes again.

Layout: `<folder>/<moment>-<id>.json`, an object with `queue` and `body`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from uuid import uuid4

from infra.local.aws.queues import Queues
from infra.local.aws.whole_files import write_whole

_SUFFIX = ".json"


class KeptMessages:
    """Sends messages that are on disk until their queue is rid of them. Safe for threads."""

    def __init__(self, folder: Path, queues: Queues) -> None:
        self._folder = folder
        self._queues = queues
        self._files: dict[str, Path] = {}
        queues.on_gone(self._forget)

    def hold(self, queue: str, body: str) -> Path:
        """Write a message down; it goes nowhere yet. Raises OSError when the disk refuses."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{time.time_ns():020d}-{uuid4().hex}{_SUFFIX}"
        write_whole(path, json.dumps({"queue": queue, "body": body}).encode())
        return path

    def send(self, paths: Iterable[Path]) -> None:
        """Put messages that are held on their queues."""
        for path in paths:
            message = json.loads(path.read_text())
            self._queues.send(message["queue"], message["body"], partial(self._remember, path))

    def resume(self) -> int:
        """Send what an earlier process held and nobody has handled, the oldest first; return how many."""
        if not self._folder.is_dir():
            return 0
        there = sorted(self._folder.iterdir())
        for half in (path for path in there if path.suffix != _SUFFIX):
            half.unlink()
        waiting = [path for path in there if path.suffix == _SUFFIX]
        known = self._queues.names()
        sent = 0
        for path in waiting:
            if json.loads(path.read_text())["queue"] in known:
                self.send([path])
                sent += 1
            else:
                print(f"no queue takes this message any more, left out: {path}", file=sys.stderr)
        return sent

    def _remember(self, path: Path, message_id: str) -> None:
        self._files[message_id] = path

    def _forget(self, message_id: str) -> None:
        path = self._files.pop(message_id, None)
        if path is not None:
            path.unlink(missing_ok=True)
