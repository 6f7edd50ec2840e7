"""Both vector stores say alike which collection a name stands for, and which others there are."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from qdrant_client import models

from shared.adapters.lexical import SparseVector
from shared.adapters.vectors import (
    CollectionMissing,
    CollectionSpec,
    EmbeddingModelMismatch,
    Point,
    Scope,
    SearchQuery,
    VectorStore,
)
from shared.adapters.vectors_qdrant import QdrantVectorStore
from shared.errors import Invalid
from tests.contract.vector_stores import engine_url, store

__all__ = ["engine_url", "store"]

OWN = UUID(int=1)


def a_spec(name: str, model: str = "words+v1", dimension: int = 2) -> CollectionSpec:
    return CollectionSpec(name, model, dimension)


@pytest.fixture
def name() -> str:
    return f"c_{uuid4().hex}"


def test_what_is_in_use_is_known_by_the_whole_name_of_its_model(store: VectorStore, name: str) -> None:
    store.ensure_collection(a_spec(name, "cohere/embed:v4+x"))

    assert store.in_use(name) == store.in_use(name, fresh=True) == a_spec(name, "cohere/embed:v4+x")
    assert store.every(name) == [a_spec(name, "cohere/embed:v4+x")]


def test_a_name_that_was_never_made_stands_for_nothing(store: VectorStore, name: str) -> None:
    store.ensure_collection(a_spec(f"{name}_other"))

    with pytest.raises(CollectionMissing):
        store.in_use(name)
    assert store.every(name) == []


def test_the_one_in_use_comes_first_and_those_being_built_after_it(store: VectorStore, name: str) -> None:
    old, new = a_spec(name, "words-v2"), a_spec(name, "words-v1")
    store.ensure_collection(old)
    store.ensure_collection(new, beside=True)

    assert store.in_use(name) == old
    assert store.every(name) == [old, new]

    store.promote(new)

    assert store.in_use(name) == new
    assert store.every(name) == [new, old]

    store.drop(old)

    assert store.every(name) == [new]
    store.drop(new)
    with pytest.raises(CollectionMissing):
        store.in_use(name)


def test_a_vector_of_another_model_or_length_finds_no_way_in(store: VectorStore, name: str) -> None:
    nothing = SparseVector((), ())
    old, new = a_spec(name, "words-v1"), a_spec(name, "words-v2", 3)
    store.ensure_collection(old)
    store.ensure_collection(new, beside=True)
    store.promote(new)
    store.drop(old)

    with pytest.raises(EmbeddingModelMismatch):
        store.search(old, Scope(OWN), SearchQuery([1.0, 0.0], nothing))
    with pytest.raises(EmbeddingModelMismatch):
        store.upsert(old, OWN, [Point("d", 0, [1.0, 0.0], nothing, {})])
    with pytest.raises(Invalid):
        store.search(store.in_use(name), Scope(OWN), SearchQuery([1.0, 0.0], nothing))


def test_what_another_process_changed_is_seen_when_asked_afresh(engine_url: str, name: str) -> None:
    mine, other = QdrantVectorStore(engine_url), QdrantVectorStore(engine_url)
    old, new = a_spec(name, "words-v1"), a_spec(name, "words-v2")
    try:
        mine.ensure_collection(old)
        assert mine.in_use(name) == old
        other.ensure_collection(new, beside=True)
        assert mine.every(name) == [old, new]
        other.promote(new)
        other.drop(old)

        with pytest.raises(EmbeddingModelMismatch):
            mine.count(mine.in_use(name), Scope(OWN), {})
        assert mine.in_use(name, fresh=True) == mine.in_use(name) == new
        assert mine.every(name) == [new]
    finally:
        mine.close()
        other.close()


def test_collections_that_are_not_ours_are_left_alone(engine_url: str, name: str) -> None:
    real = QdrantVectorStore(engine_url)
    try:
        real.ensure_collection(a_spec(name))
        for foreign in (f"{name}__words", f"{name}__words__many", f"x{name}__words__2"):
            real._client.create_collection(
                foreign,
                vectors_config={"v": models.VectorParams(size=2, distance=models.Distance.DOT)},
            )
        assert real.every(name) == [a_spec(name)]
    finally:
        real.close()
