"""A document of the knowledge base as the API takes and shows it, and the collections that documents go to."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, GetJsonSchemaHandler, JsonValue
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from shared.models.base import Entity, IdText, PageQuery, TimeText, WireModel, line
from shared.models.knowledge import ATTRIBUTES

CollectionName = Literal[
    "market_comps",
    "doc_chunks",
    "code_patterns",
    "marketing_knowledge",
    "user_behavior_patterns",
    "campaign_history",
    "code_embeddings",
    "knowledge_base",
]
UploadCollection = Literal[
    "doc_chunks", "code_patterns", "marketing_knowledge", "code_embeddings", "knowledge_base"
]
"""Those that take uploads: the keys of `shared.models.knowledge.ATTRIBUTES`."""
DocumentStatus = Literal["awaiting_upload", "indexing", "indexed", "quarantined"]
Origin = Literal["kit", "upload"]

ContentType = Annotated[
    str,
    Field(
        min_length=3,
        max_length=100,
        pattern=r"^[A-Za-z0-9_.+-]+/[A-Za-z0-9_.+-]+(; ?[A-Za-z0-9_-]+=[A-Za-z0-9_.-]+)*$",
        description="a media type; the file itself says what it is",
    ),
]


class _Described:
    """Says in JSON Schema what attributes are: those of any one of the collections."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        del schema
        models = [model.__pydantic_core_schema__ for model in ATTRIBUTES.values()]
        return handler(core_schema.union_schema(list(models)))


Attributes = Annotated[dict[str, Any], _Described()]
"""What the uploader says of a document; which fields there are, its collection says."""


class DocumentRow(Entity):
    """A row of knowledge.documents, as far as it is shown."""

    id: UUID
    project_id: UUID | None
    collection: str
    name: str
    origin: Origin
    status: DocumentStatus
    reason_code: str | None
    reason: str | None
    title: str | None
    media_type: str | None
    size_bytes: int | None
    content_hash: str | None
    payload: dict[str, JsonValue]
    embedding_model: str | None
    chunk_count: int
    bucket: str
    key: str
    version: str | None
    indexed_at: AwareDatetime | None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class DocumentCreate(WireModel):
    """A document that is about to be uploaded. name: a relative path, by which a later version replaces it."""

    collection: UploadCollection
    name: Annotated[str, line(260)]
    content_type: ContentType = "application/octet-stream"
    attributes: Attributes = Field(default_factory=dict)


class DocumentQuery(PageQuery):
    """Which documents: of one collection, in one status, with names that begin so."""

    collection: CollectionName | None = None
    status: DocumentStatus | None = None
    name_prefix: Annotated[str, line(260)] | None = None


class DocumentOut(WireModel):
    """A document.

    status: `awaiting_upload` until its object is there, `indexing`, `indexed`, or `quarantined` with the reason why
    it cannot be read. While a new version is on its way the passages of the one before are found. origin: `kit` for
    what agents wrote. attributes: what search filters by. sha256, size_bytes, title, media_type: of the version that
    was read last; before the first one media_type is what its uploader said.
    """

    id: IdText
    collection: CollectionName
    name: str
    origin: Origin
    project_id: IdText | None
    status: DocumentStatus
    reason_code: str | None
    reason: str | None
    title: str | None
    media_type: str | None
    size_bytes: int | None
    sha256: str | None
    attributes: dict[str, JsonValue]
    chunk_count: int
    embedding_model: str | None
    indexed_at: TimeText | None
    created_at: TimeText
    updated_at: TimeText


class DocumentDetail(DocumentOut):
    """A document with a signed URL of its file.

    download_url: saves the file, for as long as `download_expires_at` says; null before anything was uploaded.
    """

    download_url: str | None
    download_expires_at: TimeText | None


class DocumentUpload(WireModel):
    """Where a file goes: a POST of `multipart/form-data` to `url` with all `fields`, then the part `file`, last.

    max_bytes: S3 refuses a file that is longer. After `expires_at` ask again.
    """

    url: str
    fields: dict[str, str]
    max_bytes: int
    expires_at: TimeText


class DocumentCreated(DocumentOut):
    """A document that awaits its file, and where the file goes."""

    upload: DocumentUpload


class DocumentList(WireModel):
    """A page of documents."""

    data: list[DocumentOut]
    next_cursor: str | None


class FilterField(WireModel):
    """A field that searches filter by, and what its values are."""

    name: str
    type: Literal["keyword", "integer", "float", "bool", "datetime"]


class StatusCounts(WireModel):
    """How many documents are in each status."""

    awaiting_upload: int
    indexing: int
    indexed: int
    quarantined: int


class CollectionOut(WireModel):
    """A collection: what it holds in general, and of this tenant.

    dimension: of its dense vectors, which `embedding_model` makes; null while it is being made. attributes: what an
    uploader may say of a document; null where the product itself is the only writer. filters: what searches may
    filter by. house_chunks: what the house shares in it, comparables among others, which searches find with
    `include_house`; null while the engine does not answer.
    """

    name: CollectionName
    holds: str
    dimension: int
    embedding_model: str | None
    attributes: list[str] | None
    filters: list[FilterField]
    documents: int
    chunks: int
    house_chunks: int | None
    statuses: StatusCounts


class CollectionList(WireModel):
    """All collections."""

    data: list[CollectionOut]


_MOMENTS = ("indexed_at", "created_at", "updated_at")
_SHOWN_ALIKE = (
    "collection",
    "name",
    "origin",
    "status",
    "reason_code",
    "reason",
    "title",
    "media_type",
    "size_bytes",
    "chunk_count",
    "embedding_model",
)


def document_fields(row: DocumentRow) -> dict[str, Any]:
    """Return the fields of a document as the API shows it."""
    moments = {name: getattr(row, name) for name in _MOMENTS}
    return {
        "id": str(row.id),
        "project_id": None if row.project_id is None else str(row.project_id),
        "sha256": row.content_hash,
        "attributes": row.payload,
        **{name: getattr(row, name) for name in _SHOWN_ALIKE},
        **{name: None if moment is None else moment.isoformat() for name, moment in moments.items()},
    }


def document_out(row: DocumentRow) -> DocumentOut:
    """Return a document as the API shows it."""
    return DocumentOut(**document_fields(row))
