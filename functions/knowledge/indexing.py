"""Brings the vector engine into agreement with the rows of documents, while others write both.

The rows are committed before their points are written, and deleted before their points are: so at any moment the rows
are right and the engine follows. Whoever writes points looks at the rows again afterwards and, when they changed
meanwhile, writes again. So two that index the same document never leave the older of two versions, and a document
that was deleted meanwhile does not come back.

Passages are taken from PostgreSQL and not cut again from the files in S3: what is embedded is then the same text as
the first time, byte for byte, even after the way of cutting has changed or an old version of an object has expired.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from functions.knowledge.collections import COLLECTIONS
from functions.knowledge.repository import KnowledgeRepository, StoredDocument
from functions.knowledge.service import CutDocument, Indexed, index_chunks
from functions.knowledge.serving import GONE
from shared.adapters.embeddings import Embedder, EmbeddingModelUnknown
from shared.adapters.vectors import CollectionMissing, CollectionSpec
from shared.bootstrap import Container
from shared.errors import DependencyUnavailable

# How often documents may change under our hands before somebody else has to try.
_ROUNDS = 5

Named = tuple[str, str]
"""A document in the engine: the names of its collection and of itself."""


def index_stored(
    own: Container, tenant_id: UUID, ids: Collection[UUID], known: Mapping[UUID, Named] | None = None
) -> Indexed:
    """Make the points of documents what their rows say; points of documents without a row are removed.

    known: names of documents that may have no row any more. Returns how many passages were embedded, unchanged and
    removed. Raises DependencyUnavailable when rows change faster than they can be followed;
    otherwise as the store and the embedder do.
    """
    names = dict(known or {})
    pending = set(ids)
    done = Indexed(0, 0, 0)
    for _ in range(_ROUNDS):
        with own.database.transaction(tenant_id) as work:
            stored = KnowledgeRepository(work).read(pending)
        names |= {document.id: (document.collection, document.name) for document in stored}
        cut = {document.id: _cut(document) for document in stored}
        gone = {
            id_: (names[id_][0], CutDocument(names[id_][1], ()))
            for id_ in pending
            if id_ not in cut and id_ in names
        }
        indexed, models = _write(own, tenant_id, {**cut, **gone})
        done = _sum(done, indexed)
        pending = _changed(own, tenant_id, pending, stored, models)
        if not pending:
            return done
    raise DependencyUnavailable("Documents change faster than they are indexed; try again in a moment.")


def _cut(document: StoredDocument) -> tuple[str, CutDocument]:
    return document.collection, CutDocument(document.name, document.chunks, document.payload)


def _write(
    own: Container, tenant_id: UUID, documents: Mapping[UUID, tuple[str, CutDocument]]
) -> tuple[Indexed, dict[str, str]]:
    """Write documents by collection; return what was done, and which model is the newest that has each collection."""
    done = Indexed(0, 0, 0)
    models: dict[str, str] = {}
    for collection in sorted({name for name, _ in documents.values()}):
        wanted = [document for name, document in documents.values() if name == collection]
        indexed, models[collection] = _write_to_all(own, tenant_id, collection, wanted)
        done = _sum(done, indexed)
    return done, models


def _write_to_all(
    own: Container, tenant_id: UUID, collection: str, wanted: Sequence[CutDocument]
) -> tuple[Indexed, str]:
    """Write to the collection in use and to those that are being built; of the newest, what was done and its model.

    Which ones there are is asked after the rows were written: one that is made later is filled from rows that hold
    these documents. One that goes meanwhile was replaced, and the others are asked for again.
    """
    for _ in range(_ROUNDS):
        specs = own.vectors.every(collection)
        if not specs:
            raise CollectionMissing(f"There is no vector collection {collection}.")
        try:
            done = {
                embedder.model: index_chunks(own.vectors, embedder, tenant_id, collection, wanted)
                for embedder in _embedders(own, specs)
            }
        except GONE:
            if own.vectors.every(collection) == specs:
                raise
            continue
        configured = own.embedder_of(COLLECTIONS[collection].dimension).model
        newest = configured if configured in done else next(iter(done))
        return done[newest], newest
    raise DependencyUnavailable(
        "Collections change faster than documents are indexed; try again in a moment."
    )


def _embedders(own: Container, specs: Sequence[CollectionSpec]) -> list[Embedder]:
    """What embeds for those of the collections for which anything here does; raises what the first said otherwise."""
    found: list[Embedder] = []
    unknown: list[EmbeddingModelUnknown] = []
    for spec in specs:
        try:
            found.append(own.embedder_named(spec.model, spec.dimension))
        except EmbeddingModelUnknown as error:
            unknown.append(error)
    if not found:
        raise unknown[0]
    return found


def _changed(
    own: Container,
    tenant_id: UUID,
    ids: Collection[UUID],
    stored: Sequence[StoredDocument],
    models: Mapping[str, str],
) -> set[UUID]:
    """Those of the documents whose rows are not what they were; of the others it is noted what embedded them."""
    before = {document.id: document.updated_at for document in stored}
    with own.database.transaction(tenant_id) as work:
        repository = KnowledgeRepository(work)
        now = repository.stamps(ids)
        for collection, model in models.items():
            same = [
                document.id
                for document in stored
                if document.collection == collection and document.updated_at == now.get(document.id)
            ]
            repository.note_model(same, COLLECTIONS[collection].dimension, model)
    return {id_ for id_ in ids if before.get(id_) != now.get(id_)}


def _sum(one: Indexed, other: Indexed) -> Indexed:
    return Indexed(
        one.embedded + other.embedded, one.unchanged + other.unchanged, one.removed + other.removed
    )
