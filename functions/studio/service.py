"""Generated code projects and their files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from uuid import UUID

from functions.studio.archive import write_zip
from functions.studio.project import ProjectFile, generate_project
from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork

__all__ = ["ProjectFile", "generate_project", "save_project", "write_zip"]

_FOLDER = Path(__file__).parent
PREVIEW_CHARACTERS = 1000


def save_project(
    work: UnitOfWork, project_id: UUID, run_id: UUID, output_directory: str, files: list[ProjectFile]
) -> UUID:
    """Write a completed code project and its files; `output_directory` is their prefix in the bucket."""
    sql = load_queries(_FOLDER)
    sizes = [len(file.content.encode()) for file in files]
    row = work.fetch_one(
        sql["insert_project"],
        {
            "project_id": project_id,
            "run_id": run_id,
            "output_directory": output_directory,
            "total_files": len(files),
            "total_size": sum(sizes),
        },
    )
    if row is None:
        raise LookupError("insert_project returned no row")
    made: UUID = row["id"]
    rows: list[dict[str, Any]] = [
        {
            "generated_project_id": made,
            "file_path": file.path,
            "file_name": file.path.rsplit("/", 1)[-1],
            "file_type": file.file_type,
            "file_size": size,
            "content_hash": hashlib.sha256(file.content.encode()).hexdigest(),
            "content_preview": file.content[:PREVIEW_CHARACTERS],
        }
        for file, size in zip(files, sizes, strict=True)
    ]
    work.execute_many(sql["insert_file"], rows)
    return made
