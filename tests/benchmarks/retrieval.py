"""Show 1 of the knowledge base: how well what was asked for is found, on pairs that nothing here was tuned on.

Each row is one way to rank the same passages for the same questions. The last rows are what the product does: the
local engine, asked through the adapter that also asks Qdrant. Tuned was on the other half of the pairs (ADR 0019).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from operator import mul
from pathlib import Path
from typing import Literal
from uuid import UUID

from qdrant_client import QdrantClient, models

from infra.local.qdrant import QdrantFace
from shared.adapters.embeddings import Embedder, HashedEmbedder, sparse_query, sparse_terms
from shared.adapters.embeddings_minilm import MiniLmEmbedder, minilm
from shared.adapters.lexical import words
from shared.adapters.vectors import DENSE, DOCUMENT_FIELD, SPARSE, CollectionSpec, Point, Scope, SearchQuery
from shared.adapters.vectors_qdrant import QdrantVectorStore
from tests.benchmarks.bm25 import Bm25
from tests.benchmarks.report import Section
from tests.benchmarks.retrieval_pairs import Half, Pair, pairs

TENANT = UUID(int=1)
DEPTH = 10

Vector = list[float]
Ranking = Callable[[str], Sequence[int]]
"""Which passages answer a question, best first."""


@dataclass(frozen=True)
class Quality:
    """Of the questions: the mean of 1 / place of the answer among the first ten, and how many had it there."""

    mrr: float
    recall: float


def quality(found: Sequence[Pair], ranking: Ranking) -> Quality:
    """Ask every question; the answer to question n is passage n."""
    places = []
    for number, pair in enumerate(found):
        ranked = list(ranking(pair.question))[:DEPTH]
        places.append(ranked.index(number) + 1 if number in ranked else 0)
    return Quality(
        sum(1 / place for place in places if place) / len(places),
        sum(1 for place in places if place) / len(places),
    )


def measure(wanted: int, half: Half = "reported") -> Iterator[Section]:
    """Return the quality on so many pairs of code, and of prose."""
    yield _measured("code", "docstring → function", pairs("code", half, wanted), half)
    yield _measured("prose", "heading → paragraph", pairs("prose", half, wanted), half)


def _measured(kind: Literal["code", "prose"], what: str, found: Sequence[Pair], half: Half) -> Section:
    section = Section(
        f"Retrieval, {kind}: {what}",
        f"{len(found)} held-out pairs from {len({pair.package for pair in found})} packages, the {half} half",
        ["", "MRR@10", "recall@10"],
    )
    measured: dict[str, Quality] = {}
    for name, ranking in _rankings([pair.passage for pair in found]):
        measured[name] = got = quality(found, ranking)
        section.rows.append([name, f"{got.mrr:.3f}", f"{got.recall:.3f}"])
        section.figures |= {f"{name} MRR@10": got.mrr, f"{name} recall@10": got.recall}
    single = [got for name, got in measured.items() if not name.startswith("fused")]
    for name, got in measured.items():
        if name.startswith("fused"):
            section.ratios |= {
                f"{name} / best single, MRR@10": got.mrr / max(one.mrr for one in single),
                f"{name} / best single, recall@10": got.recall / max(one.recall for one in single),
            }
    return section


def _rankings(passages: Sequence[str]) -> Iterator[tuple[str, Ranking]]:
    yield "BM25 of a textbook, whole words", _bm25(Bm25(passages))
    yield "BM25 of a textbook, our words", _bm25(Bm25(passages, words))
    hashed = HashedEmbedder(1536)
    yield "hashed n-grams alone, 1536", _nearest(hashed.embed_documents(passages), hashed.embed_query)
    meaning = minilm().embed
    yield "MiniLM alone, 384", _nearest([meaning(passage) for passage in passages], meaning)
    for dimension in (768, 1536):
        embedder = MiniLmEmbedder(dimension)
        with _indexed(embedder, passages) as engine:
            if dimension == 768:
                yield "sparse in the engine", engine.sparse
            yield f"dense in the engine, {dimension}", engine.dense
            yield f"fused by the engine, {dimension}", engine.fused


def _bm25(index: Bm25) -> Ranking:
    return lambda question: index.best(question, DEPTH)


def _nearest(vectors: Sequence[Vector], embed: Callable[[str], Vector]) -> Ranking:
    def ranked(question: str) -> list[int]:
        asked = embed(question)
        scores = [sum(map(mul, asked, vector)) for vector in vectors]
        return sorted(range(len(scores)), key=lambda number: (-scores[number], number))[:DEPTH]

    return ranked


@contextmanager
def _indexed(embedder: Embedder, passages: Sequence[str]) -> Iterator[_Engine]:
    spec = CollectionSpec("retrieval", embedder.model, embedder.dimension)
    vectors = embedder.embed_documents(passages)
    points = [
        Point(str(number), 0, vector, sparse_terms(passage), {})
        for number, (passage, vector) in enumerate(zip(passages, vectors, strict=True))
    ]
    with (
        tempfile.TemporaryDirectory(prefix="robo-bench-") as folder,
        QdrantFace(Path(folder) / "vectors") as face,
        closing(QdrantVectorStore(face.url)) as store,
        closing(QdrantClient(url=face.url, check_compatibility=False)) as client,
    ):
        store.ensure_collection(spec)
        store.upsert(spec, TENANT, points)
        yield _Engine(spec, embedder, store, client)


@dataclass(frozen=True)
class _Engine:
    """The local engine: asked for both through the product's adapter, for one of both as any client may."""

    spec: CollectionSpec
    embedder: Embedder
    store: QdrantVectorStore
    client: QdrantClient

    def fused(self, question: str) -> list[int]:
        query = SearchQuery(self.embedder.embed_query(question), sparse_query(question), limit=DEPTH)
        hits = self.store.search(self.spec, Scope(TENANT), query)
        return [int(hit.payload[DOCUMENT_FIELD]) for hit in hits]

    def dense(self, question: str) -> list[int]:
        return self._one(DENSE, self.embedder.embed_query(question))

    def sparse(self, question: str) -> list[int]:
        terms = sparse_query(question)
        if not terms.indices:
            return []
        return self._one(SPARSE, models.SparseVector(indices=list(terms.indices), values=list(terms.values)))

    def _one(self, using: str, query: Vector | models.SparseVector) -> list[int]:
        answer = self.client.query_points(
            self.spec.physical, query=query, using=using, limit=DEPTH, with_payload=True
        )
        return [int((point.payload or {})[DOCUMENT_FIELD]) for point in answer.points]
