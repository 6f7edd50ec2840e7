"""Collections on disk: a folder with one shard of the engine each, a manifest, and a lock.

A write is acknowledged when it is in the engine's write-ahead log, so it survives the end of the process in any
way; `flush` brings it through a loss of power as well. The manifest is replaced in one step, and always last when
something is made and first when something goes: a crash in between leaves a folder without an entry, which the
next start removes, and never an entry without a folder.

Indexes on payload fields are noted at once and built at a flush, when the collection is large enough to gain from
them: each takes the engine tens of milliseconds even when there is nothing to index, a first start would pay that
dozens of times, and no result depends on them. In a collection that is large already they are built by `renew`.
"""

from __future__ import annotations

import fcntl
import math
import os
import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import qdrant_edge as engine

from infra.local.qdrant.errors import FaceError, FolderInUse, bad_request, no_collection, not_found
from infra.local.qdrant.renewal import INDEXED_IN_PLACE, index_operation, is_wasteful, run
from infra.local.qdrant.schema import CollectionConfig, CollectionEntry, IndexParams, Manifest

MANIFEST = "manifest.json"
LOCK = "lock"
SHARDS = "shards"
RENEWAL_LOG = "renewal.log"
INDEX_FROM_POINTS = 1000
# What is written while a shard is renewed waits in memory: at 128 points a write, some hundred megabytes.
JOURNAL_OPERATIONS = 200
# How long a collection is left alone after it was renewed, or could not be.
RENEWAL_PAUSE_SECONDS = 600.0


@dataclass
class Collection:
    """An open collection. Writers take `lock`; the engine lets readers in beside them."""

    name: str
    entry: CollectionEntry
    shard: engine.EdgeShard
    lock: threading.RLock = field(default_factory=threading.RLock)
    unbuilt: dict[str, engine.UpdateOperation] = field(default_factory=dict)
    dirty: bool = False
    operations: int = 0
    # What was written since `renew` copied the shard; None when nobody follows, or it became too much.
    journal: list[engine.UpdateOperation] | None = None
    renewed_at: float = -math.inf

    @property
    def config(self) -> CollectionConfig:
        """Its vectors."""
        return self.entry.config

    def update(self, operation: engine.UpdateOperation) -> int:
        """Apply a write and return its number; in the log of the engine when this returns."""
        with self.lock:
            self.shard.update(operation)
            self.dirty = True
            self.operations += 1
            if self.journal is not None:
                self.journal.append(operation)
                if len(self.journal) > JOURNAL_OPERATIONS:
                    self.journal = None
            return self.operations

    def build_indexes(self) -> None:
        """Build the indexes that were noted, if it is time; in between, waiting writers get their turn."""
        if not self.unbuilt or not INDEX_FROM_POINTS <= self.shard.info().points_count <= INDEXED_IN_PLACE:
            return
        for name, operation in list(self.unbuilt.items()):
            self.update(operation)
            del self.unbuilt[name]

    def flush(self) -> None:
        """Bring acknowledged writes from the log into the segments, and both to the disk."""
        with self.lock:
            if self.dirty:
                self.shard.flush()
                self.dirty = False

    def close(self) -> None:
        """Flush and release the shard; requests still reading get an error."""
        with self.lock:
            self.flush()
            self.shard.close()


class Storage:
    """All collections of a folder. Raises FolderInUse when another process has it open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / SHARDS).mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._held = _hold(folder / LOCK)
        try:
            self._manifest = self._read_manifest()
            self._remove_strays()
            self._open = {name: self._load(name, entry) for name, entry in self._manifest.collections.items()}
        except BaseException:
            self._held.close()
            raise

    def names(self) -> list[str]:
        """The names of all collections."""
        with self._lock:
            return sorted(self._open)

    def aliases(self) -> dict[str, str]:
        """Collection names by alias."""
        with self._lock:
            return dict(self._manifest.aliases)

    def find(self, name: str) -> Collection:
        """Return a collection by name or alias; 404 when there is none."""
        with self._lock:
            found = self._open.get(self._manifest.aliases.get(name, name))
        if found is None:
            raise no_collection(name)
        return found

    def create(self, name: str, config: CollectionConfig) -> None:
        """Make a collection; 409 when the name is taken."""
        with self._lock:
            if name in self._open:
                raise FaceError(409, f"Wrong input: Collection `{name}` already exists!")
            if name in self._manifest.aliases:
                raise bad_request(f"Alias `{name}` already exists")
            entry = CollectionEntry(folder=uuid4().hex, config=config)
            shard = engine.EdgeShard.create(str(self._shard_folder(entry)), config.for_engine())
            self._manifest.collections[name] = entry
            self._write_manifest()
            self._open[name] = Collection(name, entry, shard)

    def delete(self, name: str) -> bool:
        """Delete a collection and the aliases that point at it; return whether it was there."""
        with self._lock:
            collection = self._open.pop(name, None)
            if collection is None:
                return False
            del self._manifest.collections[name]
            pairs = self._manifest.aliases.items()
            self._manifest.aliases = {alias: target for alias, target in pairs if target != name}
            self._write_manifest()
        collection.close()
        shutil.rmtree(self._shard_folder(collection.entry), ignore_errors=True)
        return True

    def create_index(self, collection: Collection, field_name: str, params: IndexParams) -> int:
        """Note an index on a payload field; return the number of the write."""
        operation = index_operation(field_name, params)
        with self._lock, collection.lock:
            if collection.entry.indexes.get(field_name) != params:
                collection.unbuilt[field_name] = operation
                collection.entry.indexes[field_name] = params
                self._write_manifest()
            collection.operations += 1
            return collection.operations

    def change_aliases(self, changes: Sequence[tuple[str, Mapping[str, str]]]) -> None:
        """Apply `(create_alias | delete_alias | rename_alias, arguments)` all together, or none with an error."""
        with self._lock:
            aliases = dict(self._manifest.aliases)
            for action, given in changes:
                self._change_alias(aliases, action, given)
            self._manifest.aliases = aliases
            self._write_manifest()

    def flush(self) -> None:
        """Build indexes that have become worth it, and flush every collection that was written to."""
        with self._lock:
            collections = list(self._open.values())
        for collection in collections:
            collection.build_indexes()
            collection.flush()

    def wanting(self) -> Collection | None:
        """A collection that is to be renewed: large and without its indexes, or full of what was deleted."""
        with self._lock:
            collections = list(self._open.values())
        now = time.monotonic()
        for collection in collections:
            points = collection.shard.info().points_count
            if now - collection.renewed_at < RENEWAL_PAUSE_SECONDS:
                continue
            unindexed = bool(collection.unbuilt) and points > INDEXED_IN_PLACE
            if unindexed or is_wasteful(self._shard_folder(collection.entry), collection.entry, points):
                return collection
        return None

    def renew(self, collection: Collection, stopping: threading.Event) -> bool:
        """Write a collection's shard again, with all its indexes and without what was deleted, while it answers.

        Whether that was done: not when `stopping` is set, the collection goes, or too much is written meanwhile.
        """
        fresh = uuid4().hex
        folder, log = self._folder / SHARDS / fresh, self._folder / RENEWAL_LOG
        try:
            with collection.lock:
                collection.flush()
                shutil.copytree(self._shard_folder(collection.entry), folder)
                collection.journal = []
            done = run(folder, collection.entry, log, stopping) and self._serve_copy(collection, fresh)
        finally:
            with collection.lock:
                collection.journal = None
                collection.renewed_at = time.monotonic()
            if collection.entry.folder != fresh:
                shutil.rmtree(folder, ignore_errors=True)
        return done

    def _serve_copy(self, collection: Collection, fresh: str) -> bool:
        """Bring what was written meanwhile into the copy, then serve it; whether that went well."""
        shard = engine.EdgeShard.load(str(self._folder / SHARDS / fresh), collection.config.for_engine())
        with collection.lock:
            _replay(collection, shard)
            shard.flush()
        with self._lock, collection.lock:
            if not _replay(collection, shard) or self._open.get(collection.name) is not collection:
                return False
            shard.flush()
            left = self._shard_folder(collection.entry)
            collection.entry.folder = fresh
            self._write_manifest()
            # Whoever searches in the old one just now ends there; with the last of them it is closed.
            collection.shard, collection.dirty = shard, False
            collection.unbuilt = _unbuilt(collection.entry, shard)
        shutil.rmtree(left, ignore_errors=True)
        return True

    def close(self) -> None:
        """Flush and close all; release the folder."""
        with self._lock:
            for collection in self._open.values():
                collection.close()
            self._open = {}
            self._held.close()

    def _change_alias(self, aliases: dict[str, str], action: str, given: Mapping[str, str]) -> None:
        if action == "create_alias":
            if given["collection_name"] not in self._open:
                raise no_collection(given["collection_name"])
            if given["alias_name"] in self._open:
                raise bad_request(f"Collection `{given['alias_name']}` already exists!")
            aliases[given["alias_name"]] = given["collection_name"]
            return
        old = given["alias_name"] if action == "delete_alias" else given["old_alias_name"]
        if old not in aliases:
            raise not_found(f"Alias {old} does not exists!")
        target = aliases.pop(old)
        if action == "rename_alias":
            aliases[given["new_alias_name"]] = target

    def _load(self, name: str, entry: CollectionEntry) -> Collection:
        shard = engine.EdgeShard.load(str(self._shard_folder(entry)), entry.config.for_engine())
        return Collection(name, entry, shard, unbuilt=_unbuilt(entry, shard))

    def _shard_folder(self, entry: CollectionEntry) -> Path:
        return self._folder / SHARDS / entry.folder

    def _remove_strays(self) -> None:
        known = {entry.folder for entry in self._manifest.collections.values()}
        for path in (self._folder / SHARDS).iterdir():
            if path.name not in known:
                shutil.rmtree(path, ignore_errors=True)

    def _read_manifest(self) -> Manifest:
        path = self._folder / MANIFEST
        return Manifest.model_validate_json(path.read_bytes()) if path.exists() else Manifest()

    def _write_manifest(self) -> None:
        path = self._folder / MANIFEST
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(self._manifest.model_dump_json(indent=1))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _unbuilt(entry: CollectionEntry, shard: engine.EdgeShard) -> dict[str, engine.UpdateOperation]:
    built = shard.info().payload_schema
    return {
        name: index_operation(name, params) for name, params in entry.indexes.items() if name not in built
    }


def _replay(collection: Collection, shard: engine.EdgeShard) -> bool:
    """Apply what was written since the copy was made; False when it was too much to be kept."""
    if collection.journal is None:
        return False
    for operation in collection.journal:
        shard.update(operation)
    collection.journal = []
    return True


def _hold(path: Path) -> IO[Any]:
    """Take the lock of the folder; the system releases it with the process, however that ends."""
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise FolderInUse(
            f"{path.parent} is open in process {holder}: the vector engine serves one process at a time."
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
