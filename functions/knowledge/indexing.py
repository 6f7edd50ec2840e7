"""Brings the vector engine into agreement with the rows of documents, while others write both.

The rows are committed before their points are written, and deleted before their points are: so at any moment the rows
are right and the engine follows. Whoever writes points looks at the rows again afterwards and, when they changed
meanwhile, writes again. So two that index the same document never leave the older of two versions, and a document
that was deleted meanwhile does not come back.

Passages are taken from PostgreSQL and not cut again from the files in S3: what is embedded is then the same text as
the first time, byte for byte, even after the way of cutting has changed or an old version of an object has expired.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from functions.knowledge.collections import COLLECTIONS
from functions.knowledge.kits import kit_file
from functions.knowledge.repository import KnowledgeRepository, StoredDocument
from functions.knowledge.service import CutDocument, Indexed, index_chunks
from shared.bootstrap import Container
from shared.errors import DependencyUnavailable
from shared.models.asset import Asset

# How often documents may change under our hands before somebody else has to try.
_ROUNDS = 5

Named = tuple[str, str]
"""A document in the engine: the names of its collection and of itself."""


def index_kit(own: Container, tenant_id: UUID, assets: list[Asset]) -> int:
    """Index the documents and the code of a kit; return how many files. Doing it again changes nothing."""

    def read(asset: Asset) -> bytes:
        return own.objects.get(asset.bucket, asset.key, asset.version)

    files = [file for asset in assets if (file := kit_file(asset, read)) is not None]
    # Runs of one project write the same rows: in one order, so that none waits for another in a circle.
    files.sort(key=lambda file: file.place.name)
    with own.database.transaction(tenant_id) as work:
        repository = KnowledgeRepository(work)
        ids = [
            repository.put_kit_file(tenant_id, file, own.embedder_of(file.place.collection.dimension).model)
            for file in files
        ]
    index_stored(own, tenant_id, ids)
    return len(files)


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
        done = _sum(done, _write(own, tenant_id, {**cut, **gone}))
        pending = _changed(own, tenant_id, pending, {document.id: document.updated_at for document in stored})
        if not pending:
            return done
    raise DependencyUnavailable("Documents change faster than they are indexed; try again in a moment.")


def _cut(document: StoredDocument) -> tuple[str, CutDocument]:
    return document.collection, CutDocument(document.name, document.chunks, document.payload)


def _write(own: Container, tenant_id: UUID, documents: Mapping[UUID, tuple[str, CutDocument]]) -> Indexed:
    done = Indexed(0, 0, 0)
    for collection in sorted({name for name, _ in documents.values()}):
        embedder = own.embedder_of(COLLECTIONS[collection].dimension)
        wanted = [document for name, document in documents.values() if name == collection]
        done = _sum(done, index_chunks(own.vectors, embedder, tenant_id, collection, wanted))
    return done


def _changed(
    own: Container, tenant_id: UUID, ids: Collection[UUID], before: Mapping[UUID, datetime]
) -> set[UUID]:
    """Those of the documents whose rows are not what they were; of the others it is noted what embedded them."""
    dimensions = sorted({collection.dimension for collection in COLLECTIONS.values()})
    models = {dimension: own.embedder_of(dimension).model for dimension in dimensions}
    with own.database.transaction(tenant_id) as work:
        repository = KnowledgeRepository(work)
        now = repository.stamps(ids)
        same = [id_ for id_ in before if before[id_] == now.get(id_)]
        for dimension, model in models.items():
            repository.note_model(same, dimension, model)
    return {id_ for id_ in ids if before.get(id_) != now.get(id_)}


def _sum(one: Indexed, other: Indexed) -> Indexed:
    return Indexed(
        one.embedded + other.embedded, one.unchanged + other.unchanged, one.removed + other.removed
    )
