"""What a deployment finds when the vectors in use were made by another embedding model."""

from __future__ import annotations

from uuid import UUID

from functions.knowledge.collections import COLLECTIONS, MARKET_COMPS
from functions.knowledge.preparation import prepare_all, promote
from shared.adapters.embeddings import HashedEmbedder
from shared.adapters.vectors import Scope
from shared.adapters.vectors_memory import InMemoryVectorStore

HOUSE = UUID(int=1)


class _Newer(HashedEmbedder):
    model = "hashed-ngrams-v2"


def test_a_new_model_prepares_beside_the_one_in_use() -> None:
    store = InMemoryVectorStore()
    before, after = ([kind(1536), kind(768)] for kind in (HashedEmbedder, _Newer))

    embedded = prepare_all(store, before, HOUSE, from_empty=False)
    again = prepare_all(store, after, HOUSE, from_empty=False)

    assert embedded == again > 100
    assert prepare_all(store, after, HOUSE, from_empty=False) == 0
    for collection in COLLECTIONS.values():
        spec = collection.spec(after[collection.dimension == 768])
        assert store.count(spec, Scope(HOUSE), {}) == (again if collection is MARKET_COMPS else 0)
    promote(store, after)
    assert prepare_all(store, after, HOUSE, from_empty=False) == 0
