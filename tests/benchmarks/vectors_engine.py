"""What the benchmark of vectors stands on: texts and vectors with a shape, and the engine in a process of its own."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import numpy as np
import qdrant_edge as engine
from numpy.typing import NDArray

from infra.local.qdrant.schema import CollectionConfig, IndexParams
from infra.local.qdrant.storage import Storage
from shared.adapters.lexical import sparse_terms
from shared.adapters.vectors import (
    DENSE,
    SPARSE,
    STORE_INDEXES,
    TENANT_FIELD,
    CollectionSpec,
    Point,
    point_id,
    stored_payload,
)
from shared.adapters.vectors_qdrant import QdrantVectorStore

Matrix = NDArray[np.float32]

DIMENSION = 1536
TOPICS = 400
# How far passages lie from the middle of their topic: cosines of neighbours are about 0.6, as those of real texts.
SPREAD = 0.8
_BATCH = 500


class Passages:
    """Numbered passages with texts and vectors of some topics, of tenants in turn; the same for the same seed."""

    def __init__(self, tenants: int, seed: int = 2026) -> None:
        self._chance = np.random.default_rng(seed)
        self._words = random.Random(seed)  # noqa: S311 - texts, not a secret
        self._topics = _unit(self._chance.standard_normal((TOPICS, DIMENSION), dtype=np.float32))
        self.tenants = [UUID(int=number + 1) for number in range(tenants)]

    def vectors(self, many: int) -> Matrix:
        """Return the next vectors, of length 1 each."""
        topics = self._topics[self._chance.integers(0, TOPICS, many)]
        noise = self._chance.standard_normal((many, DIMENSION), dtype=np.float32) / np.sqrt(DIMENSION)
        return _unit(topics + SPREAD * noise)

    def text(self, words: int = 80) -> str:
        """Return a text whose words are as frequent as those of a language."""
        ranks = (min(int(self._words.paretovariate(0.9)), 20_000) for _ in range(words))
        return " ".join(f"w{rank}" for rank in ranks)

    def tenant(self, number: int) -> UUID:
        """Whose passage it is."""
        return self.tenants[number % len(self.tenants)]

    def point(self, number: int, vector: Sequence[float]) -> Point:
        """Return a passage as the product stores it."""
        text = self.text()
        return Point(
            f"d{number}", 0, vector, sparse_terms(text), {"chunk_text": text, "doc_type": "document"}
        )


def _unit(matrix: Matrix) -> Matrix:
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def fill(folder: Path, spec: CollectionSpec, passages: Passages, many: int) -> Matrix:
    """Write passages into a folder of the engine that nobody serves; return their vectors, in order."""
    config = CollectionConfig.model_validate(
        {
            "vectors": {DENSE: {"size": DIMENSION, "distance": "Cosine", "on_disk": True}},
            "sparse_vectors": {SPARSE: {"modifier": "idf"}},
            "metadata": {"embedding_model": spec.model},
        }
    )
    held: list[Matrix] = []
    storage = Storage(folder)
    storage.create(spec.physical, config)
    storage.change_aliases([("create_alias", {"collection_name": spec.physical, "alias_name": spec.name})])
    collection = storage.find(spec.physical)
    for name, kind in {**spec.indexes, **STORE_INDEXES}.items():
        tenants = True if name == TENANT_FIELD else None
        storage.create_index(collection, name, IndexParams(type=kind, is_tenant=tenants))
    for start in range(0, many, _BATCH):
        vectors = passages.vectors(min(_BATCH, many - start))
        held.append(vectors)
        rows = enumerate(vectors, start)
        points = [_as_engine(passages, number, vector) for number, vector in rows]
        collection.update(engine.UpdateOperation.upsert_points(points))
        # As flushes do while a collection grows: once it is worth it, and long before it takes seconds.
        collection.build_indexes()
    storage.close()
    return np.concatenate(held)


def _as_engine(passages: Passages, number: int, vector: NDArray[np.float32]) -> engine.Point:
    tenant, point = passages.tenant(number), passages.point(number, vector.tolist())
    sparse = engine.SparseVector(list(point.sparse.indices), list(point.sparse.values))
    vectors = {DENSE: list(point.dense), SPARSE: sparse}
    return engine.Point(str(point_id(tenant, point.document_id, 0)), vectors, stored_payload(tenant, point))


class Served:
    """The engine in a process of its own, as a running system has it."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self._process = process
        self.store = QdrantVectorStore(url)
        self.url = url

    def memory_mb(self) -> tuple[float, float]:
        """How much memory it has of its own, and how much of mapped files, which the system takes back at need."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        held = dict(line.split(":", 1) for line in status.splitlines())
        own, mapped = (int(held[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile"))
        return own, mapped


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve a folder."""
    command = [sys.executable, "-m", "infra.local.qdrant", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            made = Served(process, process.stdout.readline().strip() if process.stdout else "")
            yield made
            made.store.close()
        finally:
            process.terminate()
