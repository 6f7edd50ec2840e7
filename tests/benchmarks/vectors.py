"""Show 2 of the knowledge base: how fast passages are indexed, and how fast and how completely they are found.

Indexing goes from rows in PostgreSQL through the embedder into the engine, as an upload and a rebuild do; beside it
stands the same engine fed with finished points by its own client. Searching goes over HTTP to the engine in a process
of its own; beside it stand numpy's product of matrices in this process, which is exact, and the engine's graph, HNSW.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from uuid import UUID

import numpy as np
import qdrant_edge as engine
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from functions.knowledge.chunk import Chunk
from functions.knowledge.collections import COLLECTIONS
from functions.knowledge.indexing import index_stored
from functions.knowledge.kits import document_id
from functions.knowledge.repository import KnowledgeRepository
from shared.adapters.embeddings import Embedder, HashedEmbedder
from shared.adapters.embeddings_minilm import MiniLmEmbedder
from shared.adapters.lexical import SparseVector, sparse_query
from shared.adapters.vectors import DENSE, CollectionSpec, Point, Scope, SearchQuery
from shared.adapters.vectors_qdrant import QdrantVectorStore
from shared.db.unit_of_work import Database
from shared.settings import DatabaseSettings
from tests.benchmarks.intake import TENANT, Own, engines
from tests.benchmarks.report import Section, milliseconds, percentile
from tests.benchmarks.vectors_engine import DIMENSION, Matrix, Passages, Served, fill, served

PER_DOCUMENT = 20
PER_BATCH = 200
TENANTS = 20
TEN = 10
WARM_UP = 10
SPEC = COLLECTIONS["doc_chunks"].spec(HashedEmbedder(DIMENSION))
NO_WORDS = SparseVector((), ())

FUSED = "dense and words, a tenant's"
DENSE_ONLY = "dense, a tenant's"
NUMPY = "numpy, a tenant's"
EVERYWHERE = "dense, all tenants'"
NUMPY_EVERYWHERE = "numpy, all tenants'"
GRAPH = "graph (HNSW), a tenant's, no HTTP"

Query = NDArray[np.float32]
Ask = Callable[[UUID, Query], list[int]]
"""Return the numbers of the ten nearest passages of a tenant, best first."""


def measure(*, quick: bool) -> Iterator[Section]:
    """Return the speed of indexing 10,000 passages, and of searching in 10,000 and in 100,000."""
    many = 2_000 if quick else 10_000
    yield indexing(many)
    yield searching(many, 40 if quick else 200, with_graph=True)
    if not quick:
        yield searching(100_000, 200, with_graph=False)


class TimedEmbedder:
    """An embedder that says how many seconds it took."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.model, self.dimension = inner.model, inner.dimension
        self.seconds = 0.0

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """See `Embedder`."""
        started = time.perf_counter()
        try:
            return self._inner.embed_documents(texts)
        finally:
            self.seconds += time.perf_counter() - started

    def embed_query(self, text: str) -> list[float]:
        """See `Embedder`."""
        return self._inner.embed_query(text)


class TimedStore(QdrantVectorStore):
    """The store, and how many seconds its writes took."""

    seconds = 0.0

    def upsert(self, spec: CollectionSpec, tenant_id: UUID, points: Sequence[Point]) -> None:
        """See `VectorStore`."""
        started = time.perf_counter()
        super().upsert(spec, tenant_id, points)
        self.seconds += time.perf_counter() - started


def indexing(many: int) -> Section:
    """Return passages a second, and where the time goes."""
    section = Section(
        "Indexing passages: rows, embedding, engine",
        f"80 words each, {PER_DOCUMENT} to a document, {PER_BATCH} documents at a time; one process, one connection",
        ["", "passages", "a second", "embedding", "engine", "rows and the rest"],
    )
    passages = Passages(1)
    texts = [passages.text() for _ in range(many)]
    few = texts[: many // 10]
    for name, embedder, given in (
        ("hashed", HashedEmbedder(DIMENSION), texts),
        ("minilm", MiniLmEmbedder(DIMENSION), few),
    ):
        _indexed(section, name, TimedEmbedder(embedder), given)
    _uploaded(section, passages, texts)
    ours, theirs = (
        section.figures[f"{each} a second"] for each in ("hashed", "qdrant-client, finished points")
    )
    section.ratios["hashed, from rows / qdrant-client, finished points"] = ours / theirs
    return section


def _indexed(section: Section, name: str, embedder: TimedEmbedder, texts: Sequence[str]) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="robo-bench-") as folder,
        engines(),
        served(Path(folder)) as process,
        closing(TimedStore(process.url)) as store,
        closing(Database(DatabaseSettings.load())) as database,
    ):
        own = Own(vectors=store, database=database)
        own._embedders[DIMENSION] = embedder
        spec = COLLECTIONS["doc_chunks"].spec(embedder)
        store.ensure_collection(spec)
        ids = [_rows(database, number, texts) for number in range(len(texts) // PER_DOCUMENT)]
        started = time.perf_counter()
        for start in range(0, len(ids), PER_BATCH):
            index_stored(own, TENANT, ids[start : start + PER_BATCH])
        seconds = time.perf_counter() - started
        if store.count(spec, Scope(TENANT), {}) != len(texts):
            raise RuntimeError("not everything was indexed")
    parts = (embedder.seconds, store.seconds, seconds - embedder.seconds - store.seconds)
    shares = [f"{part / seconds:.0%}" for part in parts]
    section.rows.append([name, f"{len(texts)}", f"{len(texts) / seconds:.0f}", *shares])
    section.figures[f"{name} a second"] = len(texts) / seconds
    for part, taken in zip(("embedding", "engine", "rest"), parts, strict=True):
        section.figures[f"{name} {part}"] = taken


def _rows(database: Database, number: int, texts: Sequence[str]) -> UUID:
    """Write the rows of a document, as whoever read and cut it does."""
    name = f"bench/{number}.md"
    id_ = document_id(TENANT, "doc_chunks", name)
    chunks = [Chunk(text) for text in texts[number * PER_DOCUMENT : (number + 1) * PER_DOCUMENT]]
    with database.transaction(TENANT) as work:
        work.execute(
            "INSERT INTO knowledge.documents (id, tenant_id, collection, name, origin, status, bucket, key) "
            "VALUES (%(id)s, %(tenant_id)s, 'doc_chunks', %(name)s, 'upload', 'indexing', 'knowledge', %(name)s)",
            {"id": id_, "name": name},
        )
        KnowledgeRepository(work).put_chunks(TENANT, id_, chunks)
    return id_


def _uploaded(section: Section, passages: Passages, texts: Sequence[str]) -> None:
    name = "qdrant-client, finished points"
    vectors = passages.vectors(len(texts)).tolist()
    points = [
        models.PointStruct(id=number, vector={DENSE: vector}, payload={"chunk_text": text})
        for number, (vector, text) in enumerate(zip(vectors, texts, strict=True))
    ]
    with (
        tempfile.TemporaryDirectory(prefix="robo-bench-") as folder,
        served(Path(folder)) as process,
        closing(QdrantClient(url=process.url, check_compatibility=False)) as client,
    ):
        size = models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE, on_disk=True)
        client.create_collection("bench", vectors_config={DENSE: size})
        started = time.perf_counter()
        client.upload_points("bench", points, batch_size=128, wait=True)
        seconds = time.perf_counter() - started
    section.rows.append([name, f"{len(texts)}", f"{len(texts) / seconds:.0f}", "0%", "100%", "0%"])
    section.figures[f"{name} a second"] = len(texts) / seconds


def searching(many: int, searches: int, *, with_graph: bool) -> Section:
    """Return p50, p99 and recall@10 of searches in one tenant of twenty, and in all of them."""
    section = Section(
        f"Searching {many:,} passages of {TENANTS} tenants",
        "",
        ["", "p50", "p99", "recall@10"],
    )
    passages = Passages(TENANTS)
    with tempfile.TemporaryDirectory(prefix="robo-bench-") as folder:
        vectors = fill(Path(folder) / "engine", SPEC, passages, many)
        graph = with_graph and _graph(Path(folder), vectors)
        with served(Path(folder) / "engine") as process:
            asks = _contenders(process, passages, vectors)
            if graph:
                asks[GRAPH] = graph
            _compare(section, asks, passages, vectors, searches)
            own, mapped = process.memory_mb()
    section.note = (
        f"{searches} searches each, interleaved; recall: of numpy's ten nearest; the engine over HTTP, "
        f"{own:.0f} MB of its own and {mapped:.0f} MB of mapped files"
    )
    section.figures |= {"engine MB": own, "mapped MB": mapped}
    section.ratios["numpy / dense, p50"] = (
        section.figures[f"{NUMPY} p50"] / section.figures[f"{DENSE_ONLY} p50"]
    )
    if graph:
        section.ratios["graph / dense, p50"] = (
            section.figures[f"{GRAPH} p50"] / section.figures[f"{DENSE_ONLY} p50"]
        )
    return section


def _contenders(process: Served, passages: Passages, vectors: Matrix) -> dict[str, Ask]:
    client = QdrantClient(url=process.url, check_compatibility=False, timeout=30)
    mine = {tenant: np.ascontiguousarray(vectors[n::TENANTS]) for n, tenant in enumerate(passages.tenants)}

    def found(tenant: UUID, query: Query, sparse: SparseVector) -> list[int]:
        hits = process.store.search(SPEC, Scope(tenant), SearchQuery(query.tolist(), sparse, limit=TEN))
        return [int(hit.payload["document_id"][1:]) for hit in hits]

    def numpy_found(tenant: UUID, query: Query) -> list[int]:
        first = passages.tenants.index(tenant)
        return [first + TENANTS * place for place in _nearest(mine[tenant], query)]

    def everywhere(_tenant: UUID, query: Query) -> list[int]:
        answer = client.query_points(
            SPEC.name, query=query.tolist(), using=DENSE, limit=TEN, with_payload=["document_id"]
        )
        return [int((point.payload or {})["document_id"][1:]) for point in answer.points]

    return {
        FUSED: lambda tenant, query: found(tenant, query, sparse_query(passages.text(6))),
        DENSE_ONLY: lambda tenant, query: found(tenant, query, NO_WORDS),
        NUMPY: numpy_found,
        EVERYWHERE: everywhere,
        NUMPY_EVERYWHERE: lambda _tenant, query: _nearest(vectors, query),
    }


def _nearest(vectors: Matrix, query: Query) -> list[int]:
    scores = vectors @ query
    best = np.argpartition(-scores, TEN)[:TEN]
    return [int(place) for place in best[np.argsort(-scores[best])]]


def _graph(folder: Path, vectors: Matrix) -> Ask:
    """The same engine with the graph that a server builds by itself, in this process."""
    config = engine.EdgeConfig(
        vectors={DENSE: engine.EdgeVectorParams(size=DIMENSION, distance=engine.Distance.Cosine)},
        hnsw_config=engine.HnswIndexConfig(m=16, ef_construct=100, full_scan_threshold=1),
        optimizers=engine.EdgeOptimizersConfig(indexing_threshold=1, default_segment_number=1),
    )
    (folder / "graph").mkdir()
    shard = engine.EdgeShard.create(str(folder / "graph"), config)
    tenants = engine.KeywordIndexParams(is_tenant=True)
    shard.update(engine.UpdateOperation.create_field_index("tenant", tenants))
    for start in range(0, len(vectors), 500):
        rows = enumerate(vectors[start : start + 500], start)
        points = [
            engine.Point(number, {DENSE: vector.tolist()}, {"tenant": str(number % TENANTS)})
            for number, vector in rows
        ]
        shard.update(engine.UpdateOperation.upsert_points(points))
    shard.optimize()

    def found(tenant: UUID, query: Query) -> list[int]:
        own = engine.FieldCondition("tenant", match=engine.MatchValue(str(tenant.int - 1)))
        asked = engine.QueryRequest(
            limit=TEN,
            query=engine.Query.Nearest(query.tolist(), using=DENSE),
            filter=engine.Filter(must=[own]),
        )
        return [int(point.id) for point in shard.query(asked)]

    return found


def _compare(
    section: Section, asks: dict[str, Ask], passages: Passages, vectors: Matrix, searches: int
) -> None:
    taken: dict[str, list[float]] = {name: [] for name in asks}
    shares: dict[str, list[float]] = {name: [] for name in asks}
    chance = random.Random(2026)  # noqa: S311 - an order, not a secret
    order = list(asks)
    for number, query in enumerate(passages.vectors(WARM_UP + searches), -WARM_UP):
        tenant = chance.choice(passages.tenants)
        chance.shuffle(order)
        answers: dict[str, list[int]] = {}
        for name in order:
            started = time.perf_counter()
            answers[name] = asks[name](tenant, query)
            if number >= 0:
                taken[name].append(time.perf_counter() - started)
        for name, answer in answers.items():
            exact = answers[NUMPY_EVERYWHERE if name in (EVERYWHERE, NUMPY_EVERYWHERE) else NUMPY]
            shares[name].append(len(set(answer) & set(exact)) / TEN)
    for name in asks:
        middle, high = percentile(taken[name], 0.5), percentile(taken[name], 0.99)
        # What words find beside is no error of the dense search.
        recall = "" if name == FUSED else f"{np.mean(shares[name]):.3f}"
        section.rows.append([name, milliseconds(middle), milliseconds(high), recall])
        section.figures |= {f"{name} p50": middle, f"{name} p99": high}
        if recall:
            section.figures[f"{name} recall@10"] = float(np.mean(shares[name]))
