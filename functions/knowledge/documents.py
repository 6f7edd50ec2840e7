"""The documents of a tenant as the API shows and changes them. The object in the bucket is the document; rows follow.

So a document is deleted in this order: its object, its rows, its points. Whoever is killed in between leaves what the
event of the object's deletion puts right; and whoever uploads the same name meanwhile keeps the upload.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from functions.knowledge.address import Address, address_of, encode_attributes
from functions.knowledge.indexing import index_stored
from shared.bootstrap import Container
from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork
from shared.errors import AppError, Conflict, FieldProblem, Invalid, NotFound
from shared.http.problem import from_validation
from shared.models.base import WireModel
from shared.models.document import DocumentCreate, DocumentQuery, DocumentRow, StatusCounts
from shared.models.knowledge import ATTRIBUTES

UPLOAD_SECONDS = 3600
"""For how long a form takes an upload."""

DOCUMENT_CHANGED = "document_changed"
"""The event that has a document looked at: `bucket` and `key` of its object."""

_FOLDER = Path(__file__).parent


def attributes_of(asked: DocumentCreate) -> WireModel:
    """Return what an uploader says of a document, as its collection has it. Raises Invalid."""
    try:
        return ATTRIBUTES[asked.collection].model_validate_json(json.dumps(asked.attributes))
    except ValidationError as error:
        found = from_validation(error).problems
        problems = tuple(FieldProblem(f"/attributes{each.pointer}", each.detail) for each in found)
        raise Invalid(f"The attributes are not those of {asked.collection}.", problems) from error


def address_in(tenant_id: UUID, asked: DocumentCreate) -> Address:
    """Return where the object of an upload goes. Raises Invalid."""
    try:
        return address_of(tenant_id, asked.collection, asked.name)
    except Invalid as error:
        raise Invalid("No document can have this name.", error.problems) from error


def await_upload(work: UnitOfWork, tenant_id: UUID, bucket: str, asked: DocumentCreate) -> DocumentRow:
    """Make the row of a document that is about to be uploaded, or let the one of its name wait for its next version.

    Passages of the version before stay until the new one is read. Raises Invalid.
    """
    address = address_in(tenant_id, asked)
    attributes = attributes_of(asked)
    encode_attributes(attributes)  # what is too long for an object is refused here
    work.execute(
        load_queries(_FOLDER)["await_upload"],
        {
            "id": address.document_id,
            "collection": address.collection,
            "name": address.name,
            "bucket": bucket,
            "key": address.key,
            "payload": Jsonb(attributes.model_dump(mode="json", exclude_none=True)),
            "media_type": asked.content_type,
        },
    )
    return get_document(work, address.document_id)


def get_document(work: UnitOfWork, id_: UUID) -> DocumentRow:
    """Return a document. Raises NotFound."""
    row = work.fetch_one(load_queries(_FOLDER)["get_document"], {"id": id_})
    if row is None:
        raise NotFound("There is no such document.")
    return DocumentRow(**row)


def list_documents(
    work: UnitOfWork, asked: DocumentQuery, after: UUID | None, limit: int
) -> Sequence[DocumentRow]:
    """Return at most `limit` documents after one of them, in the order of their ids."""
    names = {
        "collection": asked.collection,
        "status": asked.status,
        "name_prefix": asked.name_prefix,
        "after": after,
        "limit": limit,
    }
    return [DocumentRow(**row) for row in work.fetch_all(load_queries(_FOLDER)["page_of_documents"], names)]


def refuse_kit(document: DocumentRow) -> None:
    """Raise Conflict for a document that is a file of a kit."""
    if document.origin != "upload":
        raise Conflict("This document is a file of a project's kit and stays as long as the project.")


def delete_document(own: Container, tenant_id: UUID, document: DocumentRow) -> None:
    """Delete an uploaded document: its object, its rows, and its points, so that no answer has it any more.

    When the vector engine does not answer, nobody finds the points either; the event has them removed later. Raises
    DependencyUnavailable when object or rows cannot be deleted; it can be done again then.
    """
    own.objects.delete(document.bucket, document.key)
    sql = load_queries(_FOLDER)
    with own.database.transaction(tenant_id) as work:
        work.execute(sql["delete_chunks"], {"document_id": document.id})
        work.execute(sql["delete_document"], {"id": document.id})
        work.announce(DOCUMENT_CHANGED, {"bucket": document.bucket, "key": document.key})
    try:
        index_stored(own, tenant_id, [document.id], {document.id: (document.collection, document.name)})
    except AppError:
        logging.getLogger("roboagency").warning(
            "points of a deleted document wait for its event", exc_info=True
        )


def count_documents(work: UnitOfWork) -> dict[str, tuple[StatusCounts, int]]:
    """Return how many documents each collection has in each status, and their passages; empty ones are left out."""
    found: dict[str, dict[str, int]] = {}
    chunks: dict[str, int] = {}
    for row in work.fetch_all(load_queries(_FOLDER)["count_documents"]):
        found.setdefault(row["collection"], {})[row["status"]] = row["documents"]
        chunks[row["collection"]] = chunks.get(row["collection"], 0) + row["chunks"]
    nothing: dict[str, Any] = dict.fromkeys(StatusCounts.model_fields, 0)
    return {name: (StatusCounts(**{**nothing, **counts}), chunks[name]) for name, counts in found.items()}
