"""Kits of several tenants in a real database, and a container that stands on it and on a vector store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from functions.agency import service as agency
from functions.agency.repository import AgencyRepository
from functions.knowledge.kit_indexing import index_kit
from functions.knowledge.preparation import prepare_all
from functions.knowledge.search import search
from infra.local.qdrant import QdrantFace
from shared.adapters.objects_memory import InMemoryObjectStore
from shared.adapters.vectors import Scope, VectorStore
from shared.adapters.vectors_memory import InMemoryVectorStore
from shared.adapters.vectors_qdrant import QdrantVectorStore
from shared.bootstrap import Container
from shared.db.unit_of_work import Database
from shared.settings import EmbeddingSettings, VectorSettings
from tests.integration.database.conftest import HOUSE, app, other_tenant, owner, system
from tests.integration.database.rows import intake

__all__ = ["app", "other_tenant", "owner", "system"]

BUCKET = "assets"
FILES = {
    "docs/prd.md": "# Quota exchange\n\nSkippers offer a lot of quota.\n\n# Payments\n\nThe harbour settles it.",
    "docs/plan.json": '{"epics": ["Offer quota", "Settle invoices"]}',
    "docs/wireframe.png": "a picture",
    "project/app/quota.py": "def settle(invoice: int) -> int:\n    return invoice\n",
    "project/app/__init__.py": "",
    "project/pyproject.toml": "[project]\nname = 'quota'\n",
}
_TYPES = {"md": "text/markdown", "json": "application/json", "png": "image/png"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[str]:
    """The real vector engine behind its face, empty."""
    with QdrantFace(tmp_path / "vectors") as face:
        yield face.url


class World(Container):
    """What the functions of the rebuild stand on; the objects are in memory."""

    def __init__(self, app: Database, system: Database, vectors: VectorStore) -> None:
        super().__init__()
        self.objects_in_memory = InMemoryObjectStore({BUCKET: True})
        self.__dict__ |= {
            "database": app,
            "system_database": system,
            "vectors": vectors,
            "objects": self.objects_in_memory,
        }
        self._settings[EmbeddingSettings] = EmbeddingSettings(embedding_provider="hashed")
        self._settings[VectorSettings] = VectorSettings.load(
            {name: str(HOUSE) if name == "HOUSE_TENANT_ID" else "x" for name in VectorSettings.variables()}
        )

    def embedders(self) -> list[Any]:
        """Both."""
        return [self.embedder_of(1536), self.embedder_of(768)]


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Iterator[VectorStore]:
    """The store in memory; the real engine for tests marked `usefixtures("engine")`."""
    if "engine" not in request.fixturenames:
        yield InMemoryVectorStore()
        return
    real = QdrantVectorStore(request.getfixturevalue("engine"))
    yield real
    real.close()


@pytest.fixture
def world(app: Database, system: Database, store: VectorStore) -> World:
    """The database of this test, and a store without anything but the comparables."""
    made = World(app, system, store)
    prepare_all(store, made.embedders(), HOUSE, from_empty=True)
    return made


@dataclass(frozen=True)
class MadeKit:
    """A run of a project, its files in the bucket."""

    tenant_id: UUID
    project_id: UUID
    run_id: UUID


@pytest.fixture
def make_kit(world: World) -> Callable[..., MadeKit]:
    """Make a kit of a tenant, of a new project or of one's; indexed unless told otherwise."""
    numbers = iter(range(1000))

    def make(
        tenant_id: UUID = HOUSE,
        files: Mapping[str, str] = FILES,
        *,
        of: MadeKit | None = None,
        indexed: bool = True,
    ) -> MadeKit:
        with world.database.transaction(tenant_id) as work:
            if of is None:
                form = intake(email=f"ada{next(numbers)}@example.com")
                ids = agency.create_intake(work, form, 1_000_000)
                kit = MadeKit(tenant_id, UUID(ids["project_id"]), UUID(ids["run_id"]))
            else:
                run = AgencyRepository(work).insert_run(
                    of.project_id,  # type: ignore[arg-type]
                    budget_microusd=1000,
                    approval="none",
                )
                kit = MadeKit(tenant_id, of.project_id, run)
            for path, text in files.items():
                _put(world, AgencyRepository(work), kit, path, text)
        if indexed:
            index(world, kit)
        return kit

    return make


def index(world: World, kit: MadeKit) -> int:
    """Index a kit as its message does."""
    with world.database.transaction(kit.tenant_id) as work:
        found = agency.kit_to_index(work, kit.run_id)
    assert found is not None
    return index_kit(world, kit.tenant_id, found[1])


def _put(world: World, repository: AgencyRepository, kit: MadeKit, path: str, text: str) -> None:
    key = f"projects/{kit.project_id}/{path}"
    kind = _TYPES.get(path.rpartition(".")[2], "text/plain")
    stored = world.objects_in_memory.put(BUCKET, key, text.encode(), kind)
    repository.put_asset(
        project_id=kit.project_id,
        run_id=kit.run_id,
        type="other",
        path=path,
        bucket=BUCKET,
        key=key,
        version=stored.version,
        sha256=stored.sha256,
        filename=path.rpartition("/")[2],
        content_type=kind,
        size_bytes=len(text),
    )


def answers(world: World, *tenants: UUID) -> list[Any]:
    """Everything that some searches of tenants find: ids, scores, texts, payloads."""
    asked = {
        "doc_chunks": ("quota of skippers", "who settles?"),
        "code_embeddings": ("settle an invoice", "name"),
    }
    return [
        search(world.vectors, world.embedder_named, scope=Scope(tenant), collections=[collection], text=text)
        for tenant in tenants
        for collection, texts in asked.items()
        for text in texts
    ]
