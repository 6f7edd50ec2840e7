"""Hostile files are read by a process that is bounded: it is refused, killed or right, and this one lives on."""

from __future__ import annotations

import hashlib
import os
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from functions.knowledge.extraction import child
from functions.knowledge.extraction.child import Bounds, Outcome, ReaderBroken, read_and_cut, run
from functions.knowledge.extraction.limits import MAX_OBJECT_BYTES, MEBIBYTE
from functions.knowledge.extraction.readable import Unreadable
from shared.errors import Invalid
from tests.unit.knowledge.extraction import files

BOUND = 300 * MEBIBYTE


def code_of(outcome: Outcome) -> str:
    assert isinstance(outcome.found, Unreadable)
    return outcome.found.code


def test_a_file_is_read_and_cut() -> None:
    body = b"# Refunds\n\nWithin thirty days.\n\n## Exceptions\n\nDigital goods.\n"

    document = read_and_cut(body, "guide.md", "knowledge_base")

    assert document.media_type == "text/markdown"
    assert document.title == "Refunds"
    assert document.content_hash == hashlib.sha256(body).hexdigest()
    assert "Within thirty days." in document.chunks[0].text
    assert any("Exceptions" in chunk.heading for chunk in document.chunks)


def test_source_code_comes_with_its_documented_fields() -> None:
    document = read_and_cut(b"import os\n\ndef settle(a):\n    return a\n", "pay.py", "code_embeddings")

    assert document.media_type == "text/x-python"
    assert any(chunk.payload.get("function_name") == "settle" for chunk in document.chunks)


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("a.pdf", files.pages(files.lines((11, 0, "text")))[:300], "damaged"),
        ("a.pdf", files.many_objects(200_000), "damaged"),
        ("a.docx", files.docx("", {"word/footer1.xml": b" " * 3_000_000}), "archive_bomb"),
        ("a.md", b"x" * 19_000_000, "too_much_text"),
        ("a.yaml", files.yaml_bomb(30), "archive_bomb"),
        ("a.txt", b"word " * 800_000, "too_many_chunks"),
    ],
    ids=["cut off", "objects", "bomb", "one line", "aliases", "chunks"],
)
def test_a_hostile_file_is_refused_within_the_memory_it_may_take(name: str, body: bytes, code: str) -> None:
    outcome = run(body, name, "knowledge_base", Bounds(memory_bytes=BOUND))

    assert code_of(outcome) == code
    assert 0 < outcome.peak_bytes <= BOUND


def test_deep_pages_are_read_within_the_memory_they_may_take() -> None:
    outcome = run(b"<div>" * 100_000 + b"deep", "a.html", "knowledge_base", Bounds(memory_bytes=BOUND))

    assert isinstance(outcome.found, child.ReadDocument)
    assert [chunk.text for chunk in outcome.found.chunks] == ["deep"]
    assert 0 < outcome.peak_bytes <= BOUND


@pytest.mark.parametrize(
    ("body", "name", "bounds", "code"),
    [
        (files.form_in_itself(), "a.pdf", Bounds(cpu_seconds=1), "too_slow"),
        (b"# text", "a.md", Bounds(wall_seconds=0), "too_slow"),
        (files.inflating_page(100_000_000), "a.pdf", Bounds(memory_bytes=150 * MEBIBYTE), "too_much_memory"),
        (b"<p>text" * 40_000, "a.html", Bounds(memory_bytes=64 * MEBIBYTE), "too_much_memory"),
        (b"word " * 5_000, "a.txt", Bounds(output_bytes=1000), "too_much_text"),
    ],
    ids=["processor", "clock", "memory of PDFium", "memory of Python", "answer"],
)
def test_a_process_ends_at_its_bounds(body: bytes, name: str, bounds: Bounds, code: str) -> None:
    assert code_of(run(body, name, "knowledge_base", bounds)) == code


def test_what_is_too_large_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_WORKER", "no.such.module")

    assert code_of(run(b"x" * (MAX_OBJECT_BYTES + 1), "a.md", "knowledge_base")) == "too_large"


def test_an_unknown_collection_is_no_fault_of_the_file() -> None:
    with pytest.raises(Invalid):
        run(b"# text", "a.md", "no_such_collection")


def test_nothing_of_this_process_is_known_to_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "kept")

    assert set(child._environment()) == {"PYTHONPATH", "LD_LIBRARY_PATH", "LANG"}
    assert all("kept" not in value for value in child._environment().values())


def test_a_process_that_took_too_long_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    def watch(pid: int) -> int:
        started.append(pid)
        return os.pidfd_open(pid)

    monkeypatch.setattr(child, "_watch", watch)

    run(b"# text", "a.md", "knowledge_base", Bounds(wall_seconds=0))

    assert not Path("/proc", str(started[0])).exists()


def script(folder: Path, lines: str) -> Mapping[str, Any]:
    (folder / "stand_in.py").write_text(lines)
    return {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("import os; os.kill(os.getpid(), 11)", "damaged"),
        ("import os; os.abort()", "too_much_memory"),
        ("raise SystemExit(3)", "damaged"),
        ("print('not JSON')", "damaged"),
        ("print('[]')", "damaged"),
        ("print('[' * 100000)", "damaged"),
        ('print(\'{"chunks": [{"text": "a"}]}\')', "damaged"),
        ("import json; print(json.dumps({'media_type': 'a', 'title': 'a\\x00', 'chunks': []}))", "damaged"),
        ("import json; print(json.dumps({'code': 'no_such_code', 'reason': 'x'}))", "damaged"),
        ("import json; print(json.dumps({'code': 'empty', 'reason': 'Nothing.'}))", "empty"),
    ],
)
def test_whatever_a_taken_over_process_says_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, code: str
) -> None:
    environment = script(tmp_path, lines)
    monkeypatch.setattr(child, "_WORKER", "stand_in")
    monkeypatch.setattr(child, "_environment", lambda: environment)

    assert code_of(run(b"x", "a.md", "knowledge_base")) == code


def test_a_module_that_is_missing_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = script(tmp_path, 'print(\'{"broken": "ModuleNotFoundError: mammoth"}\')')
    monkeypatch.setattr(child, "_WORKER", "stand_in")
    monkeypatch.setattr(child, "_environment", lambda: environment)

    with pytest.raises(ReaderBroken, match="mammoth"):
        run(b"x", "a.md", "knowledge_base")


def test_this_process_keeps_its_own_limits() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)

    run(b"# text", "a.md", "knowledge_base")

    assert resource.getrlimit(resource.RLIMIT_AS) == before
