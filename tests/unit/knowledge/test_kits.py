"""The files of a kit are indexed where they belong, cut by what they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from functions.knowledge.kits import KitFile, kit_file
from shared.models.asset import Asset, AssetId, AssetType
from shared.models.project import ProjectId
from shared.models.run import RunId

PROJECT = UUID(int=7)
MADE = datetime(2026, 11, 22, tzinfo=UTC)


def asset(path: str, content_type: str) -> Asset:
    return Asset(
        id=AssetId(UUID(int=1)),
        tenant_id=UUID(int=3),
        project_id=ProjectId(PROJECT),
        run_id=RunId(UUID(int=2)),
        type=AssetType.OTHER,
        path=path,
        bucket="assets",
        key=f"projects/{PROJECT}/{path}",
        version="1",
        sha256="0" * 64,
        filename=path.rpartition("/")[2],
        content_type=content_type,
        size_bytes=1,
        metadata={},
        created_at=MADE,
    )


def indexed(path: str, text: str, content_type: str = "text/plain") -> KitFile:
    file = kit_file(asset(path, content_type), lambda _asset: text.encode())
    assert file is not None
    return file


def test_code_is_indexed_by_its_functions() -> None:
    file = indexed("project/app/quota.py", "import os\n\n\ndef settle(due):\n    return due or os.name\n")

    assert file.place.collection.name == "code_embeddings"
    assert file.place.name == f"{PROJECT}/project/app/quota.py"
    assert file.place.payload == {
        "project_id": str(PROJECT),
        "file_path": "app/quota.py",
        "language": "python",
        "last_modified": "2026-11-22T00:00:00+00:00",
    }
    assert [chunk.payload.get("function_name") for chunk in file.chunks] == [None, "settle"]
    assert file.chunks[1].payload["complexity"] == 2
    assert file.chunks[1].payload["imports"] == ["os"]


def test_documents_are_indexed_by_their_sections() -> None:
    file = indexed("docs/prd.md", "# Quota\n\nA right.\n\n## Pay\n\nThe harbour pays.", "text/markdown")

    assert file.place.collection.name == "doc_chunks"
    assert file.place.payload == {"project_id": str(PROJECT), "doc_type": "prd"}
    assert [chunk.heading for chunk in file.chunks] == ["Quota", "Quota > Pay"]


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("project/pyproject.toml", "toml"),
        ("project/ci.yml", "yaml"),
        ("project/web/app.ts", "typescript"),
        ("project/web/style.css", "css"),
        ("project/schema.sql", "sql"),
    ],
)
def test_what_a_project_is_written_in_is_indexed(path: str, language: str) -> None:
    file = indexed(path, "name: quota\n")

    assert file.place.payload["language"] == language
    assert [(chunk.text, chunk.payload["language"]) for chunk in file.chunks] == [("name: quota", language)]


def test_a_plan_is_indexed_by_its_keys() -> None:
    text = json.dumps({"epics": ["offer quota " * 60], "risks": ["a storm " * 90]})

    file = indexed("docs/plan.json", text, "application/json")

    assert [chunk.heading for chunk in file.chunks] == ["epics", "risks"]


def test_a_blank_file_has_no_chunks() -> None:
    assert indexed("project/app/__init__.py", "").chunks == []


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("docs/wireframe.png", "image/png"),
        ("project/app/logo.py", "image/png"),
        ("project/LICENSE", "text/plain"),
        ("prototype/index.html", "text/html"),
        ("kit.zip", "application/zip"),
    ],
)
def test_what_is_not_indexed_is_not_read(path: str, content_type: str) -> None:
    def read(_asset: Any) -> bytes:
        raise AssertionError("read")

    assert kit_file(asset(path, content_type), read) is None
