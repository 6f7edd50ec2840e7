"""What a rebuild begins and ends with: the collections themselves."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from functions.knowledge.collections import COLLECTIONS
from functions.knowledge.service import ensure_collections, seed_market_comps
from functions.knowledge.serving import take_over
from shared.adapters.embeddings import Embedder
from shared.adapters.vectors import CollectionSpec, EmbeddingModelMismatch, Scope, VectorStore


def prepare_all(store: VectorStore, embedders: Sequence[Embedder], house: UUID, *, from_empty: bool) -> int:
    """Make the collections that are missing, drop them first with `from_empty`, and index the comparables.

    Returns how many comparables were embedded.

    A collection that another embedding model has filled stays in use: the new one is made beside it, until `promote`.
    """
    for spec in _specs(embedders):
        if from_empty:
            store.drop(spec)
        try:
            store.ensure_collection(spec)
        except EmbeddingModelMismatch:
            store.ensure_collection(spec, beside=True)
    return _seed(store, embedders, house)


def prepare_tenant(
    store: VectorStore, embedders: Sequence[Embedder], house: UUID, tenant_id: UUID, *, from_empty: bool
) -> None:
    """The same for one tenant: `from_empty` deletes its points only.

    Raises EmbeddingModelMismatch when a collection was filled by another model: then all have to be rebuilt.
    """
    ensure_collections(store, embedders)
    for spec in _specs(embedders) if from_empty else ():
        store.delete(spec, Scope(tenant_id), {})
    _seed(store, embedders, house)


def promote(store: VectorStore, embedders: Sequence[Embedder]) -> None:
    """Put the collections of these embedding models to use, and drop those that they replace."""
    for spec in _specs(embedders):
        take_over(store, spec)


def _specs(embedders: Sequence[Embedder]) -> list[CollectionSpec]:
    by_dimension = {embedder.dimension: embedder for embedder in embedders}
    return [collection.spec(by_dimension[collection.dimension]) for collection in COLLECTIONS.values()]


def _seed(store: VectorStore, embedders: Sequence[Embedder], house: UUID) -> int:
    by_dimension = {embedder.dimension: embedder for embedder in embedders}
    return seed_market_comps(store, by_dimension[1536], house)
