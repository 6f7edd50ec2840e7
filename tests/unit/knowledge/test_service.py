"""Documents are indexed once, found by their passages, and seen by their tenants only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import pytest

from functions.knowledge.collections import COLLECTIONS, MARKET_COMPS
from functions.knowledge.comparables import seed_comparables
from functions.knowledge.cutting import cut
from functions.knowledge.extraction.readable import Prose
from functions.knowledge.search import Passage, search
from functions.knowledge.service import (
    CutDocument,
    Indexed,
    index_chunks,
    seed_market_comps,
)
from shared.adapters.embeddings import HashedEmbedder
from shared.adapters.vectors import Scope
from shared.adapters.vectors_memory import InMemoryVectorStore
from shared.errors import Invalid

OWN, OTHER, HOUSE = UUID(int=1), UUID(int=2), UUID(int=3)
TEXT = "# Quota exchange\n\nSkippers offer a lot of quota.\n\n# Payments\n\nThe harbour office settles the invoice."


def document(id_: str, text: str, payload: Mapping[str, str] | None = None) -> CutDocument:
    return CutDocument(id_, cut(Prose("text/markdown", "", text), "doc_chunks"), payload or {})


PRD = document("prd-1", TEXT, {"doc_type": "prd", "sector": "other"})


class CountingEmbedder(HashedEmbedder):
    """Remembers what it was asked to embed."""

    def __init__(self, dimension: int = 1536, model: str = "hashed-ngrams-v1") -> None:
        super().__init__(dimension)
        self.model = model
        self.asked: list[str] = []

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        self.asked += texts
        return super().embed_documents(texts)


@pytest.fixture
def embedder() -> CountingEmbedder:
    return CountingEmbedder()


@pytest.fixture
def store(embedder: CountingEmbedder) -> InMemoryVectorStore:
    made = InMemoryVectorStore()
    made.ensure_collection(COLLECTIONS["doc_chunks"].spec(embedder))
    return made


def index(
    store: InMemoryVectorStore, embedder: CountingEmbedder, *documents: CutDocument, tenant: UUID = OWN
) -> Indexed:
    return index_chunks(store, embedder, tenant, "doc_chunks", documents)


def find(
    store: InMemoryVectorStore,
    embedder: CountingEmbedder,
    text: str,
    *,
    tenant: UUID = OWN,
    house: UUID | None = None,
    match: dict[str, str] | None = None,
    limit: int = 10,
) -> list[Passage]:
    return search(
        store,
        lambda _model, _dimension: embedder,
        scope=Scope(tenant, house),
        collections=["doc_chunks"],
        text=text,
        match=match,
        limit=limit,
    )


def test_a_passage_is_found_with_its_document_and_payload(
    store: InMemoryVectorStore, embedder: CountingEmbedder
) -> None:
    assert index(store, embedder, PRD) == Indexed(embedded=2, unchanged=0, removed=0)

    best = find(store, embedder, "who settles invoices?")[0]

    assert (best.name, best.chunk) == ("prd-1", 1)
    assert best.text == "# Payments\n\nThe harbour office settles the invoice."
    assert best.payload["doc_type"] == "prd"
    assert "tenant_id" not in best.payload
    spec = COLLECTIONS["doc_chunks"].spec(embedder)
    stored = store.payloads(spec, Scope(OWN), {"doc_id": "prd-1"}, ["doc_id", "chunk_text"])
    assert {"doc_id": "prd-1", "chunk_text": best.text} in list(stored)


def test_what_has_not_changed_is_not_embedded_again(
    store: InMemoryVectorStore, embedder: CountingEmbedder
) -> None:
    index(store, embedder, PRD)
    embedder.asked.clear()
    edited = document(PRD.id, TEXT.replace("harbour office", "bank"), PRD.payload)

    assert index(store, embedder, PRD) == Indexed(embedded=0, unchanged=2, removed=0)
    assert index(store, embedder, edited) == Indexed(embedded=1, unchanged=1, removed=0)

    assert embedder.asked == ["# Payments\n\nThe bank settles the invoice."]


def test_a_changed_payload_is_written_again(store: InMemoryVectorStore, embedder: CountingEmbedder) -> None:
    index(store, embedder, PRD)

    moved = CutDocument(PRD.id, PRD.chunks, {**PRD.payload, "sector": "fintech"})

    assert index(store, embedder, moved).embedded == 2
    spec = COLLECTIONS["doc_chunks"].spec(embedder)
    assert store.count(spec, Scope(OWN), {"sector": "fintech"}) == 2


def test_passages_that_a_document_lost_are_removed(
    store: InMemoryVectorStore, embedder: CountingEmbedder
) -> None:
    other = document("prd-2", "Boats and harbours.")
    index(store, embedder, PRD, other)

    assert index(store, embedder, document(PRD.id, "Short now.")) == Indexed(1, 0, 1)
    assert index(store, embedder, document(PRD.id, " ")) == Indexed(0, 0, 1)

    spec = COLLECTIONS["doc_chunks"].spec(embedder)
    assert list(store.payloads(spec, Scope(OWN), {}, ["doc_id"])) == [{"doc_id": "prd-2"}]


def test_tenants_find_their_own_and_the_houses_passages_only(
    store: InMemoryVectorStore, embedder: CountingEmbedder
) -> None:
    for tenant in (OWN, OTHER, HOUSE):
        shared = {"audience": "everybody"}
        index(store, embedder, document(f"of-{tenant.int}", "Quota of the season", shared), tenant=tenant)

    def found(tenant: UUID, house: UUID | None = None) -> set[str]:
        return {passage.name for passage in find(store, embedder, "quota", tenant=tenant, house=house)}

    assert found(OWN) == {"of-1"}
    assert found(OTHER, HOUSE) == {"of-2", "of-3"}


def test_a_search_is_narrowed_and_bounded(store: InMemoryVectorStore, embedder: CountingEmbedder) -> None:
    for number, kind in enumerate(["prd", "plan", "plan"]):
        index(store, embedder, document(f"d{number}", "Quota", {"doc_type": kind}))

    plans = find(store, embedder, "quota", match={"doc_type": "plan"})
    assert sorted(passage.name for passage in plans) == ["d1", "d2"]
    assert len(find(store, embedder, "quota", limit=2)) == 2


def test_many_documents_are_looked_up_in_portions(
    store: InMemoryVectorStore, embedder: CountingEmbedder
) -> None:
    documents = [document(f"d{number}", "Quota") for number in range(250)]

    assert index(store, embedder, *documents) == Indexed(250, 0, 0)
    assert index(store, embedder, *documents) == Indexed(0, 250, 0)


def test_faulty_requests_are_refused(store: InMemoryVectorStore, embedder: CountingEmbedder) -> None:
    with pytest.raises(Invalid, match="same id"):
        index(store, embedder, PRD, PRD)
    with pytest.raises(Invalid, match="no collection"):
        index_chunks(store, embedder, OWN, "gossip", [PRD])
    with pytest.raises(Invalid, match="not documents"):
        index_chunks(store, embedder, OWN, "market_comps", [PRD])
    with pytest.raises(Invalid, match="blank"):
        find(store, embedder, " ")


def test_seeding_twice_embeds_once(embedder: CountingEmbedder) -> None:
    store = InMemoryVectorStore()

    assert seed_market_comps(store, embedder, HOUSE) == len(seed_comparables())
    embedder.asked.clear()

    assert seed_market_comps(store, embedder, HOUSE) == 0
    assert embedder.asked == []
    assert store.count(MARKET_COMPS.spec(embedder), Scope(HOUSE), {}) == len(seed_comparables())


def test_seeding_embeds_what_changed_and_removes_what_left_the_seed(
    embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = InMemoryVectorStore()
    seed_market_comps(store, embedder, HOUSE)
    first, second, *_, last = seed_comparables()
    renamed = first.model_copy(update={"product_name": "Renamed"})
    monkeypatch.setattr("functions.knowledge.service.seed_comparables", lambda: (renamed, second, last))

    assert seed_market_comps(store, embedder, HOUSE) == 1

    names = store.payloads(MARKET_COMPS.spec(embedder), Scope(HOUSE), {}, ["product_name"])
    kept = {"Renamed", second.product_name, last.product_name}
    assert {payload["product_name"] for payload in names} == kept


def test_a_new_embedding_model_rebuilds_the_seed_and_takes_over(embedder: CountingEmbedder) -> None:
    store, newer = InMemoryVectorStore(), CountingEmbedder(model="measured-v2")
    seed_market_comps(store, embedder, HOUSE)

    assert seed_market_comps(store, newer, HOUSE) == len(seed_comparables())

    assert seed_market_comps(store, newer, HOUSE) == 0
    store.ensure_collection(MARKET_COMPS.spec(newer))
