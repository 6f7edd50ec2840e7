"""Look at an object: first claim its document, then ask the bucket, then decide.

An event says only that something happened to a key; what is true, the bucket says. Of several that look at one key
the last to claim asks last, so what it sees is the newest; the others find their claim gone and write nothing.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from functions.knowledge.address import Address, decode_attributes, parse_key
from functions.knowledge.collections import COLLECTIONS
from functions.knowledge.extraction.limits import MAX_OBJECT_BYTES
from functions.knowledge.extraction.readable import REASONS
from functions.knowledge.indexing import index_stored
from functions.knowledge.uploads.repository import Claimed, UploadRepository
from functions.knowledge.uploads.states import Finished, Hint, Refusal, Work
from shared.adapters.objects import ObjectFacts
from shared.bootstrap import Container
from shared.errors import Invalid
from shared.models.knowledge import ATTRIBUTES
from shared.observability import count, logger
from shared.settings import VectorSettings


def look(own: Container, hint: Hint) -> dict[str, Any]:
    """Return what is to be done about a key, or what came of it already. Raises as the store and the engines do."""
    try:
        address = parse_key(hint.key)
    except Invalid as error:
        return _foreign(own, hint.key, Refusal(code="no_address", reason=error.message))
    bucket, claim = own.storage.knowledge_bucket, uuid4()
    with own.database.transaction(address.tenant_id) as work:
        found = UploadRepository(work).claim(address, bucket, claim, again=hint.again)
    if found is None:
        refusal = Refusal(code="unknown_tenant", reason="The key of the object names no tenant of ours.")
        return _foreign(own, hint.key, refusal)
    facts = own.objects.head(bucket, hint.key)
    if facts is None:
        return _remove(own, address, claim)
    return _decide(own, address, claim, found, facts)


def _decide(
    own: Container, address: Address, claim: UUID, found: Claimed, facts: ObjectFacts
) -> dict[str, Any]:
    todo = Work(
        key=address.key,
        tenant_id=address.tenant_id,
        collection=address.collection,
        name=address.name,
        claim=claim,
        version=facts.version,
        size_bytes=facts.size_bytes,
        changed_at=facts.last_modified.isoformat(),
    )
    if found.status == "quarantined" and found.version == facts.version:
        return todo.finished("quarantined")
    refusal, attributes = _refusal(address, facts)
    if refusal is not None:
        return _begin(own, todo.model_copy(update={"next": "refuse", "refusal": refusal}))
    said = {
        name: value
        for name, value in found.payload.items()
        if name in ATTRIBUTES[address.collection].model_fields
    }
    known = found.content_hash if said == attributes else None
    todo = todo.model_copy(update={"attributes": attributes, "content_hash": known})
    if known is None or (found.version != facts.version and facts.sha256 != known):
        return _begin(own, todo)
    if found.status == "indexed" and found.embedding_model == _model(own, address):
        return _unchanged(own, todo, found)
    return _begin(own, todo.model_copy(update={"next": "store"}))


def _refusal(address: Address, facts: ObjectFacts) -> tuple[Refusal | None, dict[str, Any]]:
    """Why an object is not even read, or what its uploader says of it."""
    if facts.size_bytes > MAX_OBJECT_BYTES:
        return Refusal(code="too_large", reason=REASONS["too_large"]), {}
    if facts.size_bytes == 0:
        return Refusal(code="empty", reason=REASONS["empty"]), {}
    try:
        return None, decode_attributes(address.collection, facts.metadata)
    except Invalid as error:
        return Refusal(code="attributes", reason=error.message[:1000]), {}


def _begin(own: Container, todo: Work) -> dict[str, Any]:
    with own.database.transaction(todo.tenant_id) as work:
        held = UploadRepository(work).begin(todo.address, todo.claim)
    return todo.dumped() if held else todo.finished("superseded")


def _unchanged(own: Container, todo: Work, found: Claimed) -> dict[str, Any]:
    if found.version != todo.version:
        with own.database.transaction(todo.tenant_id) as work:
            UploadRepository(work).renew(todo.address, todo.claim, todo.version)
    return todo.finished("unchanged")


def _remove(own: Container, address: Address, claim: UUID) -> dict[str, Any]:
    """The object is gone: so are its rows and, after them, its points."""
    with own.database.transaction(address.tenant_id) as work:
        held = UploadRepository(work).delete(address, claim)
    if not held:
        return Finished(key=address.key, outcome="superseded").dumped()
    names = {address.document_id: (address.collection, address.name)}
    index_stored(own, address.tenant_id, names, names)
    return Finished(key=address.key, outcome="removed").dumped()


def _foreign(own: Container, key: str, refusal: Refusal) -> dict[str, Any]:
    """What belongs to nobody lands in the quarantine of the house, so that somebody sees it."""
    facts = own.objects.head(own.storage.knowledge_bucket, key)
    if facts is None:
        return Finished(key=key, outcome="removed").dumped()
    house = UUID(own.settings(VectorSettings).house_tenant_id)
    with own.database.transaction(house) as work:
        UploadRepository(work).put_quarantined(facts.bucket, key, facts.version, facts.size_bytes, refusal)
    count("QuarantinedDocuments")
    logger().warning("object in quarantine", code=refusal.code)
    return Finished(key=key, outcome="quarantined").dumped()


def _model(own: Container, address: Address) -> str:
    return own.embedder_of(COLLECTIONS[address.collection].dimension).model
