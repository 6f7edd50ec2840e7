"""Search over collections: who sees what, in which order, and what is said when it cannot answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest

from functions.knowledge.chunk import Chunk
from functions.knowledge.collections import COLLECTIONS
from functions.knowledge.kits import document_id
from functions.knowledge.search import Passage, search
from functions.knowledge.service import CutDocument, index_chunks
from shared.adapters.embeddings import HashedEmbedder
from shared.adapters.vectors import Match, Scope
from shared.adapters.vectors_memory import InMemoryVectorStore
from shared.errors import DependencyUnavailable, Invalid

ONE, OTHER, HOUSE = UUID(int=1), UUID(int=2), UUID(int=3)
EMBEDDERS = {dimension: HashedEmbedder(dimension) for dimension in (768, 1536)}
HANDBOOK = ("Skippers exchange quota.", "The harbour settles the invoice.", "Nets are mended in winter.")


@pytest.fixture
def store() -> InMemoryVectorStore:
    made = InMemoryVectorStore()
    for collection in COLLECTIONS.values():
        made.ensure_collection(collection.spec(EMBEDDERS[collection.dimension]))
    return made


def put(
    store: InMemoryVectorStore,
    tenant: UUID,
    texts: Sequence[str] = HANDBOOK,
    *,
    collection: str = "doc_chunks",
    name: str = "handbook.md",
    payload: Mapping[str, Any] | None = None,
) -> None:
    chunks = [Chunk(text, "Handbook", {"page": number}) for number, text in enumerate(texts, 1)]
    embedder = EMBEDDERS[COLLECTIONS[collection].dimension]
    index_chunks(store, embedder, tenant, collection, [CutDocument(name, chunks, payload or {})])


def find(
    store: InMemoryVectorStore,
    text: str = "harbour invoice",
    *,
    tenant: UUID = ONE,
    house: UUID | None = None,
    collections: Sequence[str] = ("doc_chunks",),
    match: Match | None = None,
    limit: int = 10,
) -> list[Passage]:
    return search(
        store,
        lambda _model, dimension: EMBEDDERS[dimension],
        scope=Scope(tenant, house),
        collections=collections,
        text=text,
        match=match,
        limit=limit,
    )


def test_a_passage_says_where_it_is_from(store: InMemoryVectorStore) -> None:
    put(store, ONE, payload={"doc_type": "manual"})

    best = find(store)[0]

    assert best.document_id == document_id(ONE, "doc_chunks", "handbook.md")
    assert (best.name, best.collection, best.chunk) == ("handbook.md", "doc_chunks", 1)
    assert (best.heading, best.text, best.house) == ("Handbook", HANDBOOK[1], False)
    assert best.payload == {"doc_type": "manual", "page": 2}


def test_a_neighbour_with_the_same_document_moves_nothing(store: InMemoryVectorStore) -> None:
    put(store, ONE)
    alone = find(store)

    put(store, OTHER)
    put(store, OTHER, ("harbour harbour invoice", "harbour", "invoice for the harbour"), name="more.md")
    put(store, HOUSE, ("A harbour of the house.",), name="house.md")

    assert find(store) == alone
    theirs = find(store, tenant=OTHER)
    assert {each.document_id for each in theirs}.isdisjoint({each.document_id for each in alone})


def test_the_house_is_read_only_when_asked_for(store: InMemoryVectorStore) -> None:
    put(store, ONE)
    put(store, HOUSE, ("The house settles every invoice of the harbour.",), payload={"audience": "everybody"})
    put(store, HOUSE, ("The harbour invoice of a visitor of the house.",), name="a-kit/docs/prd.md")

    assert not any(each.house for each in find(store))
    both = find(store, house=HOUSE)
    assert [each.name for each in both if each.house] == ["handbook.md"]
    assert all("audience" not in each.payload for each in both)
    assert {each.house for each in both} == {True, False}
    assert not any(each.house for each in find(store, tenant=HOUSE, house=HOUSE))


def test_several_collections_are_merged_by_rank(store: InMemoryVectorStore) -> None:
    put(store, ONE)
    put(store, ONE, ("Harbour dues.", "Harbour invoice."), collection="knowledge_base")
    named = ("knowledge_base", "doc_chunks", "campaign_history")

    merged = find(store, collections=named, limit=4)

    assert [each.collection for each in merged] == ["knowledge_base", "doc_chunks"] * 2
    for name in named:
        alone = find(store, collections=[name], limit=4)
        assert [each for each in merged if each.collection == name] == alone[:2]


def test_filters_narrow(store: InMemoryVectorStore) -> None:
    put(store, ONE, payload={"doc_type": "manual"})
    put(store, ONE, name="plan.md", payload={"doc_type": "plan"})

    assert {each.name for each in find(store, match={"doc_type": ["plan", "letter"]})} == {"plan.md"}
    with pytest.raises(Invalid):
        find(store, match={"tenant_id": str(OTHER)})


@pytest.mark.parametrize(
    ("collections", "limit", "text"),
    [
        ((), 1, "x"),
        (("doc_chunks", "doc_chunks"), 1, "x"),
        (("nothing",), 1, "x"),
        (("doc_chunks",), 0, "x"),
        (("doc_chunks",), 51, "x"),
        (("doc_chunks",), 1, " "),
    ],
    ids=["none", "twice", "unknown", "no-results", "too-many", "blank"],
)
def test_what_makes_no_search(
    store: InMemoryVectorStore, collections: Sequence[str], limit: int, text: str
) -> None:
    with pytest.raises(Invalid):
        find(store, text, collections=collections, limit=limit)


def test_a_collection_that_is_not_there_yet_is_waited_for() -> None:
    with pytest.raises(DependencyUnavailable) as told:
        find(InMemoryVectorStore())

    assert told.value.retry_after


def test_an_engine_that_does_not_answer_is_not_named(
    store: InMemoryVectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        raise DependencyUnavailable("The vector engine at 10.0.3.7 answers 500.")

    monkeypatch.setattr(store, "search", silent)
    with pytest.raises(DependencyUnavailable) as told:
        find(store)

    assert "10.0.3.7" not in str(told.value)
    assert told.value.retry_after
