"""Archives: the same bytes for the same files, readable by others, refused when unsafe or too large."""

from __future__ import annotations

import hashlib
import io
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.studio.archive import ArchiveSummary, ArchiveTooLarge, write_tar, write_zip
from shared.paths import UnsafePath

FILES = [
    ("src/app.py", b"print('hello')\n" * 50),
    ("README.md", "# Größe\n".encode()),
    ("docs/größe.md", b"text"),
    ("empty", b""),
    ("bin/run", b"#!/bin/sh\n"),
]

Writer = Callable[[Iterable[tuple[str, bytes]], BinaryIO], ArchiveSummary]


def write_plain_tar(files: Iterable[tuple[str, bytes]], sink: BinaryIO) -> ArchiveSummary:
    return write_tar(files, sink, compressed=False)


def write_tar_gz(files: Iterable[tuple[str, bytes]], sink: BinaryIO) -> ArchiveSummary:
    return write_tar(files, sink, compressed=True)


WRITERS: list[Writer] = [write_zip, write_plain_tar, write_tar_gz]
every_writer = pytest.mark.parametrize("write", WRITERS, ids=["zip", "tar", "tar.gz"])


class UnseekableSink(io.RawIOBase):
    """A sink as an upload is one: it takes bytes and offers nothing else."""

    def __init__(self) -> None:
        self.received = b""

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        chunk = bytes(data)  # type: ignore[call-overload]
        self.received += chunk
        return len(chunk)


def built(write: Writer, files: Iterable[tuple[str, bytes]]) -> bytes:
    sink = io.BytesIO()
    write(files, sink)
    return sink.getvalue()


@every_writer
def test_building_twice_gives_the_same_bytes_in_any_order(write: Writer) -> None:
    assert built(write, FILES) == built(write, FILES) == built(write, reversed(FILES))


@every_writer
def test_a_sink_that_cannot_seek_gets_the_same_bytes(write: Writer) -> None:
    sink = UnseekableSink()
    summary = write(FILES, sink)  # type: ignore[arg-type]
    assert sink.received == built(write, FILES)
    assert summary == ArchiveSummary(
        files=len(FILES), bytes=len(sink.received), sha256=hashlib.sha256(sink.received).hexdigest()
    )


@given(st.dictionaries(st.from_regex(r"f_[a-z]{1,8}\.(py|md)", fullmatch=True), st.binary(max_size=200)))
def test_a_zip_reads_back_what_was_written(files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(built(write_zip, files.items()))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files
        assert archive.namelist() == sorted(files)


def test_entries_of_a_zip_are_plain_files_of_1980() -> None:
    sink = io.BytesIO()
    write_zip(FILES, sink, executable=["bin/run"])
    with zipfile.ZipFile(sink) as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert all(stat.S_ISREG(mode) for mode in modes.values())
        assert {stat.S_IMODE(mode) for name, mode in modes.items() if name != "bin/run"} == {0o644}
        assert stat.S_IMODE(modes["bin/run"]) == 0o755
        assert archive.getinfo("docs/größe.md").flag_bits & 0x800


def test_a_common_tool_unpacks_it(tmp_path: Path) -> None:
    archive, folder = tmp_path / "kit.zip", tmp_path / "out"
    archive.write_bytes(built(write_zip, FILES))
    unzip = shutil.which("unzip")
    tool = (
        [unzip, "-q", archive, "-d", folder]
        if unzip
        else [sys.executable, "-m", "zipfile", "-e", archive, folder]
    )
    subprocess.run([str(part) for part in tool], check=True, capture_output=True)
    assert {path: (folder / path).read_bytes() for path, _ in FILES} == dict(FILES)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_tar_reads_back_what_was_written(compressed: bool) -> None:
    sink = io.BytesIO()
    write_tar(FILES, sink, compressed=compressed, executable=["bin/run"])
    sink.seek(0)
    with tarfile.open(fileobj=sink) as archive:
        entries = archive.getmembers()
        contents = {}
        for entry in entries:
            stream = archive.extractfile(entry)
            assert stream is not None
            contents[entry.name] = stream.read()
    assert contents == dict(FILES)
    assert {entry.mtime for entry in entries} == {315_532_800}
    assert {(entry.uid, entry.gid, entry.uname, entry.gname) for entry in entries} == {(0, 0, "", "")}
    assert {entry.name: entry.mode for entry in entries if entry.mode != 0o644} == {"bin/run": 0o755}


@every_writer
@pytest.mark.parametrize(
    "paths", [["a", "a"], ["a", "A"], ["a", "a/b"], ["../x"], ["/x"], [".git/config"], ["a\\b"]]
)
def test_unsafe_paths_are_refused_before_anything_is_written(write: Writer, paths: list[str]) -> None:
    sink = io.BytesIO()
    with pytest.raises(UnsafePath):
        write([(path, b"x") for path in paths], sink)
    assert sink.getvalue() == b""


@pytest.mark.parametrize(("max_files", "max_bytes"), [(2, 100), (100, 29)])
def test_more_than_the_limits_is_refused_before_anything_is_written(max_files: int, max_bytes: int) -> None:
    files = [(name, b"0123456789") for name in "abc"]
    sink = io.BytesIO()
    with pytest.raises(ArchiveTooLarge, match=r"more than \d+ (files|bytes)"):
        write_zip(files, sink, max_files=max_files, max_bytes=max_bytes)
    with pytest.raises(ArchiveTooLarge):
        write_tar(files, sink, compressed=True, max_files=max_files, max_bytes=max_bytes)
    assert sink.getvalue() == b""


def test_exactly_the_limits_is_allowed() -> None:
    summary = write_zip([("a", b"12345"), ("b", b"12345")], io.BytesIO(), max_files=2, max_bytes=10)
    assert summary.files == 2
