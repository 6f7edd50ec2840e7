"""Rows of the knowledge context. The SQL stands in queries.sql."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from functions.knowledge.kits import KitFile, document_id
from shared.adapters.vectors import point_id
from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class StoredDocument:
    """An indexed document as its rows say it: where its object lies, its passages, when it changed last."""

    id: UUID
    collection: str
    project_id: UUID
    key: str
    version: str | None
    updated_at: datetime
    passages: list[str]


@dataclass(frozen=True)
class Counted:
    """How many documents that have passages, and how many passages."""

    documents: int
    chunks: int


class KnowledgeRepository:
    """Documents and their chunks within one unit of work of a tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._sql = load_queries(_FOLDER)

    def put(self, tenant_id: UUID, file: KitFile, model: str) -> UUID:
        """Write the document of a file and its chunks in place of those before; return its id."""
        asset, collection = file.asset, file.place.collection
        id_ = document_id(tenant_id, collection.name, file.place.name)
        self._work.execute(
            self._sql["put_document"],
            {
                "id": id_,
                "project_id": asset.project_id,
                "collection": collection.name,
                "bucket": asset.bucket,
                "key": asset.key,
                "version": asset.version,
                "content_hash": asset.sha256,
                "embedding_model": model,
                "embedding_dimension": collection.dimension,
                "chunk_count": len(file.passages),
            },
        )
        self._work.execute(self._sql["delete_chunks"], {"document_id": id_})
        rows = [
            {
                "id": point_id(tenant_id, file.place.name, position),
                "document_id": id_,
                "position": position,
                "content": content,
            }
            for position, content in enumerate(file.passages)
        ]
        if rows:
            self._work.execute_many(self._sql["insert_chunk"], rows)
        return id_

    def list_documents(self, after: UUID | None, limit: int) -> list[tuple[UUID, int]]:
        """Return at most `limit` documents after one of them: id and number of chunks."""
        rows = self._work.fetch_all(self._sql["list_documents"], {"after": after, "limit": limit})
        return [(row["id"], row["chunk_count"]) for row in rows]

    def list_of_collection(self, collection: str) -> list[tuple[UUID, str, int]]:
        """Return every document of a collection: id, key and number of chunks."""
        rows = self._work.fetch_all(self._sql["list_documents_of_collection"], {"collection": collection})
        return [(row["id"], row["key"], row["chunks"]) for row in rows]

    def list_ids_between(self, after: UUID | None, through: UUID) -> list[UUID]:
        """Return the ids of the documents after one and up to another."""
        rows = self._work.fetch_all(self._sql["list_ids_between"], {"after": after, "through": through})
        return [row["id"] for row in rows]

    def read(self, ids: Collection[UUID]) -> list[StoredDocument]:
        """Return those of the documents that there are."""
        rows = self._work.fetch_all(self._sql["read_documents"], {"ids": list(ids)})
        return [StoredDocument(**row) for row in rows]

    def stamps(self, ids: Collection[UUID]) -> Mapping[UUID, datetime]:
        """Return when those of the documents that there are changed last."""
        rows = self._work.fetch_all(self._sql["read_stamps"], {"ids": list(ids)})
        return {row["id"]: row["updated_at"] for row in rows}

    def note_model(self, ids: Collection[UUID], model: str) -> None:
        """Say which model embeds documents."""
        self._work.execute(self._sql["note_model"], {"ids": list(ids), "model": model})

    def count_chunks(self) -> Mapping[str, Counted]:
        """Return what each collection should hold of this tenant; collections without anything are left out."""
        rows = self._work.fetch_all(self._sql["count_chunks"])
        return {row["collection"]: Counted(row["documents"], row["chunks"]) for row in rows}
