"""Files that are there whole or not at all, also after the power went."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path


def write_whole(path: Path, *pieces: bytes) -> None:
    """Write a file that appears under its name at once, whole and on disk. Raises OSError."""
    part = path.with_name(f"{path.name}.{threading.get_ident()}.part")
    with io.FileIO(part, "w") as file:
        for piece in pieces:
            view = memoryview(piece)
            while view:
                view = view[file.write(view) :]
        os.fsync(file.fileno())
    part.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk: files that were made, renamed or removed in it. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
