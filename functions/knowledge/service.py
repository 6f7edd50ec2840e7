"""Knowledge: what is indexed, and how it is found again.

Everything is given: the store, the embedder, the tenants. Writes are idempotent; nothing that has not changed is
embedded again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from functions.knowledge.chunk import Chunk
from functions.knowledge.collections import COLLECTIONS, MARKET_COMPS, Collection, collection_named
from functions.knowledge.comparables import Comparable, seed_comparables
from functions.knowledge.search import quotation, search, within_budget
from functions.knowledge.serving import EmbedderNamed, search_in_use, take_over
from shared.adapters.embeddings import Embedder, sparse_query, sparse_terms
from shared.adapters.vectors import (
    CHUNK_FIELD,
    DOCUMENT_FIELD,
    CollectionMissing,
    CollectionSpec,
    EmbeddingModelMismatch,
    Match,
    Payload,
    Point,
    Scope,
    SearchQuery,
    VectorStore,
)
from shared.errors import DependencyUnavailable, Invalid

FEWEST_COMPARABLES = 3
# What being of the idea's sector is worth, in DBSF units: one standard deviation of a result list is 1/6.
SECTOR_BONUS = 0.35
_DOCUMENTS_PER_LOOKUP = 100


@dataclass(frozen=True)
class CutDocument:
    """A document as its chunks, in order; without any it is removed. payload: the documented fields of its collection
    that are the same in all of them."""

    id: str
    chunks: Sequence[Chunk]
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Indexed:
    """What indexing did, in passages."""

    embedded: int
    unchanged: int
    removed: int


@dataclass(frozen=True)
class _Placed:
    document_id: str
    number: int
    text: str
    payload: Payload


def ensure_collections(store: VectorStore, embedders: Iterable[Embedder]) -> None:
    """Make the collections that are missing, each with the embedder of its dimension.

    Raises Invalid when no embedder has the dimension of a collection, EmbeddingModelMismatch when a collection
    was filled by another model and must be rebuilt.
    """
    by_dimension = {embedder.dimension: embedder for embedder in embedders}
    for collection in COLLECTIONS.values():
        if collection.dimension not in by_dimension:
            raise Invalid(f"{collection.name} needs an embedder of {collection.dimension} dimensions.")
        store.ensure_collection(collection.spec(by_dimension[collection.dimension]))


def index_chunks(
    store: VectorStore, embedder: Embedder, tenant_id: UUID, collection: str, documents: Sequence[CutDocument]
) -> Indexed:
    """Index the tenant's documents by chunks that are cut already; others that they had are removed.

    Raises Invalid for an unknown collection or market_comps, an embedder of another dimension, or two documents
    of the same id; otherwise as the store does.
    """
    target = collection_named(collection)
    if target is MARKET_COMPS:
        raise Invalid("market_comps holds comparables, not documents.")
    spec = target.spec(embedder)
    ids = [document.id for document in documents]
    if len(set(ids)) != len(ids):
        raise Invalid("Two documents have the same id.")
    wanted = [
        _placed(document, number, chunk, target)
        for document in documents
        for number, chunk in enumerate(document.chunks)
    ]
    held = _content_hashes(store, spec, Scope(tenant_id), ids)
    return _bring_up_to_date(store, embedder, spec, tenant_id, wanted, held)


def seed_market_comps(store: VectorStore, embedder: Embedder, house_tenant_id: UUID) -> int:
    """Bring the house's market comparables up to date; return how many were embedded (0: nothing changed).

    The seed is all of it, so a new embedding model needs no further source: the collection is filled beside the
    one in use, and then takes its place.
    """
    spec = MARKET_COMPS.spec(embedder)
    rebuilding = False
    try:
        store.ensure_collection(spec)
    except EmbeddingModelMismatch:
        rebuilding = True
        store.ensure_collection(spec, beside=True)
    wanted = [_Placed(item.id, 0, item.text(), item.payload()) for item in seed_comparables()]
    held = _content_hashes(store, spec, Scope(house_tenant_id), None)
    done = _bring_up_to_date(store, embedder, spec, house_tenant_id, wanted, held)
    if rebuilding:
        take_over(store, spec)
    return done.embedded


def find_comparables(
    store: VectorStore,
    embedder_named: EmbedderNamed,
    *,
    tenant_id: UUID,
    house_tenant_id: UUID,
    idea: str,
    sector: str,
    limit: int = 8,
) -> list[Comparable]:
    """Return the `limit` products nearest to the idea, best first; those of its sector get a head start.

    Always at least three. Raises DependencyUnavailable when there are not as many, Invalid for a blank idea or a
    limit below three; otherwise as the store does.
    """
    if limit < FEWEST_COMPARABLES:
        raise Invalid(f"An analysis needs at least {FEWEST_COMPARABLES} comparables.")
    # Far more than asked for, so that the sector has some to put forward.
    wide = 10 * limit

    def ask(embedder: Embedder) -> SearchQuery:
        return SearchQuery(embedder.embed_query(idea), sparse_query(idea), limit=wide, candidates=wide)

    try:
        hits = search_in_use(store, embedder_named, MARKET_COMPS, Scope(tenant_id, house_tenant_id), ask)
    except CollectionMissing:
        hits = []
    if len(hits) < FEWEST_COMPARABLES:
        # By this name, which the state machine tries again: so a run waits for a rebuild that has just begun.
        raise DependencyUnavailable("The market comparables are not indexed yet; try again in a moment.")
    ranked = sorted(hits, key=lambda hit: -hit.score - SECTOR_BONUS * (hit.payload["sector"] == sector))
    return [Comparable.from_payload(hit.payload) for hit in ranked[:limit]]


def find_passages(
    store: VectorStore,
    embedder_named: EmbedderNamed,
    *,
    tenant_id: UUID,
    house_tenant_id: UUID | None = None,
    collections: Sequence[str],
    text: str,
    match: Match | None = None,
    limit: int = 8,
    max_tokens: int = 2000,
) -> list[dict[str, Any]]:
    """Return what documents say on a text as data for a prompt, best first: `id`, `document`, `heading`, `text` each.

    Together they take at most `max_tokens` of a prompt. house_tenant_id: the house's documents too. Raises as
    `search`.
    """
    scope = Scope(tenant_id, house_tenant_id)
    found = search(
        store, embedder_named, scope=scope, collections=collections, text=text, match=match, limit=limit
    )
    kept = within_budget(found, max_tokens)
    return [{"heading": "", **quotation(passage, place)} for place, passage in enumerate(kept)]


def _placed(document: CutDocument, number: int, chunk: Chunk, target: Collection) -> _Placed:
    named = {target.text_field: chunk.text, target.id_field: document.id}
    if chunk.heading:
        named["heading"] = chunk.heading
    # What is said of the whole document stands above what a part of it seems to be.
    payload = {**chunk.payload, **document.payload, **named}
    canonical = json.dumps(payload, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()
    return _Placed(document.id, number, chunk.text, {**payload, "content_hash": digest})


def _content_hashes(
    store: VectorStore, spec: CollectionSpec, scope: Scope, ids: Sequence[str] | None
) -> dict[tuple[str, int], str]:
    """The hashes of what is indexed, by document and chunk; of all documents without `ids`."""
    matches: list[Match] = [{}]
    if ids is not None:
        starts = range(0, len(ids), _DOCUMENTS_PER_LOOKUP)
        matches = [{DOCUMENT_FIELD: ids[start : start + _DOCUMENTS_PER_LOOKUP]} for start in starts]
    fields = (DOCUMENT_FIELD, CHUNK_FIELD, "content_hash")
    return {
        (payload[DOCUMENT_FIELD], payload[CHUNK_FIELD]): payload.get("content_hash", "")
        for match in matches
        for payload in store.payloads(spec, scope, match, fields)
    }


def _bring_up_to_date(
    store: VectorStore,
    embedder: Embedder,
    spec: CollectionSpec,
    tenant_id: UUID,
    wanted: Sequence[_Placed],
    held: Mapping[tuple[str, int], str],
) -> Indexed:
    """Embed what is new or changed, remove what is no longer wanted."""
    changed = [
        chunk
        for chunk in wanted
        if held.get((chunk.document_id, chunk.number)) != chunk.payload["content_hash"]
    ]
    vectors = embedder.embed_documents([chunk.text for chunk in changed]) if changed else []
    points = [
        Point(chunk.document_id, chunk.number, vector, sparse_terms(chunk.text), chunk.payload)
        for chunk, vector in zip(changed, vectors, strict=True)
    ]
    if points:
        store.upsert(spec, tenant_id, points)
    stale = held.keys() - {(chunk.document_id, chunk.number) for chunk in wanted}
    for document_id in sorted({document for document, _ in stale}):
        numbers = sorted(number for document, number in stale if document == document_id)
        store.delete(spec, Scope(tenant_id), {DOCUMENT_FIELD: document_id, CHUNK_FIELD: numbers})
    return Indexed(len(changed), len(wanted) - len(changed), len(stale))
