"""Compares the vector engine with PostgreSQL, mends what changed meanwhile, and says what differs all the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from functions.knowledge.address import document_id
from functions.knowledge.collections import COLLECTIONS, MARKET_COMPS, Collection
from functions.knowledge.comparables import seed_comparables
from functions.knowledge.indexing import Named, index_stored
from functions.knowledge.repository import Counted, KnowledgeRepository
from shared.adapters.vectors import CHUNK_FIELD, DOCUMENT_FIELD, Scope
from shared.bootstrap import Container
from shared.errors import Retryable

NOTHING = Counted(0, 0)
# How many documents of a tenant's collection are mended at a time, and in one call of the embedding model's.
_MENDED_AT_MOST = 1000
_PORTION = 100


class VectorsDiffer(Retryable):
    """The vector engine does not hold what PostgreSQL says."""


@dataclass
class Comparison:
    """What was compared: agreed numbers by collection, how many documents were mended, what differs all the same."""

    agreed: dict[str, Counted] = field(default_factory=dict)
    mended: int = 0
    differences: list[str] = field(default_factory=list)


def compare_tenant(own: Container, tenant_id: UUID) -> Comparison:
    """Compare every collection of documents for a tenant; documents that differ are indexed or removed first."""
    done = Comparison()
    every = _wanted(own, tenant_id)
    for collection in COLLECTIONS.values():
        if collection is MARKET_COMPS:
            continue
        wanted, held = every.get(collection.name, NOTHING), _held(own, tenant_id, collection)
        if wanted != held:
            done.mended += _mend(own, tenant_id, collection)
            wanted = _wanted(own, tenant_id).get(collection.name, NOTHING)
            held = _held(own, tenant_id, collection)
        if wanted == held:
            done.agreed[collection.name] = wanted
        else:
            done.differences.append(_difference(own, tenant_id, collection, wanted, held))
    return done


def compare_comparables(own: Container, house_tenant_id: UUID) -> Comparison:
    """Compare the house's market comparables with those that come with the product."""
    held = _held(own, house_tenant_id, MARKET_COMPS)
    wanted = Counted(len(seed_comparables()), len(seed_comparables()))
    if held == wanted:
        return Comparison({MARKET_COMPS.name: wanted})
    told = f"{MARKET_COMPS.name}: {wanted.documents} come with the product, the vector engine has {held.documents}"
    return Comparison(differences=[told])


def _wanted(own: Container, tenant_id: UUID) -> Mapping[str, Counted]:
    with own.database.transaction(tenant_id) as work:
        return KnowledgeRepository(work).count_chunks()


def _held(own: Container, tenant_id: UUID, collection: Collection) -> Counted:
    spec, scope = collection.spec(own.embedder_of(collection.dimension)), Scope(tenant_id)
    # Chunks are numbered from 0, so the first ones count the documents.
    return Counted(own.vectors.count(spec, scope, {CHUNK_FIELD: 0}), own.vectors.count(spec, scope, {}))


def _mend(own: Container, tenant_id: UUID, collection: Collection) -> int:
    """Index the documents whose points differ and remove those that have no row; return how many."""
    ids = sorted(_differing(own, tenant_id, collection).items())[:_MENDED_AT_MOST]
    for start in range(0, len(ids), _PORTION):
        portion = dict(ids[start : start + _PORTION])
        index_stored(own, tenant_id, list(portion), known=portion)
    return len(ids)


def _differing(own: Container, tenant_id: UUID, collection: Collection) -> Mapping[UUID, Named]:
    """The documents, by id, whose points are not those of their rows.

    The engine is looked at first: what it holds then and the rows do not say afterwards was deleted.
    """
    held: defaultdict[str, set[int]] = defaultdict(set)
    spec = collection.spec(own.embedder_of(collection.dimension))
    for payload in own.vectors.payloads(spec, Scope(tenant_id), {}, (DOCUMENT_FIELD, CHUNK_FIELD)):
        held[payload[DOCUMENT_FIELD]].add(payload[CHUNK_FIELD])
    with own.database.transaction(tenant_id) as work:
        rows = KnowledgeRepository(work).list_of_collection(collection.name)
    wanted = {name: (id_, set(range(chunks))) for id_, name, chunks in rows}
    found = {
        id_: (collection.name, name)
        for name, (id_, chunks) in wanted.items()
        if held.get(name, set()) != chunks
    }
    surplus = {
        document_id(tenant_id, collection.name, name): (collection.name, name)
        for name in held.keys() - wanted.keys()
    }
    return {**found, **surplus}


def _difference(
    own: Container, tenant_id: UUID, collection: Collection, wanted: Counted, held: Counted
) -> str:
    names = sorted(name for _, name in _differing(own, tenant_id, collection).values())
    which = f" ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})" if names else ""
    return (
        f"tenant {tenant_id}, {collection.name}: PostgreSQL has {wanted.documents} documents in {wanted.chunks} "
        f"passages, the vector engine {held.documents} in {held.chunks}{which}"
    )
