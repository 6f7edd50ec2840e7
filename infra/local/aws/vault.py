"""Objects of S3 on disk.

moto keeps buckets in memory. After every request that may have changed a key, `Vault.keep` compares the versions
moto now has of it with the files that are there and writes or removes what differs, before the answer leaves.
A version is one file: a line of JSON about it, then its bytes; it appears under its name at once and whole.
From then on moto reads the bytes from that file, so that bodies do not stay in memory.

Layout: `<folder>/<bucket>/<two hex digits>/<hash of the key>.<order>.<version>.object`.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from moto.s3.models import FakeDeleteMarker, FakeKey, S3Backend

from infra.local.aws.names import REGION
from infra.local.aws.whole_files import sync_folder, write_whole

_SUFFIX = ".object"
_PLAIN = (
    "encryption",
    "kms_key_id",
    "bucket_key_enabled",
    "checksum_algorithm",
    "checksum_value",
    "checksum_type",
    "checksum_parts",
    "website_redirect_location",
    "lock_mode",
    "lock_legal_status",
    "lock_until",
)
"""Attributes of a version that are kept as they are."""


@dataclass(frozen=True)
class Change:
    """What becomes of a version of an object: it is made, or it goes. `deletion`: in S3's words, empty for one that
    is made. version: `null` in a bucket without versions. size in bytes, None for a deletion.
    """

    bucket: str
    key: str
    version: str
    etag: str
    size: int | None
    deletion: str = ""


HIDDEN = "Delete Marker Created"
REMOVED = "Permanently Deleted"

Tell = Callable[[Change], None]


class _Body:
    """Bytes within a file, with the few methods that moto uses of a temporary file; open only while it reads."""

    def __init__(self, path: Path, start: int, size: int) -> None:
        self._path = path
        self._start = start
        self._size = size
        self._at = 0

    def seek(self, position: int) -> int:
        self._at = position
        return position

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        wanted = left if size < 0 else min(size, left)
        if not wanted:
            return b""
        with self._path.open("rb") as file:
            file.seek(self._start + self._at)
            data = file.read(wanted)
        self._at += len(data)
        return data

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True)
class _Kept:
    """A version on disk: its file, the line about it, and its place among the versions of the key."""

    path: Path
    head: bytes
    order: int


class Vault:
    """The files under `folder` and the buckets of moto's `backend`, held alike. Safe for threads as long as no two
    of them keep the same key at once.
    """

    def __init__(self, folder: Path, backend: S3Backend) -> None:
        self._folder = folder
        self._backend = backend
        self._kept: dict[tuple[str, str], dict[str, _Kept]] = {}
        self._lock = threading.Lock()
        self._folders: set[Path] = set()

    def load(self) -> int:
        """Give moto every object on disk and return how many versions there were. Buckets that the catalog does
        not name are made again too.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        count = 0
        for place in sorted(self._folder.iterdir()):
            if place.is_dir():
                count += self._load_bucket(place)
        return count

    def keep(self, bucket_name: str, key: str, tell: Tell = lambda _: None) -> None:
        """Write what moto has of a key, and remove what it no longer has. Raises OSError when the disk refuses.

        tell: hears of each change just before it is on disk.
        """
        bucket = self._backend.buckets.get(bucket_name)
        versions = list(bucket.keys.getlist(key, [])) if bucket is not None else []
        with self._lock:
            old = dict(self._kept.get((bucket_name, key), {}))
        new: dict[str, _Kept] = {}
        order = max((kept.order for kept in old.values()), default=-1) + 1
        for version in versions:
            name = str(version.version_id)
            known = old.get(name)
            if known is None or _is_fresh(version):
                tell(_made(bucket_name, key, version))
            new[name] = self._write(bucket_name, key, version, known, order)
            order = max(order, new[name].order + 1)
        for name, kept in old.items():
            if name not in new:
                tell(
                    Change(bucket_name, key, name, str(json.loads(kept.head).get("etag", "")), None, REMOVED)
                )
            if name not in new or new[name].path != kept.path:
                kept.path.unlink(missing_ok=True)
        with self._lock:
            if new:
                self._kept[(bucket_name, key)] = new
            else:
                self._kept.pop((bucket_name, key), None)

    def keep_bucket(self, bucket_name: str, tell: Tell = lambda _: None) -> None:
        """Keep every key of a bucket: for requests that do not say which they touched. tell: as of `keep`."""
        bucket = self._backend.buckets.get(bucket_name)
        names = set(dict(bucket.keys)) if bucket is not None else set()
        with self._lock:
            names |= {key for name, key in self._kept if name == bucket_name}
        for key in names:
            self.keep(bucket_name, key, tell)

    def older_than(self, bucket_name: str, moment: datetime) -> list[str]:
        """Return the keys of a bucket whose newest version is an object written before `moment`."""
        return [
            key
            for key in dict(self._backend.buckets[bucket_name].keys)
            if self._older(bucket_name, key, moment)
        ]

    def delete_older(self, bucket_name: str, key: str, moment: datetime, tell: Tell = lambda _: None) -> bool:
        """Delete an object unless it was written since `moment`, and return whether it was deleted. In a versioned
        bucket a marker hides it.
        """
        if not self._older(bucket_name, key, moment):
            return False
        self._backend.delete_object(bucket_name, key)
        self.keep(bucket_name, key, tell)
        return True

    def replaced_before(self, bucket_name: str, moment: datetime) -> list[str]:
        """Return the keys of a bucket with versions that `delete_replaced` would delete."""
        return [
            key
            for key in dict(self._backend.buckets[bucket_name].keys)
            if self._replaced(bucket_name, key, moment)
        ]

    def delete_replaced(
        self, bucket_name: str, key: str, moment: datetime, tell: Tell = lambda _: None
    ) -> int:
        """Delete the versions of an object that had a successor before `moment`; return how many.

        A marker that hides nothing any more goes with them.
        """
        versions = self._replaced(bucket_name, key, moment)
        for version in versions:
            self._backend.delete_object(bucket_name, key, version_id=version)
        if versions:
            self.keep(bucket_name, key, tell)
        return len(versions)

    def _replaced(self, bucket_name: str, key: str, moment: datetime) -> list[str]:
        """The oldest first, as moto keeps them."""
        versions = list(self._backend.buckets[bucket_name].keys.getlist(key, []))
        gone = [str(version.version_id) for version, next_ in pairwise(versions) if _written(next_) < moment]
        alone = len(gone) == len(versions) - 1
        if alone and isinstance(versions[-1], FakeDeleteMarker) and _written(versions[-1]) < moment:
            gone.append(str(versions[-1].version_id))
        return gone

    def _older(self, bucket_name: str, key: str, moment: datetime) -> bool:
        newest = self._backend.buckets[bucket_name].keys.get(key)
        return isinstance(newest, FakeKey) and _written(newest) < moment

    def _write(
        self, bucket: str, key: str, version: FakeKey | FakeDeleteMarker, known: _Kept | None, order: int
    ) -> _Kept:
        place = known.order if known else order
        head = _describe(key, version, self._tags(version), place)
        if known is not None and known.head == head and not _is_fresh(version):
            return known
        path = self._path(bucket, key, str(version.version_id), place)
        body = version.value if isinstance(version, FakeKey) else b""
        write_whole(path, head, body)
        if isinstance(version, FakeKey):
            _read_from(version, _Body(path, len(head), len(body)))
        return _Kept(path, head, place)

    def _tags(self, version: FakeKey | FakeDeleteMarker) -> dict[str, str]:
        if isinstance(version, FakeDeleteMarker):
            return {}
        return dict(self._backend.tagger.get_tag_dict_for_resource(version.arn))

    def _path(self, bucket: str, key: str, version: str, order: int) -> Path:
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:40]
        folder = self._folder / bucket / digest[:2]
        if folder not in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
            sync_folder(folder.parent)
            sync_folder(self._folder)
            self._folders.add(folder)
        return folder / f"{digest}.{order:09d}.{version}{_SUFFIX}"

    def _load_bucket(self, place: Path) -> int:
        found: dict[str, list[tuple[int, str, _Kept, dict[str, Any]]]] = {}
        for path in _files(place):
            read = _read_head(path)
            if read is None:
                continue
            head, about = read
            kept = _Kept(path, head, int(about["order"]))
            found.setdefault(about["key"], []).append((kept.order, about["version"], kept, about))
        versioned = any(version != "null" for versions in found.values() for _, version, _, _ in versions)
        self._bucket(place.name, versioned)
        for key, versions in found.items():
            versions.sort(key=lambda entry: entry[0])
            self._restore(place.name, key, [(kept, about) for _, _, kept, about in versions])
        return sum(map(len, found.values()))

    def _bucket(self, name: str, versioned: bool) -> None:
        if name not in self._backend.buckets:
            self._backend.create_bucket(name, REGION)
            if versioned:
                self._backend.buckets[name].versioning_status = "Enabled"

    def _restore(self, bucket: str, key: str, versions: list[tuple[_Kept, dict[str, Any]]]) -> None:
        restored: list[Any] = []
        for kept, about in versions:
            if about["marker"]:
                restored.append(
                    _delete_marker(about, restored[-1] if restored else None, self._backend, bucket)
                )
            else:
                restored.append(self._object(bucket, kept, about))
        dict.__setitem__(self._backend.buckets[bucket].keys, key, restored)
        self._kept[(bucket, key)] = {about["version"]: kept for kept, about in versions}

    def _object(self, bucket: str, kept: _Kept, about: dict[str, Any]) -> FakeKey:
        version = _empty(self._backend, bucket, about)
        _read_from(version, _Body(kept.path, len(kept.head), about["size"]))
        version.contentsize = about["size"]
        version.last_modified = datetime.fromisoformat(about["modified"])
        version.set_metadata(dict(about["metadata"]), replace=True)
        for name in _PLAIN:
            setattr(version, name, about.get(name))
        if about["tags"]:
            self._backend.tagger.tag_resource(
                version.arn, [{"Key": name, "Value": value} for name, value in about["tags"].items()]
            )
        return version


def _is_fresh(version: FakeKey | FakeDeleteMarker) -> bool:
    """Whether a body has come with this request: moto holds such a one itself."""
    return isinstance(version, FakeKey) and not isinstance(version._value_buffer, _Body)


def _made(bucket: str, key: str, version: FakeKey | FakeDeleteMarker) -> Change:
    name = str(version.version_id)
    if isinstance(version, FakeDeleteMarker):
        return Change(bucket, key, name, "", None, HIDDEN)
    return Change(bucket, key, name, version.etag.strip('"'), int(version.contentsize))


def _read_from(version: Any, body: _Body) -> None:
    """Let moto read a version from its file, and drop the copy in memory."""
    version._value_buffer.close()
    version._value_buffer = body
    if version.multipart is not None:
        version.multipart.dispose()  # the parts would stay in memory beside the whole
        version.multipart = None


def _describe(key: str, version: FakeKey | FakeDeleteMarker, tags: dict[str, str], order: int) -> bytes:
    """The line about a version, with its line end."""
    about: dict[str, Any] = {
        "key": key,
        "version": str(version.version_id),
        "order": order,
        "marker": isinstance(version, FakeDeleteMarker),
        "modified": version.last_modified.isoformat(),
    }
    if isinstance(version, FakeKey):
        about |= {
            "etag": version.etag.strip('"'),
            "size": version.contentsize,
            "storage": version.storage_class,
            "versioned": version._is_versioned,
            "metadata": dict(version.metadata),
            "tags": tags,
            **{name: value for name in _PLAIN if (value := getattr(version, name, None)) is not None},
        }
    return json.dumps(about, separators=(",", ":")).encode() + b"\n"


def _empty(backend: S3Backend, bucket: str, about: dict[str, Any]) -> FakeKey:
    return FakeKey(
        name=about["key"],
        value=b"",
        account_id=backend.account_id,
        region_name=backend.region_name,
        storage=about["storage"],
        etag=about["etag"],
        is_versioned=about["versioned"],
        version_id=about["version"],
        bucket_name=bucket,
    )


def _delete_marker(about: dict[str, Any], before: Any, backend: S3Backend, bucket: str) -> FakeDeleteMarker:
    if before is None:  # the version that it hid was deleted for good
        before = _empty(backend, bucket, about | {"storage": None, "etag": "", "versioned": True})
    marker = FakeDeleteMarker(key=before)
    marker.name = about["key"]
    marker._version_id = about["version"]
    marker.last_modified = datetime.fromisoformat(about["modified"])
    return marker


def _files(place: Path) -> Iterator[Path]:
    """Every object file of a bucket; what a dead process left half-written goes away."""
    for shard in sorted(place.iterdir()):
        for entry in os.scandir(shard):
            if entry.name.endswith(_SUFFIX):
                yield Path(entry.path)
            elif entry.name.endswith(".part"):
                os.unlink(entry.path)


def _read_head(path: Path) -> tuple[bytes, dict[str, Any]] | None:
    with path.open("rb") as file:
        head = file.readline()
    try:
        about: dict[str, Any] = json.loads(head)
        whole = about["marker"] or path.stat().st_size == len(head) + about["size"]
    except (ValueError, KeyError):
        whole = False
    if not whole:
        # Renames are atomic, so only a failing disk or a hand brings this about. Keep the file for its owner.
        print(f"not an object any more, left out: {path}", file=sys.stderr)
        return None
    return head, about


def _written(version: FakeKey | FakeDeleteMarker) -> datetime:
    moment: datetime = version.last_modified
    return moment.replace(tzinfo=UTC)
