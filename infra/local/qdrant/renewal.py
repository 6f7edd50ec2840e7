"""Large work on a shard is done to a copy of it, by a process of its own, while the shard goes on answering.

The engine keeps every thread of Python waiting while it builds an index over what is there (seconds for 100,000
points) or writes a shard again without the points that were deleted. `Storage.renew` copies the shard, has this
module do both to the copy as `python -m infra.local.qdrant.renewal FOLDER ENTRY`, brings in what was written
meanwhile, and serves the copy from then on. Whenever a process ends in between, the manifest names the old folder.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import qdrant_edge as engine

from infra.local.processes import start_child
from infra.local.qdrant.schema import CollectionEntry, IndexParams

# An index over fewer points is built in between requests; each takes some tenths of a second.
INDEXED_IN_PLACE = 20_000
# Vectors of deleted points may take as much room as those that are left, and so much more.
DEAD_BYTES = 128 * 1024 * 1024
_BYTES_PER_NUMBER = 4
_POLL_SECONDS = 0.1
_ROOT = Path(__file__).parents[3]


def is_wasteful(folder: Path, entry: CollectionEntry, points: int) -> bool:
    """Whether most of the room that a shard's dense vectors take is of points that are gone."""
    numbers = sum(vector.size for vector in entry.config.vectors.values())
    held = sum(
        path.stat().st_blocks * 512
        for name in entry.config.vectors
        for path in folder.glob(f"segments/*/vector_storage-{name}/**/*")
        if path.is_file()
    )
    return held > 2 * points * numbers * _BYTES_PER_NUMBER + DEAD_BYTES


def index_operation(field_name: str, params: IndexParams) -> engine.UpdateOperation:
    """Return the write that builds an index; raises what the engine raises for a name that is no path."""
    return engine.UpdateOperation.create_field_index(field_name, params.for_engine())


def run(folder: Path, entry: CollectionEntry, log: Path, stopping: threading.Event) -> bool:
    """Renew the shard in a folder in a process of its own; whether it came to its end, which it does not after us."""
    command = [sys.executable, "-m", "infra.local.qdrant.renewal", str(folder), entry.model_dump_json()]
    child = start_child(command, log=log, folder=_ROOT, environment={}, stop_signal=signal.SIGKILL)
    while child.exit_code is None and not stopping.wait(_POLL_SECONDS):
        pass
    child.stop()
    return child.exit_code == 0


def main() -> int:
    """Build the indexes that the entry names and the shard lacks; leave out what was deleted."""
    os.nice(10)
    entry = CollectionEntry.model_validate_json(sys.argv[2])
    shard = engine.EdgeShard.load(sys.argv[1], entry.config.for_engine(graph=False))
    built = shard.info().payload_schema
    for name, params in entry.indexes.items():
        if name not in built:
            shard.update(index_operation(name, params))
    shard.optimize()
    shard.flush()
    shard.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
