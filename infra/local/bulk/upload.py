"""Files into the bucket of documents, by a few workers; what is there with the same bytes stays as it is."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from infra.local.bulk.files import File

WORKERS = 8


@dataclass(frozen=True)
class Placed:
    """A file whose bytes are in the bucket as `version`. fresh: they were not there before."""

    file: File
    version: str
    fresh: bool


@dataclass(frozen=True)
class NotPlaced:
    """A file that could not be read or written, and why."""

    file: File
    reason: str


class Uploads:
    """Uploads files; several threads may look at how far it is. client: of S3."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        """prefix: what the keys of all files begin with."""
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._stopping = threading.Event()

    def run(self, files: Sequence[File], seen: Callable[[Placed | NotPlaced], None]) -> None:
        """Place every file; `seen` hears of each, one at a time. An interruption ends what has not begun.

        The last first: what the events of these uploads ask for then comes towards `index_folder`, which begins with
        the first key, and neither does again what the other has done.
        """
        there = self._sizes()
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="upload") as pool:
            tasks = [pool.submit(self._place, file, there) for file in reversed(files)]
            try:
                for task in as_completed(tasks):
                    placed = task.result()
                    if placed is not None:
                        seen(placed)
            except BaseException:
                self._stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _sizes(self) -> dict[str, int]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        return {item["Key"]: int(item["Size"]) for page in pages for item in page.get("Contents", ())}

    def _place(self, file: File, there: dict[str, int]) -> Placed | NotPlaced | None:
        from botocore.exceptions import BotoCoreError, ClientError

        if self._stopping.is_set():
            return None
        try:
            body = file.path.read_bytes()
            checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
            version = self._same(file, checksum) if there.get(file.address.key) == len(body) else None
            if version is not None:
                return Placed(file, version, fresh=False)
            answer = self._client.put_object(
                Bucket=self._bucket,
                Key=file.address.key,
                Body=body,
                ContentType=mimetypes.guess_type(file.path.name)[0] or "application/octet-stream",
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
            )
        except (OSError, BotoCoreError, ClientError) as error:
            return NotPlaced(file, str(error))
        return Placed(file, str(answer["VersionId"]), fresh=True)

    def _same(self, file: File, checksum: str) -> str | None:
        """The version that has the same bytes already; None for none."""
        found = self._client.head_object(Bucket=self._bucket, Key=file.address.key, ChecksumMode="ENABLED")
        return str(found["VersionId"]) if found.get("ChecksumSHA256") == checksum else None
