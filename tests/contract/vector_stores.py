"""The two vector stores that keep the same promises: the one in memory, and the client of the real engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.qdrant import QdrantFace
from shared.adapters.vectors import VectorStore
from shared.adapters.vectors_memory import InMemoryVectorStore
from shared.adapters.vectors_qdrant import QdrantVectorStore


@pytest.fixture(scope="module")
def engine_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real engine behind its face, empty, for a module."""
    with QdrantFace(tmp_path_factory.mktemp("vectors")) as face:
        yield face.url


@pytest.fixture(params=["memory", "qdrant"])
def store(request: pytest.FixtureRequest, engine_url: str) -> Iterator[VectorStore]:
    """Each of the two."""
    if request.param == "memory":
        yield InMemoryVectorStore()
        return
    real = QdrantVectorStore(engine_url)
    yield real
    real.close()
