"""The files of a kit in the vector engine: documents as passages, source code by file.

The rows say what is indexed where; the points can be made again from them and from S3 alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from functions.knowledge.chunking import chunk_text
from functions.knowledge.collections import CODE_EMBEDDINGS, DOC_CHUNKS, Collection
from functions.knowledge.service import Document, index_documents
from shared.adapters.vectors import point_id
from shared.bootstrap import Container
from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork
from shared.models.asset import Asset

_FOLDER = Path(__file__).parent
_LANGUAGES = {".py": "python", ".toml": "toml", ".yml": "yaml"}
_DOCUMENTS = (".md", ".json")


@dataclass(frozen=True)
class _Source:
    """A file of a kit and where it is indexed."""

    asset: Asset
    collection: Collection
    document: Document


def _source(asset: Asset, text: str) -> _Source | None:
    """Return a file as a document of its collection; None for what is not indexed (pictures, film, archive)."""
    suffix = PurePosixPath(asset.path).suffix
    name = f"{asset.project_id}/{asset.path}"
    if asset.path.startswith("project/"):
        if suffix not in _LANGUAGES:
            return None
        payload = {
            "project_id": str(asset.project_id),
            "file_path": asset.path.removeprefix("project/"),
            "language": _LANGUAGES[suffix],
            "last_modified": asset.created_at.isoformat(),
        }
        return _Source(asset, CODE_EMBEDDINGS, Document(name, text, payload))
    if asset.path.startswith("docs/") and suffix in _DOCUMENTS:
        payload = {
            "project_id": str(asset.project_id),
            "doc_type": PurePosixPath(asset.path).stem,
        }
        return _Source(asset, DOC_CHUNKS, Document(name, text, payload))
    return None


def _is_text(asset: Asset) -> bool:
    return asset.content_type.startswith("text/") or asset.content_type == "application/json"


def index_kit(own: Container, tenant_id: UUID, assets: list[Asset]) -> int:
    """Index the documents and the code of a kit; return how many files. Doing it again changes nothing."""
    found = [
        source
        for asset in assets
        if _is_text(asset)
        and (source := _source(asset, own.objects.get(asset.bucket, asset.key, asset.version).decode()))
    ]
    for collection in (DOC_CHUNKS, CODE_EMBEDDINGS):
        documents = [source.document for source in found if source.collection is collection]
        embedder = own.embedder_of(collection.dimension)
        index_documents(own.vectors, embedder, tenant_id, collection.name, documents)
    with own.database.transaction(tenant_id) as work:
        for source in found:
            _record(work, own, tenant_id, source)
    return len(found)


def _record(work: UnitOfWork, own: Container, tenant_id: UUID, source: _Source) -> None:
    sql = load_queries(_FOLDER)
    asset, collection = source.asset, source.collection
    chunks = chunk_text(source.document.text)
    document_id = point_id(tenant_id, f"{collection.name}/{source.document.id}", 0)
    embedder = own.embedder_of(collection.dimension)
    work.execute(
        sql["put_document"],
        {
            "id": document_id,
            "project_id": asset.project_id,
            "collection": collection.name,
            "bucket": asset.bucket,
            "key": asset.key,
            "version": asset.version,
            "content_hash": asset.sha256,
            "embedding_model": embedder.model,
            "embedding_dimension": embedder.dimension,
            "chunk_count": len(chunks),
        },
    )
    work.execute(sql["delete_chunks"], {"document_id": document_id})
    rows: list[dict[str, Any]] = [
        {
            "id": point_id(tenant_id, source.document.id, position),
            "document_id": document_id,
            "position": position,
            "content": content,
        }
        for position, content in enumerate(chunks)
    ]
    if rows:
        work.execute_many(sql["insert_chunk"], rows)
