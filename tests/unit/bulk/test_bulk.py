"""A folder into the knowledge: which files, what is uploaded, and what is said of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.aws.names import bucket_named
from infra.local.bulk.files import Found, find
from infra.local.bulk.progress import Progress, Row, State, duration, table
from infra.local.bulk.upload import NotPlaced, Placed, Uploads
from shared.errors import Invalid

TENANT = UUID("00000000-0000-7000-8000-000000000001")
BUCKET = bucket_named("knowledge")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "b.md": "# B",
        "a/deep/c.md": "# C",
        "a/.secret": "hidden",
        ".git/config": "hidden",
        "empty.md": "",
        "con.txt": "a name of Windows",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "link.md").symlink_to(tmp_path / "b.md")
    with (tmp_path / "large.pdf").open("wb") as file:
        file.truncate(26 * 2**20)
    return tmp_path


def _find(folder: Path, prefix: str = "") -> Found:
    return find(folder, TENANT, "knowledge_base", prefix)


def test_every_file_that_can_be_a_document_is_one_and_the_others_say_why(folder: Path) -> None:
    found = _find(folder, "notes/")

    assert sorted(file.address.key for file in found.files) == [
        f"documents/{TENANT}/knowledge_base/notes/a/deep/c.md",
        f"documents/{TENANT}/knowledge_base/notes/b.md",
    ]
    reason = found.ignored.pop("con.txt")
    assert "con" in reason.lower()
    assert found.ignored == {
        ".git": "hidden",
        "a/.secret": "hidden",
        "empty.md": "empty",
        "large.pdf": "larger than 25 MB",
        "link.md": "a link",
    }


@pytest.mark.parametrize(
    ("collection", "prefix"), [("market_comps", ""), ("knowledge_base", "../")], ids=["collection", "prefix"]
)
def test_a_folder_goes_where_documents_go(folder: Path, collection: str, prefix: str) -> None:
    with pytest.raises(Invalid):
        find(folder, TENANT, collection, prefix)


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return client


def _upload(s3: Any, found: Found) -> State:
    state = State(found)
    Uploads(s3, BUCKET, f"documents/{TENANT}/").run(found.files, state.seen)
    return state


def test_what_is_there_with_the_same_bytes_stays(s3: Any, folder: Path) -> None:
    first = _upload(s3, _find(folder))
    (folder / "b.md").write_text("# X")  # as long as before

    again = _upload(s3, _find(folder))

    assert {name: placed.fresh for name, placed in first.placed.items()} == {
        "b.md": True,
        "a/deep/c.md": True,
    }
    assert {name: placed.fresh for name, placed in again.placed.items()} == {
        "b.md": True,
        "a/deep/c.md": False,
    }
    assert again.placed["a/deep/c.md"].version == first.placed["a/deep/c.md"].version
    newest = s3.get_object(Bucket=BUCKET, Key=f"documents/{TENANT}/knowledge_base/b.md")
    assert (newest["Body"].read(), newest["VersionId"]) == (b"# X", again.placed["b.md"].version)


def test_a_file_that_cannot_be_read_holds_nobody_up(s3: Any, folder: Path) -> None:
    found = _find(folder)
    (folder / "b.md").unlink()

    state = _upload(s3, found)

    assert list(state.placed) == ["a/deep/c.md"]
    assert "No such file" in state.failed["b.md"]


def test_an_interruption_ends_what_has_not_begun(s3: Any, folder: Path) -> None:
    (file, *_) = _find(folder).files
    many = [replace(file, address=replace(file.address, name=f"{number}.md")) for number in range(200)]

    def interrupt(_: Placed | NotPlaced) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Uploads(s3, BUCKET, f"documents/{TENANT}/").run(many, interrupt)

    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] < 200


def test_a_bucket_that_is_missing_is_said(s3: Any, folder: Path) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        Uploads(s3, "nowhere", "").run(_find(folder).files, lambda _: None)


@pytest.fixture
def half_done(folder: Path) -> State:
    """c.md is indexed; of b.md the rows know an older version only."""
    state = State(_find(folder))
    for file in state.found.files:
        state.seen(Placed(file, f"v-{file.path.name}", fresh=file.path.name == "b.md"))
    state.rows = {"a/deep/c.md": Row("indexed", "v-c.md"), "b.md": Row("indexed", "older")}
    return state


def test_a_document_is_done_when_its_rows_are_of_the_version_in_the_bucket(half_done: State) -> None:
    numbers = half_done.numbers()

    assert (numbers["indexed"], numbers["left"], numbers["uploaded"], numbers["unchanged"]) == (1, 1, 1, 1)
    half_done.rows["b.md"] = Row("quarantined", "v-b.md", "empty", "The file is empty.")
    assert half_done.numbers()["left"] == 0
    assert half_done.reasons() == {"The file is empty.": ["b.md"]}


def test_the_table_names_what_is_wrong(half_done: State) -> None:
    half_done.rows["b.md"] = Row("quarantined", "v-b.md", "empty", "The file is empty.")
    half_done.failed["z.md"] = "Permission denied"

    said = table(half_done, 90)

    assert "        1  in quarantine\n" in said
    assert "In quarantine: The file is empty.\n  b.md" in said
    assert "Not uploaded: Permission denied\n  z.md" in said
    assert said.endswith("1 min 30 s, 0.0 files a second")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "0 s"), (75, "1 min 15 s"), (3600, "1 h 0 min"), (5400, "1 h 30 min")]
)
def test_a_duration_is_said_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _clock(*moments: float) -> Callable[[], float]:
    return iter(moments).__next__


def test_on_a_terminal_the_line_is_drawn_in_place_with_the_time_that_is_left(half_done: State) -> None:
    out = _Terminal()
    progress = Progress(out, _clock(0, 10))
    rows, half_done.rows = half_done.rows, {}
    progress.show(half_done)
    half_done.rows = rows
    progress.show(half_done)
    progress.end()

    first, last = out.getvalue().split("\r\x1b[2K")[1:]
    assert first == "  1 uploaded, 1 were there; 0 indexed, 0 in quarantine, 2 left"
    assert last == "  1 uploaded, 1 were there; 1 indexed, 0 in quarantine, 1 left; 0.1/s, 10 s to go\n"


def test_elsewhere_there_is_a_line_now_and_then(half_done: State) -> None:
    out = io.StringIO()
    progress = Progress(out, _clock(0, 1, 6))
    for rows in ({}, half_done.rows, half_done.rows):
        half_done.rows = rows
        progress.show(half_done)
    progress.end()

    assert len(out.getvalue().splitlines()) == 2
