"""Both vector stores keep the same promises: the fake in memory, and the real client against the real engine."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.embeddings import HashedEmbedder, SparseVector, sparse_query, sparse_terms
from shared.adapters.vectors import (
    CollectionMissing,
    CollectionSpec,
    EmbeddingModelMismatch,
    Match,
    Point,
    Scope,
    SearchQuery,
    VectorStore,
    point_id,
)
from shared.adapters.vectors_memory import InMemoryVectorStore
from shared.adapters.vectors_qdrant import QdrantVectorStore
from shared.errors import Invalid
from tests.contract.vector_stores import engine_url, store

__all__ = ["engine_url", "store"]

OWN, OTHER, HOUSE = UUID(int=1), UUID(int=2), UUID(int=3)
EMBEDDER = HashedEmbedder(64)
TEXTS = {
    "boats": "Skippers trade fishing quota at the harbour",
    "doctors": "Patients talk to a doctor over video",
    "ledger": "A ledger that keeps invoices and expenses of freelancers",
    "lessons": "Pupils book lessons with a tutor",
    "parcels": "Couriers deliver parcels along a planned route",
}


@pytest.fixture
def spec(store: VectorStore) -> CollectionSpec:
    made = a_spec()
    store.ensure_collection(made)
    return made


def a_spec(*, name: str | None = None, model: str = "words-v1", dimension: int = 64) -> CollectionSpec:
    name = name or f"c{uuid4().hex}"
    return CollectionSpec(name, model, dimension, {"sector": "keyword", "tags": "keyword", "year": "integer"})


def a_point(document: str, text: str, chunk: int = 0, **payload: Any) -> Point:
    return Point(
        document, chunk, EMBEDDER.embed_documents([text])[0], sparse_terms(text), {"text": text, **payload}
    )


def a_query(text: str, **options: Any) -> SearchQuery:
    return SearchQuery(EMBEDDER.embed_query(text), sparse_query(text), **options)


def fill(store: VectorStore, spec: CollectionSpec, tenant: UUID, **payload: Any) -> None:
    store.upsert(spec, tenant, [a_point(name, text, **payload) for name, text in TEXTS.items()])


def found(store: VectorStore, spec: CollectionSpec, scope: Scope, text: str, **options: Any) -> list[str]:
    return [hit.payload["document_id"] for hit in store.search(spec, scope, a_query(text, **options))]


def test_the_engine_is_ready(store: VectorStore) -> None:
    assert store.ready()


def test_a_search_finds_the_text_that_shares_its_words_first(
    store: VectorStore, spec: CollectionSpec
) -> None:
    fill(store, spec, OWN)

    assert found(store, spec, Scope(OWN), "video call with my doctor")[0] == "doctors"
    assert found(store, spec, Scope(OWN), "quota of fishing boats")[0] == "boats"


def test_a_hit_carries_id_score_and_the_whole_payload(store: VectorStore, spec: CollectionSpec) -> None:
    store.upsert(spec, OWN, [a_point("d", TEXTS["boats"], 3, sector="other", tags=["a", "b"], note=None)])

    (hit,) = store.search(spec, Scope(OWN), a_query("quota"))

    assert hit.id == point_id(OWN, "d", 3)
    assert hit.payload == {
        "text": TEXTS["boats"],
        "sector": "other",
        "tags": ["a", "b"],
        "note": None,
        "tenant_id": str(OWN),
        "document_id": "d",
        "chunk": 3,
    }
    # One result a list has no distribution: DBSF gives it the middle, once for each list it is in.
    assert hit.score == pytest.approx(1.0)


def test_scores_are_those_of_distribution_based_fusion(store: VectorStore, spec: CollectionSpec) -> None:
    angles = (0.1, 0.5, 1.2)
    nothing = SparseVector((), ())
    store.upsert(spec, OWN, [Point(f"d{i}", 0, _at(angle), nothing, {}) for i, angle in enumerate(angles)])

    hits = store.search(spec, Scope(OWN), SearchQuery(_at(0.0), nothing))

    cosines = [math.cos(angle) for angle in angles]
    mean = sum(cosines) / 3
    sigma = math.sqrt(sum((value - mean) ** 2 for value in cosines) / 2)
    assert [hit.score for hit in hits] == pytest.approx(
        [(c - mean + 3 * sigma) / (6 * sigma) for c in cosines], abs=1e-5
    )


def _at(angle: float) -> list[float]:
    return [math.cos(angle), math.sin(angle), *[0.0] * 62]


def test_a_rare_word_weighs_more_than_a_common_one(store: VectorStore, spec: CollectionSpec) -> None:
    same = _at(0.3)
    texts = {"d1": "harbour", "d2": "harbour", "d3": "harbour", "d4": "sextant"}
    store.upsert(spec, OWN, [Point(name, 0, same, sparse_terms(text), {}) for name, text in texts.items()])

    hits = store.search(spec, Scope(OWN), SearchQuery(same, sparse_query("harbour sextant")))

    assert hits[0].payload["document_id"] == "d4"


def test_other_tenants_documents_move_no_score(store: VectorStore, spec: CollectionSpec) -> None:
    fill(store, spec, OWN)
    query = a_query("harbour doctor quota lessons")
    before = store.search(spec, Scope(OWN), query)

    store.upsert(spec, OTHER, [a_point(f"o{i}", f"harbour doctor {i}") for i in range(20)])
    after = store.search(spec, Scope(OWN), query)

    assert [hit.id for hit in after] == [hit.id for hit in before]
    assert [hit.score for hit in after] == pytest.approx([hit.score for hit in before], abs=1e-6)


def test_a_tenant_sees_its_own_points_and_what_the_house_shares(
    store: VectorStore, spec: CollectionSpec
) -> None:
    for tenant in (OWN, OTHER, HOUSE):
        fill(store, spec, tenant, owner=str(tenant), audience="everybody" if tenant != OWN else "own")
    private = dataclasses.replace(a_point("of-a-visitor", "doctor"), payload={"owner": "private"})
    store.upsert(spec, HOUSE, [private])

    def owners(scope: Scope) -> set[str]:
        return {hit.payload["tenant_id"] for hit in store.search(spec, scope, a_query("doctor", limit=50))}

    assert owners(Scope(OWN)) == {str(OWN)}
    assert owners(Scope(OWN, HOUSE)) == {str(OWN), str(HOUSE)}
    assert owners(Scope(uuid4())) == set()
    assert store.count(spec, Scope(OWN, HOUSE), {}) == 2 * len(TEXTS)
    assert store.count(spec, Scope(HOUSE, HOUSE), {}) == len(TEXTS) + 1
    assert {p["owner"] for p in store.payloads(spec, Scope(OTHER), {}, ["owner"])} == {str(OTHER)}


def test_a_payload_cannot_claim_another_tenant(store: VectorStore, spec: CollectionSpec) -> None:
    claim = {"tenant_id": str(OTHER), "document_id": "x", "chunk": 9}
    store.upsert(spec, OWN, [dataclasses.replace(a_point("d", "quota"), payload=claim)])

    assert store.count(spec, Scope(OTHER), {}) == 0
    assert list(store.payloads(spec, Scope(OWN), {}, ["document_id", "chunk"])) == [
        {"document_id": "d", "chunk": 0}
    ]


def test_a_filter_cannot_name_the_tenant(store: VectorStore, spec: CollectionSpec) -> None:
    match = {"tenant_id": str(OTHER)}
    for act in (
        lambda: store.search(spec, Scope(OWN), a_query("quota", match=match)),
        lambda: store.count(spec, Scope(OWN), match),
        lambda: store.delete(spec, Scope(OWN), match),
        lambda: store.payloads(spec, Scope(OWN), match, []),
    ):
        with pytest.raises(Invalid, match="decided by the scope"):
            act()


def test_a_filter_matches_values_any_of_several_and_lists(store: VectorStore, spec: CollectionSpec) -> None:
    store.upsert(
        spec,
        OWN,
        [
            a_point("d1", "quota", sector="fintech", tags=["a", "b"], year=2020),
            a_point("d2", "quota", sector="edtech", tags=["b"], year=2021),
            a_point("d3", "quota", sector="saas", tags=[], year=2022),
        ],
    )

    def matching(match: Match) -> set[str]:
        ids = set(found(store, spec, Scope(OWN), "quota", match=match))
        assert store.count(spec, Scope(OWN), match) == len(ids)
        return ids

    assert matching({"sector": "edtech"}) == {"d2"}
    assert matching({"sector": ["edtech", "saas"]}) == {"d2", "d3"}
    assert matching({"tags": "b"}) == {"d1", "d2"}
    assert matching({"tags": ["a", "z"], "year": 2020}) == {"d1"}
    assert matching({"year": [2021, 2022]}) == {"d2", "d3"}
    assert matching({"sector": "fintech", "year": 2021}) == set()
    assert matching({"nowhere": "x"}) == set()


def test_a_filter_without_values_is_refused(store: VectorStore, spec: CollectionSpec) -> None:
    with pytest.raises(Invalid, match="lists no values"):
        store.count(spec, Scope(OWN), {"sector": []})


def test_limit_and_candidates_bound_the_results(store: VectorStore, spec: CollectionSpec) -> None:
    fill(store, spec, OWN)

    assert len(found(store, spec, Scope(OWN), "doctor quota", limit=2)) == 2
    assert len(found(store, spec, Scope(OWN), "doctor", candidates=1)) == 1
    with pytest.raises(Invalid):
        found(store, spec, Scope(OWN), "doctor", limit=0)


def test_writing_a_chunk_again_replaces_it(store: VectorStore, spec: CollectionSpec) -> None:
    store.upsert(spec, OWN, [a_point("d", "quota of fish", sector="other")])
    store.upsert(spec, OWN, [a_point("d", "a doctor")])

    assert list(store.payloads(spec, Scope(OWN), {}, ["text", "sector"])) == [{"text": "a doctor"}]


def test_tenants_keep_documents_of_the_same_name_apart(store: VectorStore, spec: CollectionSpec) -> None:
    fill(store, spec, OWN)
    fill(store, spec, OTHER)

    store.delete(spec, Scope(OWN), {"document_id": "boats"})

    assert store.count(spec, Scope(OWN), {}) == len(TEXTS) - 1
    assert store.count(spec, Scope(OTHER), {}) == len(TEXTS)


def test_delete_spares_the_house(store: VectorStore, spec: CollectionSpec) -> None:
    fill(store, spec, OWN)
    fill(store, spec, HOUSE)

    store.delete(spec, Scope(OWN, HOUSE), {})

    assert store.count(spec, Scope(OWN), {}) == 0
    assert store.count(spec, Scope(HOUSE), {}) == len(TEXTS)


def test_payloads_of_more_than_a_page_come_all(store: VectorStore, spec: CollectionSpec) -> None:
    point = a_point("d", "quota")
    store.upsert(spec, OWN, [Point("d", i, point.dense, point.sparse, {}) for i in range(600)])

    chunks = [payload["chunk"] for payload in store.payloads(spec, Scope(OWN), {}, ["chunk"])]

    assert sorted(chunks) == list(range(600))


@pytest.mark.parametrize(
    ("dense", "sparse"),
    [
        ([1.0] * 63, SparseVector((), ())),
        ([math.nan] * 64, SparseVector((), ())),
        ([math.inf] * 64, SparseVector((), ())),
        ([1.0] * 64, SparseVector((2, 1), (1.0, 1.0))),
        ([1.0] * 64, SparseVector((1, 1), (1.0, 1.0))),
        ([1.0] * 64, SparseVector((1, 2), (1.0,))),
    ],
)
def test_vectors_that_do_not_fit_are_refused(
    store: VectorStore, spec: CollectionSpec, dense: list[float], sparse: SparseVector
) -> None:
    with pytest.raises(Invalid):
        store.upsert(spec, OWN, [a_point("good", "quota"), Point("bad", 0, dense, sparse, {})])
    with pytest.raises(Invalid):
        store.search(spec, Scope(OWN), SearchQuery(dense, sparse))

    assert store.count(spec, Scope(OWN), {}) == 0


def test_ensuring_a_collection_twice_keeps_its_points(store: VectorStore, spec: CollectionSpec) -> None:
    fill(store, spec, OWN)

    store.ensure_collection(spec)

    assert store.count(spec, Scope(OWN), {}) == len(TEXTS)


def test_a_collection_that_was_never_made_is_missing(store: VectorStore) -> None:
    spec = a_spec()

    for act in (
        lambda: store.count(spec, Scope(OWN), {}),
        lambda: store.search(spec, Scope(OWN), a_query("x")),
        lambda: store.upsert(spec, OWN, [a_point("d", "x")]),
        lambda: store.delete(spec, Scope(OWN), {}),
        lambda: store.promote(spec),
        lambda: list(store.payloads(spec, Scope(OWN), {}, [])),
    ):
        with pytest.raises(CollectionMissing):
            act()


@pytest.mark.parametrize("changed", [{"model": "words-v2"}, {"dimension": 32}])
def test_another_model_or_dimension_is_refused_by_name(
    store: VectorStore, spec: CollectionSpec, changed: dict[str, Any]
) -> None:
    fill(store, spec, OWN)
    other = a_spec(name=spec.name, **changed)

    with pytest.raises(EmbeddingModelMismatch, match=spec.physical):
        store.ensure_collection(other)
    with pytest.raises(EmbeddingModelMismatch, match="rebuild"):
        store.count(other, Scope(OWN), {})


def test_a_rebuild_fills_beside_and_then_takes_over(store: VectorStore, spec: CollectionSpec) -> None:
    fill(store, spec, OWN)
    fresh = a_spec(name=spec.name, model="words-v2")

    store.ensure_collection(fresh, beside=True)
    store.upsert(fresh, OWN, [a_point("new", "quota")])
    store.ensure_collection(spec)  # still the one in use
    store.promote(fresh)

    store.ensure_collection(fresh)
    with pytest.raises(EmbeddingModelMismatch):
        store.ensure_collection(spec)
    assert found(store, fresh, Scope(OWN), "quota") == ["new"]


def test_a_dropped_collection_is_gone_and_can_be_made_again(store: VectorStore, spec: CollectionSpec) -> None:
    fill(store, spec, OWN)

    store.drop(spec)
    store.drop(spec)

    with pytest.raises(CollectionMissing):
        store.count(spec, Scope(OWN), {})
    store.ensure_collection(spec)
    assert store.count(spec, Scope(OWN), {}) == 0
    fill(store, spec, OWN)
    assert found(store, spec, Scope(OWN), "doctor", limit=1) == ["doctors"]


def test_dropping_leaves_the_collection_in_use_alone(store: VectorStore, spec: CollectionSpec) -> None:
    fill(store, spec, OWN)
    fresh = a_spec(name=spec.name, model="words-v2")
    store.ensure_collection(fresh, beside=True)

    store.drop(fresh)

    store.ensure_collection(spec)
    assert store.count(spec, Scope(OWN), {}) == len(TEXTS)
    with pytest.raises(EmbeddingModelMismatch):
        store.count(fresh, Scope(OWN), {})


def test_first_chunks_count_documents(store: VectorStore, spec: CollectionSpec) -> None:
    fill(store, spec, OWN)
    store.upsert(spec, OWN, [a_point("boats", "more of the same", 1)])

    assert store.count(spec, Scope(OWN), {}) == len(TEXTS) + 1
    assert store.count(spec, Scope(OWN), {"chunk": 0}) == len(TEXTS)


def test_writers_in_many_threads_lose_nothing(store: VectorStore, spec: CollectionSpec) -> None:
    point = a_point("d", "quota")
    failures: list[BaseException] = []

    def write(worker: int) -> None:
        try:
            for chunk in range(15):
                fresh = Point(f"d{worker}", chunk, point.dense, point.sparse, {})
                store.upsert(spec, OWN, [fresh])
                store.search(spec, Scope(OWN), a_query("quota"))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert store.count(spec, Scope(OWN), {}) == 6 * 15


WORDS = st.sampled_from(["quota", "boat", "doctor", "lesson", "parcel", "ledger"])


@pytest.fixture(scope="module")
def two_stores(engine_url: str) -> Iterator[tuple[VectorStore, VectorStore, CollectionSpec]]:
    real, fake, spec = QdrantVectorStore(engine_url), InMemoryVectorStore(), a_spec()
    real.ensure_collection(spec)
    fake.ensure_collection(spec)
    yield real, fake, spec
    real.close()


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=8),
    asked=st.sampled_from(["quota", "doctor lesson", "ledger boat parcel"]),
)
def test_the_fake_and_the_engine_score_alike(
    two_stores: tuple[VectorStore, VectorStore, CollectionSpec], texts: list[str], asked: str
) -> None:
    *stores, spec = two_stores
    tenant = uuid4()
    scores: list[dict[str, float]] = []
    for each in stores:
        each.upsert(spec, tenant, [a_point(f"d{i}", text) for i, text in enumerate(texts)])
        hits = each.search(spec, Scope(tenant), a_query(asked, limit=20))
        scores.append({hit.payload["document_id"]: hit.score for hit in hits})

    assert scores[0] == pytest.approx(scores[1], abs=2e-3)


def test_the_client_is_loaded_at_the_first_call_and_not_before() -> None:
    code = (
        "import sys; from shared.adapters.vectors_qdrant import QdrantVectorStore;"
        "from functions.knowledge import service; QdrantVectorStore('http://127.0.0.1:9');"
        "print(sorted({'qdrant_client', 'httpx', 'numpy', 'boto3'} & set(sys.modules)))"
    )

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "[]"
