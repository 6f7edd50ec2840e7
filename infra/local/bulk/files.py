"""The files of a folder that can be uploaded, and why the others cannot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from functions.knowledge.address import Address, address_of
from functions.knowledge.extraction.limits import MAX_OBJECT_BYTES
from shared.errors import Invalid


@dataclass(frozen=True)
class File:
    """A file and the place of its document."""

    path: Path
    address: Address
    size_bytes: int


@dataclass
class Found:
    """What is in a folder. ignored: by path, why."""

    files: list[File] = field(default_factory=list)
    ignored: dict[str, str] = field(default_factory=dict)


def find(root: Path, tenant_id: UUID, collection: str, prefix: str) -> Found:
    """Return the files below `root` in the order of their names, each named `prefix` and its path below `root`.

    What is hidden is not looked into; links are not followed. Raises Invalid for a collection that takes no uploads.
    """
    address_of(tenant_id, collection, f"{prefix}x")
    found = Found()
    for path, hidden in _walk(root):
        name = path.relative_to(root).as_posix()
        if hidden:
            found.ignored[name] = "hidden"
            continue
        reason, size = _refused(path)
        if reason:
            found.ignored[name] = reason
            continue
        try:
            found.files.append(File(path, address_of(tenant_id, collection, f"{prefix}{name}"), size))
        except Invalid as error:
            found.ignored[name] = error.message
    return found


def _refused(path: Path) -> tuple[str, int]:
    if path.is_symlink():
        return "a link", 0
    if not path.is_file():
        return "not a file", 0
    size = path.stat().st_size
    if size > MAX_OBJECT_BYTES:
        return f"larger than {MAX_OBJECT_BYTES // 2**20} MB", size
    return ("", size) if size else ("empty", 0)


def _walk(root: Path) -> Iterator[tuple[Path, bool]]:
    """Every file, and every hidden file or folder once, told as such."""
    for folder, folders, files in os.walk(root):
        place = Path(folder)
        hidden = [name for name in folders if name.startswith(".")]
        folders[:] = sorted(name for name in folders if name not in hidden)
        for name in sorted([*files, *hidden]):
            yield place / name, name.startswith(".")
