"""/v1/documents and /v1/collections: what a tenant has uploaded, what became of it, and where it is searched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from functions.knowledge import documents as held
from functions.knowledge.address import encode_attributes
from functions.knowledge.collections import COLLECTIONS, Collection
from functions.knowledge.extraction.limits import MAX_OBJECT_BYTES
from functions.knowledge.serving import GONE, spec_in_use
from shared.adapters.vectors import AUDIENCE_FIELD, EVERYBODY, CollectionMissing, Scope
from shared.errors import DependencyUnavailable, NotFound
from shared.http.call import Call
from shared.http.paging import page_of
from shared.http.resource import Resource
from shared.models.document import (
    CollectionList,
    CollectionOut,
    DocumentCreate,
    DocumentCreated,
    DocumentDetail,
    DocumentList,
    DocumentOut,
    DocumentQuery,
    DocumentRow,
    DocumentUpload,
    FilterField,
    StatusCounts,
    document_fields,
    document_out,
)
from shared.models.knowledge import ATTRIBUTES
from shared.settings import VectorSettings

documents = Resource("knowledge.documents")
handler = documents.handler

_NOTHING = (StatusCounts(awaiting_upload=0, indexing=0, indexed=0, quarantined=0), 0)
_ANY_TYPE = "application/octet-stream"


def _with_upload(call: Call[Any], kept: dict[str, Any]) -> DocumentCreated:
    """Return the kept answer with a form for its file, signed anew: nothing keeps what lets one write."""
    asked: DocumentCreate = call.body
    address = held.address_in(call.caller.tenant_id, asked)
    form = call.own.objects.signed_post(
        call.own.storage.knowledge_bucket,
        address.key,
        held.UPLOAD_SECONDS,
        MAX_OBJECT_BYTES,
        asked.content_type,
        encode_attributes(held.attributes_of(asked)),
    )
    upload = DocumentUpload(
        url=form.url,
        fields=dict(form.fields),
        max_bytes=MAX_OBJECT_BYTES,
        expires_at=_moment(call.now, held.UPLOAD_SECONDS),
    )
    return DocumentCreated(**kept, upload=upload)


def _moment(now: datetime, seconds: int) -> str:
    return (now + timedelta(seconds=seconds)).replace(microsecond=0).isoformat()


@documents.operation(
    body=DocumentCreate,
    answer=DocumentCreated,
    status=201,
    location="/v1/documents/{id}",
    present=_with_upload,
    example={
        "collection": "knowledge_base",
        "name": "guides/returns.md",
        "content_type": "text/markdown",
        "attributes": {"category": "documentation", "tags": ["returns"]},
    },
)
def create_document(call: Call[DocumentCreate]) -> DocumentOut:
    """Upload a document: get a form to which its file is posted.

    Post the file to `upload.url` as `multipart/form-data`: all of `upload.fields`, then the part `file`. It is
    indexed once it is there; `status` says how far it is. A name that exists already is a new version: the one before
    is found until the new one is read. What a file is, its content says, whatever its name or type.
    """
    bucket = call.own.storage.knowledge_bucket
    return document_out(held.await_upload(call.work, call.caller.tenant_id, bucket, call.body))


@documents.operation(query=DocumentQuery, answer=DocumentList)
def list_documents(call: Call[None]) -> DocumentList:
    """List the documents, files of kits among them.

    `collection`, `status` and `name_prefix` narrow the list.
    """
    asked = call.asked(DocumentQuery)

    def read(after: UUID | None, limit: int) -> list[DocumentRow]:
        return list(held.list_documents(call.work, asked, after, limit))

    return DocumentList(**page_of(asked, read, document_out))


@documents.operation(answer=DocumentDetail)
def get_document(call: Call[None]) -> DocumentDetail:
    """Read a document, with a signed URL of its file."""
    return _detail(call, held.get_document(call.work, call.path_id("document_id")))


def _detail(call: Call[None], row: DocumentRow) -> DocumentDetail:
    url = expires = None
    if row.version is not None:
        seconds = call.own.storage.signed_url_seconds
        expires = _moment(call.now, seconds)
        url = call.own.objects.signed_url(
            row.bucket,
            row.key,
            seconds=seconds,
            filename=PurePosixPath(row.name).name,
            content_type=row.media_type or _ANY_TYPE,
            version=row.version,
        )
    return DocumentDetail(**document_fields(row), download_url=url, download_expires_at=expires)


@documents.operation(conflicts=True, transaction=False)
def delete_document(call: Call[None]) -> None:
    """Delete an uploaded document: its file, its passages, and all that answers say of it.

    Files of kits stay with their projects.
    """
    tenant_id = call.caller.tenant_id
    with call.own.database.transaction(tenant_id) as work:
        found = held.get_document(work, call.path_id("document_id"))
    held.refuse_kit(found)
    held.delete_document(call.own, tenant_id, found)


@documents.operation(answer=CollectionList, transaction=False)
def list_collections(call: Call[None]) -> CollectionList:
    """List the collections: what each holds, what searches filter by, how much of it is yours."""
    counts = _counts(call)
    shown = [_collection(call, each, counts.get(name, _NOTHING)) for name, each in COLLECTIONS.items()]
    return CollectionList(data=shown)


@documents.operation(answer=CollectionOut, transaction=False, choices={"collection": tuple(COLLECTIONS)})
def get_collection(call: Call[None]) -> CollectionOut:
    """Read a collection."""
    name = call.request.path_text("collection") or ""
    if name not in COLLECTIONS:
        raise NotFound(f"There is no such collection; there are {', '.join(COLLECTIONS)}.")
    return _collection(call, COLLECTIONS[name], _counts(call).get(name, _NOTHING))


def _counts(call: Call[None]) -> Mapping[str, tuple[StatusCounts, int]]:
    with call.own.database.transaction(call.caller.tenant_id) as work:
        return held.count_documents(work)


def _collection(call: Call[None], found: Collection, counts: tuple[StatusCounts, int]) -> CollectionOut:
    statuses, chunks = counts
    attributes = ATTRIBUTES.get(found.name)
    return CollectionOut.model_validate(
        {
            "name": found.name,
            "holds": found.holds,
            "dimension": found.dimension,
            "embedding_model": _model_in_use(call, found),
            "attributes": None if attributes is None else list(attributes.model_fields),
            "filters": [FilterField(name=field, type=kind) for field, kind in found.indexes.items()],
            "documents": sum(statuses.model_dump().values()),
            "chunks": chunks,
            "house_chunks": _house_chunks(call, found),
            "statuses": statuses,
        }
    )


def _house_chunks(call: Call[None], found: Collection) -> int | None:
    house = UUID(call.own.settings(VectorSettings).house_tenant_id)
    try:
        return call.own.vectors.count(
            spec_in_use(call.own.vectors, found), Scope(house), {AUDIENCE_FIELD: EVERYBODY}
        )
    except (*GONE, DependencyUnavailable):
        return None


def _model_in_use(call: Call[None], found: Collection) -> str | None:
    try:
        return call.own.vectors.in_use(found.name).model
    except (CollectionMissing, DependencyUnavailable):
        return None
