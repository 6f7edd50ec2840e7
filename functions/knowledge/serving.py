"""Which collection of the engine is searched, also while a new embedding model takes over.

A rebuild to another model fills a collection beside the one in use and then moves the alias, in one step. Until then
searches go to the old collection with the old model, and afterwards to the new one with the new: every search is of
one collection as a whole, and none is of a part. `indexing` writes to both meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from functions.knowledge.collections import Collection
from shared.adapters.embeddings import Embedder
from shared.adapters.vectors import (
    CollectionMissing,
    CollectionSpec,
    EmbeddingModelMismatch,
    Hit,
    Scope,
    SearchQuery,
    VectorStore,
)

EmbedderNamed = Callable[[str, int], Embedder]
"""Returns what embeds with a model in so many dimensions; raises EmbeddingModelUnknown, as `Container` does."""

GONE = (CollectionMissing, EmbeddingModelMismatch)
"""What a collection raises that was in use, and is not any more."""


def spec_in_use(store: VectorStore, target: Collection, *, fresh: bool = False) -> CollectionSpec:
    """Return the collection that searches go to, with its indexes; see `VectorStore.in_use`."""
    return replace(store.in_use(target.name, fresh=fresh), indexes=target.indexes)


def search_in_use(
    store: VectorStore,
    embedder_named: EmbedderNamed,
    target: Collection,
    scope: Scope,
    ask: Callable[[Embedder], SearchQuery],
) -> list[Hit]:
    """Return what a search finds in the collection in use; `ask` makes its query with the model that filled it.

    Raises CollectionMissing when there is none, EmbeddingModelUnknown when nothing here embeds with its model;
    otherwise as the store and the embedder do.
    """
    try:
        return _search(store, embedder_named, target, scope, ask, fresh=False)
    except GONE:
        # Another collection has just taken the place of the one that a copy, or a moment ago the alias, named.
        return _search(store, embedder_named, target, scope, ask, fresh=True)


def _search(
    store: VectorStore,
    embedder_named: EmbedderNamed,
    target: Collection,
    scope: Scope,
    ask: Callable[[Embedder], SearchQuery],
    *,
    fresh: bool,
) -> list[Hit]:
    spec = spec_in_use(store, target, fresh=fresh)
    return store.search(spec, scope, ask(embedder_named(spec.model, spec.dimension)))


def take_over(store: VectorStore, spec: CollectionSpec) -> None:
    """Put a filled collection to use, in one step, and then drop the others of its name. Again changes nothing."""
    store.promote(spec)
    for other in store.every(spec.name):
        if other.physical != spec.physical:
            store.drop(other)
