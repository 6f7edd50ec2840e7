"""While a new embedding model takes over, every search is answered, and from one collection as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from functions.knowledge.collections import COLLECTIONS, MARKET_COMPS
from functions.knowledge.indexing import index_stored
from functions.knowledge.kits import document_id
from functions.knowledge.preparation import prepare_all
from functions.knowledge.search import search
from functions.knowledge.service import find_comparables
from functions.knowledge.serving import take_over
from functions.knowledge.steps import compare_vectors
from shared.adapters.embeddings import EmbeddingModelUnknown, HashedEmbedder
from shared.adapters.vectors import CollectionSpec, Scope, SearchQuery
from tests.integration.database.conftest import HOUSE
from tests.integration.knowledge.conftest import MadeKit, World, index
from tests.integration.knowledge.rebuilding import Rebuild
from tests.integration.knowledge.test_rebuild import forget

MakeKit = Callable[..., MadeKit]
OLD, NEW = HashedEmbedder.model, "mirrored-v1"
DOC_CHUNKS = COLLECTIONS["doc_chunks"]


class Mirrored(HashedEmbedder):
    """Another model: what it says has nothing to do with what the first says."""

    model = NEW

    def embed_query(self, text: str) -> list[float]:
        return super().embed_query(text)[::-1]

    def embed_documents(self, texts: Any) -> list[list[float]]:
        return [vector[::-1] for vector in super().embed_documents(texts)]


@pytest.fixture
def rebuild(world: World, monkeypatch: pytest.MonkeyPatch) -> Rebuild:
    return Rebuild(world, monkeypatch)


def configure(world: World, model: type[HashedEmbedder] = Mirrored) -> None:
    """What a deployment with another model does; every release knows both."""
    for dimension in (1536, 768):
        world._embedders[dimension] = model(dimension)
        world._former_embedders[NEW, dimension] = Mirrored(dimension)


def found(world: World, collection: str = "doc_chunks", text: str = "quota of skippers") -> set[str]:
    """The documents that a search finds."""
    passages = search(
        world.vectors,
        world.embedder_named,
        scope=Scope(HOUSE),
        collections=[collection],
        text=text,
        limit=50,
    )
    return {passage.name for passage in passages}


def documents(*kits: MadeKit) -> set[str]:
    return {f"{kit.project_id}/docs/{name}" for kit in kits for name in ("prd.md", "plan.json")}


def comparables(world: World) -> int:
    found = find_comparables(
        world.vectors,
        world.embedder_named,
        tenant_id=HOUSE,
        house_tenant_id=HOUSE,
        idea="Microloans for beekeepers",
        sector="fintech",
    )
    assert found[0].id == "comp-kiva"
    return len(found)


@pytest.fixture
def searched(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models of the collections that were searched; each with a query of its own model."""
    models: list[str] = []
    real = world.vectors.search

    def watched(spec: CollectionSpec, scope: Scope, query: SearchQuery) -> Any:
        embedder = Mirrored(spec.dimension) if spec.model == NEW else HashedEmbedder(spec.dimension)
        texts = ("quota of skippers", "Microloans for beekeepers")
        assert list(query.dense) in [embedder.embed_query(text) for text in texts]
        hits = real(spec, scope, query)
        models.append(spec.model)
        return hits

    monkeypatch.setattr(world.vectors, "search", watched)
    return models


@pytest.mark.usefixtures("engine")
def test_searches_and_writes_go_on_in_every_step(
    world: World, rebuild: Rebuild, make_kit: MakeKit, searched: list[str]
) -> None:
    kits = [make_kit()]
    configure(world)
    gone: set[str] = set()

    def before(step: str) -> None:
        assert found(world) == documents(*kits) - gone
        kits.append(make_kit())
        assert found(world) == documents(*kits) - gone
        forget(world, kits[-2], "docs/plan.json")
        name = f"{kits[-2].project_id}/docs/plan.json"
        index_stored(
            world, HOUSE, [id_ := document_id(HOUSE, "doc_chunks", name)], {id_: ("doc_chunks", name)}
        )
        gone.add(name)
        assert found(world) == documents(*kits) - gone
        assert comparables(world) == 8

    rebuild.before = before
    done = rebuild.run()

    assert found(world) == documents(*kits) - gone
    assert done["mended"] == 0
    assert len(kits) == 1 + len(rebuild.calls) >= 6
    # The old one until the very end; the comparables move first, because they need no rows.
    assert searched.count(OLD) > searched.count(NEW) > 0
    assert searched[-1] == NEW
    for name in COLLECTIONS:
        assert [spec.model for spec in world.vectors.every(name)] == [NEW]


def test_what_a_release_of_the_old_model_writes_last_is_there_afterwards(
    world: World, rebuild: Rebuild, make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    kits = [make_kit()]
    configure(world)
    promote = compare_vectors.promote

    def after_a_late_upload(*given: Any) -> None:
        configure(world, HashedEmbedder)
        kits.append(make_kit())
        assert found(world) == documents(*kits)
        promote(*given)

    monkeypatch.setattr(compare_vectors, "promote", after_a_late_upload)
    rebuild.run()

    assert world.embedder_of(1536).model == OLD
    assert found(world) == documents(*kits)
    assert world.vectors.in_use("doc_chunks").model == NEW


def test_a_search_under_way_when_the_alias_moves_asks_once_more(
    world: World, make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = make_kit()
    configure(world)
    prepare_all(world.vectors, world.embedders(), HOUSE, from_empty=False)
    late = make_kit()
    index(world, kit)
    real, models = world.vectors.search, []

    def moved_meanwhile(spec: CollectionSpec, scope: Scope, query: SearchQuery) -> Any:
        models.append(spec.model)
        if len(models) == 1:
            take_over(world.vectors, DOC_CHUNKS.spec(world.embedder_of(1536)))
        return real(spec, scope, query)

    monkeypatch.setattr(world.vectors, "search", moved_meanwhile)

    assert found(world) == documents(kit, late)
    assert models == [OLD, NEW]


def test_a_collection_that_is_replaced_while_it_is_written_to_is_left_behind(
    world: World, make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(world)
    prepare_all(world.vectors, world.embedders(), HOUSE, from_empty=False)
    kit = make_kit(indexed=False)
    real, models = world.vectors.upsert, []

    def moved_meanwhile(spec: CollectionSpec, tenant_id: UUID, points: Any) -> None:
        models.append(spec.model)
        if len(models) == 1:
            for collection in COLLECTIONS.values():
                take_over(world.vectors, collection.spec(world.embedder_of(collection.dimension)))
        real(spec, tenant_id, points)

    monkeypatch.setattr(world.vectors, "upsert", moved_meanwhile)
    index(world, kit)

    assert models[0] == OLD
    assert set(models[1:]) == {NEW}
    assert found(world) == documents(kit)


def test_a_model_that_nothing_here_embeds_with_does_not_stop_the_next(
    world: World, rebuild: Rebuild, make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = make_kit()
    configure(world)
    real = world.embedder_named

    def without_the_old(model: str, dimension: int) -> Any:
        if model == OLD:
            raise EmbeddingModelUnknown
        return real(model, dimension)

    monkeypatch.setattr(world, "embedder_named", without_the_old)
    rebuild.run()

    assert found(world) == documents(kit)
    with world.database.transaction(HOUSE) as work:
        models = work.fetch_all("SELECT DISTINCT embedding_model FROM knowledge.documents")
    assert models == [{"embedding_model": NEW}]


def test_documents_say_the_model_that_has_them(world: World, make_kit: MakeKit) -> None:
    configure(world)
    make_kit()

    with world.database.transaction(HOUSE) as work:
        models = work.fetch_all("SELECT DISTINCT embedding_model FROM knowledge.documents")
    assert models == [{"embedding_model": OLD}]
    assert world.vectors.in_use(MARKET_COMPS.name).model == OLD
