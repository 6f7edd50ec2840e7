"""Rows of uploaded documents, written only by whoever claimed them last. The SQL stands in queries.sql."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from functions.knowledge.address import Address
from functions.knowledge.chunk import Chunk
from functions.knowledge.repository import KnowledgeRepository
from functions.knowledge.uploads.states import Refusal
from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Claimed:
    """A document as whoever claimed it found it. content_hash: None unless the rows of a version are complete."""

    status: str
    version: str | None
    content_hash: str | None
    payload: dict[str, Any]
    embedding_model: str | None


@dataclass(frozen=True)
class Version:
    """What is written of a version that was read."""

    bucket: str
    version: str | None
    content_hash: str
    title: str | None
    media_type: str
    size_bytes: int
    payload: dict[str, Any]
    embedding_model: str
    embedding_dimension: int
    chunks: list[Chunk]


@dataclass(frozen=True)
class Forgotten:
    """A document that should be on its way and that nothing has touched for long."""

    tenant_id: UUID
    id: UUID
    key: str
    status: str
    updated_at: Any


class UploadRepository:
    """Uploaded documents within one unit of work of their tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._sql = load_queries(_FOLDER)

    def claim(self, address: Address, bucket: str, claim: UUID, *, again: bool) -> Claimed | None:
        """Claim a document; its row is made if there is none. None: there is no such tenant."""
        values = {
            "id": address.document_id,
            "collection": address.collection,
            "name": address.name,
            "bucket": bucket,
            "key": address.key,
            "claim": claim,
            "again": again,
        }
        row = self._work.fetch_one(self._sql["claim"], values)
        return None if row is None else Claimed(**row)

    def begin(self, address: Address, claim: UUID) -> bool:
        """Say that the document is being indexed; whether the claim still holds."""
        return self._on_claimed("begin", address, claim)

    def renew(self, address: Address, claim: UUID, version: str | None) -> bool:
        """Say that the rows are of another version, too; whether the claim still holds."""
        return self._on_claimed("renew", address, claim, version=version)

    def write(self, address: Address, claim: UUID, read: Version) -> bool:
        """Write a version and its chunks in place of the one before; whether the claim still holds."""
        held = self._on_claimed(
            "write",
            address,
            claim,
            bucket=read.bucket,
            key=address.key,
            version=read.version,
            content_hash=read.content_hash,
            title=read.title,
            media_type=read.media_type,
            size_bytes=read.size_bytes,
            payload=Jsonb(read.payload),
            embedding_model=read.embedding_model,
            embedding_dimension=read.embedding_dimension,
            chunk_count=len(read.chunks),
        )
        if held:
            self._put_chunks(address, read.chunks)
        return held

    def empty(self, address: Address, claim: UUID, version: str | None, size_bytes: int) -> bool:
        """Remove what is known of a document and its chunks, not the document; whether the claim still holds."""
        held = self._on_claimed("empty", address, claim, version=version, size_bytes=size_bytes)
        if held:
            self._put_chunks(address, [])
        return held

    def settle(self, address: Address, claim: UUID) -> bool:
        """Say that the document is indexed; whether the claim still holds."""
        return self._on_claimed("settle", address, claim)

    def refuse(self, address: Address, claim: UUID, refusal: Refusal) -> bool:
        """Say that the document is in quarantine and why; whether the claim still holds."""
        return self._on_claimed(
            "refuse", address, claim, reason_code=refusal.code, reason=storable(refusal.reason)
        )

    def delete(self, address: Address, claim: UUID) -> bool:
        """Delete a document and its chunks; whether the claim still held."""
        values = {"id": address.document_id, "claim": claim}
        if self._work.fetch_one(self._sql["lock_claimed"], values) is None:
            return False
        self._put_chunks(address, [])
        return self._on_claimed("delete_claimed_document", address, claim)

    def put_quarantined(
        self, bucket: str, key: str, version: str | None, size_bytes: int, refusal: Refusal
    ) -> None:
        """Keep why a version of an object is not indexed; the unit of work is that of whose quarantine it is."""
        self._work.execute(
            self._sql["put_quarantined"],
            {
                "bucket": bucket,
                "key": storable(key),
                "version": version,
                "size_bytes": size_bytes,
                "reason_code": refusal.code,
                "reason": storable(refusal.reason),
            },
        )

    def find_forgotten(self, stall_seconds: int, awaited_seconds: int, limit: int) -> list[Forgotten]:
        """Return documents of every tenant that wait for nothing; the unit of work must be the system's."""
        values = {"stall_seconds": stall_seconds, "awaited_seconds": awaited_seconds, "limit": limit}
        return [Forgotten(**row) for row in self._work.fetch_all(self._sql["find_forgotten"], values)]

    def touch(self, document: Forgotten) -> dict[str, str] | None:
        """Note that a document is asked for again; its bucket and key, None when something touched it meanwhile."""
        values = {"id": document.id, "updated_at": document.updated_at}
        return self._work.fetch_one(self._sql["touch_forgotten"], values)

    def _on_claimed(self, name: str, address: Address, claim: UUID, **values: Any) -> bool:
        given = {"id": address.document_id, "claim": claim, **values}
        return self._work.execute(self._sql[name], given) == 1

    def _put_chunks(self, address: Address, chunks: list[Chunk]) -> None:
        KnowledgeRepository(self._work).put_chunks(address.tenant_id, address.document_id, chunks)


def storable(text: str) -> str:
    """Return a text as PostgreSQL takes it: other characters than NUL and lone surrogates."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
