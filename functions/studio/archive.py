"""Archives that are byte-identical when built twice: ZIP, and tar with or without gzip.

Every entry is a regular file stamped 1980-01-01 (the first moment ZIP can say), owned by nobody in
particular, with mode 0644 or 0755, in the order of its path. Sinks need `write` only: nothing is sought, so
an archive can go straight into a multipart upload.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import BinaryIO

from shared.paths import check_path, check_paths

COMPRESSION_LEVEL = 6
MAX_FILES = 5_000
MAX_BYTES = 256 * 1024 * 1024

_DATE = (1980, 1, 1, 0, 0, 0)
_TIMESTAMP = 315_532_800  # the same moment in seconds since 1970, UTC
_UNIX = 3


class ArchiveTooLarge(ValueError):
    """The files are more, or hold more bytes, than the archive may."""


@dataclass(frozen=True)
class ArchiveSummary:
    """What was written: number of entries, size of the archive in bytes, its SHA-256 in hex."""

    files: int
    bytes: int
    sha256: str


def write_zip(
    files: Iterable[tuple[str, bytes]],
    sink: BinaryIO,
    *,
    executable: Collection[str] = (),
    max_files: int = MAX_FILES,
    max_bytes: int = MAX_BYTES,
) -> ArchiveSummary:
    """Write path → content as a ZIP archive to `sink` and return its summary.

    Names beyond ASCII carry the UTF-8 flag. `executable` names the paths that get mode 0755. Raises
    `UnsafePath` for a path, or a set of paths, that breaks the rules, and `ArchiveTooLarge` for more than
    `max_files` entries or `max_bytes` of content; then nothing has been written.
    """
    entries = _checked(files, max_files, max_bytes)
    counted = _CountingSink(sink)
    with zipfile.ZipFile(counted, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL) as archive:
        for path, content in entries:
            entry = zipfile.ZipInfo(path, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = (0o100000 | _mode(path, executable)) << 16
            archive.writestr(entry, content)
    return counted.summary(len(entries))


def write_tar(
    files: Iterable[tuple[str, bytes]],
    sink: BinaryIO,
    *,
    compressed: bool,
    executable: Collection[str] = (),
    max_files: int = MAX_FILES,
    max_bytes: int = MAX_BYTES,
) -> ArchiveSummary:
    """Write path → content as a tar archive (PAX), gzipped when `compressed`; otherwise as `write_zip`."""
    entries = _checked(files, max_files, max_bytes)
    counted = _CountingSink(sink)
    if compressed:
        with gzip.GzipFile("", "wb", COMPRESSION_LEVEL, counted, mtime=0) as stream:
            _write_tar_entries(entries, stream, executable)
    else:
        _write_tar_entries(entries, counted, executable)
    return counted.summary(len(entries))


def _write_tar_entries(
    entries: list[tuple[str, bytes]], stream: io.RawIOBase | gzip.GzipFile, executable: Collection[str]
) -> None:
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT, encoding="utf-8") as archive:
        for path, content in entries:
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            entry.mtime = _TIMESTAMP
            entry.mode = _mode(path, executable)
            archive.addfile(entry, io.BytesIO(content))


def _checked(files: Iterable[tuple[str, bytes]], max_files: int, max_bytes: int) -> list[tuple[str, bytes]]:
    entries: list[tuple[str, bytes]] = []
    total = 0
    for path, content in files:
        entries.append((check_path(path), content))
        total += len(content)
        if len(entries) > max_files:
            raise ArchiveTooLarge(f"The archive would hold more than {max_files} files.")
        if total > max_bytes:
            raise ArchiveTooLarge(f"The archive would hold more than {max_bytes} bytes.")
    check_paths(path for path, _ in entries)
    return sorted(entries, key=lambda entry: entry[0])


def _mode(path: str, executable: Collection[str]) -> int:
    return 0o755 if path in executable else 0o644


class _CountingSink(io.RawIOBase):
    """Passes writes on, counted and hashed; says it cannot seek, so that every sink gets the same bytes."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._size = 0
        self._hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    # zipfile asks a stream for its position once and falls back when there is none.
    def tell(self) -> int:
        raise io.UnsupportedOperation("an archive is written from start to end")

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]  # narrower than Buffer
        chunk = bytes(data)
        self._sink.write(chunk)
        self._size += len(chunk)
        self._hash.update(chunk)
        return len(chunk)

    def summary(self, files: int) -> ArchiveSummary:
        return ArchiveSummary(files=files, bytes=self._size, sha256=self._hash.hexdigest())
