"""The eight collections of the data model."""

from __future__ import annotations

from uuid import UUID

import pytest

from functions.knowledge.collections import COLLECTIONS, collection_named
from functions.knowledge.service import ensure_collections
from shared.adapters.embeddings import HashedEmbedder
from shared.adapters.vectors import Scope
from shared.adapters.vectors_memory import InMemoryVectorStore
from shared.errors import Invalid

WIDE = ("market_comps", "doc_chunks", "code_patterns", "marketing_knowledge")
WIDER = ("user_behavior_patterns", "campaign_history")
NARROW = ("code_embeddings", "knowledge_base")


def test_they_are_the_documented_ones_with_their_dimensions() -> None:
    expected = dict.fromkeys((*WIDE, *WIDER), 1536) | dict.fromkeys(NARROW, 768)

    assert {name: collection.dimension for name, collection in COLLECTIONS.items()} == expected


def test_the_engine_knows_a_collection_by_name_model_and_dimension() -> None:
    spec = COLLECTIONS["knowledge_base"].spec(HashedEmbedder(768))

    assert spec.physical == "knowledge_base__hashed-ngrams-v1__768"


def test_an_embedder_of_another_dimension_is_refused() -> None:
    with pytest.raises(Invalid, match="768 dimensions, hashed-ngrams-v1 makes 1536"):
        COLLECTIONS["knowledge_base"].spec(HashedEmbedder(1536))


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(Invalid, match="no collection gossip"):
        collection_named("gossip")


def test_all_are_made_with_the_embedder_of_their_dimension() -> None:
    store, embedders = InMemoryVectorStore(), (HashedEmbedder(1536), HashedEmbedder(768))

    ensure_collections(store, embedders)
    ensure_collections(store, embedders)

    by_dimension = {embedder.dimension: embedder for embedder in embedders}
    for collection in COLLECTIONS.values():
        assert store.count(collection.spec(by_dimension[collection.dimension]), Scope(UUID(int=1)), {}) == 0


def test_a_dimension_without_an_embedder_is_named() -> None:
    with pytest.raises(Invalid, match="needs an embedder of 768"):
        ensure_collections(InMemoryVectorStore(), [HashedEmbedder(1536)])
