"""Rows of the knowledge context. The SQL stands in queries.sql."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.types.json import Jsonb

from functions.knowledge.address import document_id
from functions.knowledge.chunk import Chunk
from shared.adapters.vectors import point_id
from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    # It cuts, with what parses source code.
    from functions.knowledge.kits import KitFile

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class StoredDocument:
    """An indexed document as its rows say it: its payload, its chunks, when it changed last."""

    id: UUID
    collection: str
    name: str
    payload: dict[str, Any]
    updated_at: datetime
    chunks: list[Chunk]


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

    def put_kit_file(self, tenant_id: UUID, file: KitFile, model: str) -> UUID:
        """Write the document of a file and its chunks in place of those before; return its id."""
        asset, collection = file.asset, file.place.collection
        id_ = document_id(tenant_id, collection.name, file.place.name)
        self._work.execute(
            self._sql["put_kit_document"],
            {
                "id": id_,
                "project_id": asset.project_id,
                "collection": collection.name,
                "name": file.place.name,
                "bucket": asset.bucket,
                "key": asset.key,
                "version": asset.version,
                "content_hash": asset.sha256,
                "media_type": asset.content_type,
                "size_bytes": asset.size_bytes,
                "payload": Jsonb(dict(file.place.payload)),
                "embedding_model": model,
                "embedding_dimension": collection.dimension,
                "chunk_count": len(file.chunks),
            },
        )
        self.put_chunks(tenant_id, id_, file.chunks)
        return id_

    def put_chunks(self, tenant_id: UUID, document: UUID, chunks: Sequence[Chunk]) -> None:
        """Write the chunks of a document in place of those before."""
        self._work.execute(self._sql["delete_chunks"], {"document_id": document})
        rows = [
            {
                # Not the point's: two collections may have a document of one name.
                "id": point_id(tenant_id, str(document), position),
                "document_id": document,
                "position": position,
                "heading": chunk.heading or None,
                "content": chunk.text,
                "payload": Jsonb(dict(chunk.payload)),
            }
            for position, chunk in enumerate(chunks)
        ]
        if rows:
            self._work.execute_many(self._sql["insert_chunk"], rows)

    def list_documents(self, after: UUID | None, limit: int) -> list[tuple[UUID, int]]:
        """Return at most `limit` documents after one of them: id and number of chunks."""
        rows = self._work.fetch_all(self._sql["list_documents"], {"after": after, "limit": limit})
        return [(row["id"], row["chunk_count"]) for row in rows]

    def list_of_collection(self, collection: str) -> list[tuple[UUID, str, int]]:
        """Return every document of a collection: id, name and number of chunks."""
        rows = self._work.fetch_all(self._sql["list_documents_of_collection"], {"collection": collection})
        return [(row["id"], row["name"], row["chunks"]) for row in rows]

    def list_ids_between(self, after: UUID | None, through: UUID) -> list[UUID]:
        """Return the ids of the documents after one and up to another."""
        rows = self._work.fetch_all(self._sql["list_ids_between"], {"after": after, "through": through})
        return [row["id"] for row in rows]

    def read(self, ids: Collection[UUID]) -> list[StoredDocument]:
        """Return those of the documents that there are."""
        rows = self._work.fetch_all(self._sql["read_documents"], {"ids": list(ids)})
        chunks = self._work.fetch_all(self._sql["read_chunks"], {"ids": list(ids)})
        held: dict[UUID, list[Chunk]] = {row["id"]: [] for row in rows}
        for row in chunks:
            held[row["document_id"]].append(Chunk(row["content"], row["heading"] or "", row["payload"]))
        return [StoredDocument(**row, chunks=held[row["id"]]) for row in rows]

    def stamps(self, ids: Collection[UUID]) -> Mapping[UUID, datetime]:
        """Return when those of the documents that there are changed last."""
        rows = self._work.fetch_all(self._sql["read_stamps"], {"ids": list(ids)})
        return {row["id"]: row["updated_at"] for row in rows}

    def note_model(self, ids: Collection[UUID], dimension: int, model: str) -> None:
        """Say which model embeds those of the documents whose vectors have so many dimensions."""
        values = {"ids": list(ids), "dimension": dimension, "model": model}
        self._work.execute(self._sql["note_model"], values)

    def list_tenants(self, after: UUID | None, limit: int) -> list[UUID]:
        """Return the next tenants that have documents, by id; the unit of work must be the system's."""
        rows = self._work.fetch_all(
            self._sql["list_tenants_with_documents"], {"after": after, "limit": limit}
        )
        return [row["tenant_id"] for row in rows]

    def count_chunks(self) -> Mapping[str, Counted]:
        """Return what each collection should hold of this tenant; collections without anything are left out."""
        rows = self._work.fetch_all(self._sql["count_chunks"])
        return {row["collection"]: Counted(row["documents"], row["chunks"]) for row in rows}
