"""Store what was read, or that it cannot be read: rows first, points after them, the status last.

The chunks of the version before are found until the rows of the new one are committed and its points take their
place. Whoever lost the claim writes no row, yet compares the points once more: an attempt of its own that died may
have left some.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from functions.knowledge.address import SHARED
from functions.knowledge.collections import COLLECTIONS
from functions.knowledge.extraction.limits import MAX_TITLE_CHARACTERS
from functions.knowledge.extraction.readable import Unreadable
from functions.knowledge.indexing import index_stored
from functions.knowledge.uploads.repository import UploadRepository, Version
from functions.knowledge.uploads.states import Reading, Refusal, Work
from shared.adapters.vectors import AUDIENCE_FIELD, EVERYBODY
from shared.bootstrap import Container
from shared.observability import count, logger
from shared.settings import VectorSettings

_DATES = {
    "code_embeddings": "last_modified",
    "knowledge_base": "created_at",
    "marketing_knowledge": "last_updated",
}
"""By collection, the documented field that says when the version was written."""


def store(own: Container, todo: Work) -> dict[str, Any]:
    """Write rows, then points, then that the document is indexed; return what came of it. Doing it again is harmless.

    Raises as the store and the engines do.
    """
    written = _version(own, todo) if todo.reading is not None else None
    with own.database.transaction(todo.tenant_id) as work:
        repository = UploadRepository(work)
        if written is not None:
            held = repository.write(todo.address, todo.claim, written)
        else:
            held = repository.renew(todo.address, todo.claim, todo.version)
    done = index_stored(own, todo.tenant_id, [todo.address.document_id], _names(todo))
    if held:
        with own.database.transaction(todo.tenant_id) as work:
            held = UploadRepository(work).settle(todo.address, todo.claim)
    count("EmbeddedPassages", done.embedded)
    return todo.finished("indexed" if held else "superseded")


def refuse(own: Container, todo: Work) -> dict[str, Any]:
    """Remove what the version before said, keep why this one says nothing; return what came of it."""
    refusal = todo.refusal or refusal_of(todo.error)
    bucket = own.storage.knowledge_bucket
    with own.database.transaction(todo.tenant_id) as work:
        held = UploadRepository(work).empty(todo.address, todo.claim, todo.version, todo.size_bytes)
    index_stored(own, todo.tenant_id, [todo.address.document_id], _names(todo))
    if held:
        with own.database.transaction(todo.tenant_id) as work:
            repository = UploadRepository(work)
            held = repository.refuse(todo.address, todo.claim, refusal)
            if held:
                repository.put_quarantined(bucket, todo.key, todo.version, todo.size_bytes, refusal)
    if not held:
        return todo.finished("superseded")
    count("QuarantinedDocuments")
    logger().warning("document in quarantine", code=refusal.code, document_id=str(todo.address.document_id))
    return todo.finished("quarantined")


def refusal_of(error: Any) -> Refusal:
    """Return why a version cannot be read, from what a state machine caught: `{"Error": …, "Cause": …}`."""
    caught = error if isinstance(error, dict) else {}
    cause = str(caught.get("Cause") or "")
    try:
        told = json.loads(cause)
    except ValueError:
        told = cause
    message = told.get("errorMessage") if isinstance(told, dict) else told
    unreadable = Unreadable.parse(str(message))
    return Refusal(code=unreadable.code, reason=unreadable.reason[:1000])


def payload_of(todo: Work, reading: Reading, house: UUID) -> dict[str, Any]:
    """Return what every point of a document says: its attributes and the documented facts of its collection.

    house: the tenant whose documents below `shared/` are for everybody.
    """
    payload: dict[str, Any] = dict(todo.attributes)
    if reading.title:
        payload["title"] = reading.title[:MAX_TITLE_CHARACTERS]
    if todo.tenant_id == house and todo.name.startswith(SHARED):
        payload[AUDIENCE_FIELD] = EVERYBODY
    if todo.collection == "code_embeddings":
        payload["file_path"] = todo.name
    if todo.collection in _DATES:
        payload[_DATES[todo.collection]] = todo.changed_at
    return payload


def _version(own: Container, todo: Work) -> Version:
    text = own.objects.get(own.storage.handoff_bucket, str(todo.reading))
    reading = Reading.parse(json.loads(text))
    dimension = COLLECTIONS[todo.collection].dimension
    house = UUID(own.settings(VectorSettings).house_tenant_id)
    payload = payload_of(todo, reading, house)
    return Version(
        bucket=own.storage.knowledge_bucket,
        version=todo.version,
        content_hash=reading.content_hash,
        title=payload.get("title"),
        media_type=reading.media_type[:200],
        size_bytes=todo.size_bytes,
        payload=payload,
        embedding_model=own.embedder_of(dimension).model,
        embedding_dimension=dimension,
        chunks=[each.chunk() for each in reading.chunks],
    )


def _names(todo: Work) -> dict[Any, tuple[str, str]]:
    return {todo.address.document_id: (todo.collection, todo.name)}
