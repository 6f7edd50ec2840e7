"""The vector engine is made again from PostgreSQL, with the same answers, while others write both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from functions.knowledge import rebuild as pages
from functions.knowledge.collections import COLLECTIONS
from functions.knowledge.comparables import seed_comparables
from functions.knowledge.comparison import VectorsDiffer, compare_tenant
from functions.knowledge.indexing import index_stored
from functions.knowledge.kits import document_id
from functions.knowledge.repository import KnowledgeRepository
from shared.adapters.vectors import Scope
from shared.errors import DependencyUnavailable, Invalid, NotFound
from tests.integration.database.conftest import HOUSE
from tests.integration.knowledge.conftest import FILES, MadeKit, World, answers, index
from tests.integration.knowledge.rebuilding import Rebuild

MakeKit = Callable[..., MadeKit]
INDEXED = 5
"""Documents of a kit; one of them has no text."""


@pytest.fixture
def rebuild(world: World, monkeypatch: pytest.MonkeyPatch) -> Rebuild:
    return Rebuild(world, monkeypatch)


def wipe(world: World) -> None:
    """What losing the engine's disk does."""
    for collection in COLLECTIONS.values():
        world.vectors.drop(collection.spec(world.embedder_of(collection.dimension)))


def points(world: World, tenant: UUID, collection: str = "doc_chunks", **match: Any) -> int:
    found = COLLECTIONS[collection]
    return world.vectors.count(found.spec(world.embedder_of(found.dimension)), Scope(tenant), match)


def forget(world: World, kit: MadeKit, path: str) -> None:
    """What deleting a document does first: its rows go."""
    with world.database.transaction(kit.tenant_id) as work:
        for table, column in (("chunks", "document_id"), ("documents", "id")):
            work.execute(
                f"DELETE FROM knowledge.{table} WHERE {column} IN "  # noqa: S608  # names of this file
                "(SELECT id FROM knowledge.documents WHERE key LIKE %(key)s)",
                {"key": f"%{kit.project_id}/{path}"},
            )


@pytest.mark.usefixtures("engine")
def test_after_a_loss_every_search_has_the_same_answers(
    world: World, rebuild: Rebuild, make_kit: MakeKit, other_tenant: UUID
) -> None:
    make_kit()
    make_kit(other_tenant)
    before = answers(world, HOUSE, other_tenant)
    assert all(before)
    wipe(world)
    with pytest.raises(DependencyUnavailable, match="being made"):
        answers(world, HOUSE)

    done = rebuild.run()

    assert answers(world, HOUSE, other_tenant) == before
    assert done["next"] == "done"
    assert done["tenants"] == 2
    assert done["progress"]["documents"] == 2 * INDEXED
    assert done["progress"]["embedded"] == done["progress"]["chunks"] > 2 * INDEXED - 2
    assert done["collections"]["doc_chunks"]["documents"] == 4
    assert done["collections"]["code_embeddings"]["documents"] == 4
    assert done["collections"]["market_comps"]["documents"] == len(seed_comparables())
    assert done["mended"] == 0


def test_a_second_rebuild_embeds_nothing(world: World, rebuild: Rebuild, make_kit: MakeKit) -> None:
    make_kit()

    done = rebuild.run()

    assert (done["progress"]["embedded"], done["progress"]["removed"]) == (0, 0)
    assert done["progress"]["unchanged"] == done["progress"]["chunks"] > 0


@pytest.mark.usefixtures("engine")
def test_from_empty_makes_everything_again(world: World, rebuild: Rebuild, make_kit: MakeKit) -> None:
    make_kit()
    before = answers(world, HOUSE)

    done = rebuild.run(from_empty=True)

    assert done["progress"]["unchanged"] == 0
    assert answers(world, HOUSE) == before


def test_one_tenant_is_rebuilt_alone(
    world: World, rebuild: Rebuild, make_kit: MakeKit, other_tenant: UUID
) -> None:
    make_kit()
    make_kit(other_tenant)
    before = answers(world, HOUSE, other_tenant)
    held = points(world, HOUSE)
    world.vectors.delete(COLLECTIONS["doc_chunks"].spec(world.embedder_of(1536)), Scope(HOUSE), {})

    done = rebuild.run(tenant_id=str(other_tenant), from_empty=True)

    assert (done["tenants"], done["progress"]["documents"]) == (1, INDEXED)
    assert done["progress"]["unchanged"] == 0
    assert points(world, HOUSE) == 0
    rebuild.run(tenant_id=str(HOUSE))
    assert points(world, HOUSE) == held
    assert answers(world, HOUSE, other_tenant) == before


def test_the_newest_version_of_a_document_is_the_one_that_is_indexed_again(
    world: World, rebuild: Rebuild, make_kit: MakeKit
) -> None:
    first = make_kit()
    make_kit(files={**FILES, "docs/prd.md": "# Another\n\nSomething else entirely."}, of=first)
    before = answers(world, HOUSE)
    wipe(world)

    rebuild.run()

    assert answers(world, HOUSE) == before


def test_a_kit_that_is_indexed_meanwhile_is_there_once(
    world: World, rebuild: Rebuild, make_kit: MakeKit
) -> None:
    make_kit()
    late = make_kit(indexed=False)

    def before(step: str) -> None:
        if step == "compare_vectors" and rebuild.calls.count(step) == 1:
            index(world, late)

    rebuild.before = before
    done = rebuild.run(from_empty=True)

    assert done["collections"]["doc_chunks"]["documents"] == 4
    assert points(world, HOUSE, project_id=str(late.project_id), chunk=0) == 2


def test_rows_whose_points_are_lost_meanwhile_are_mended(
    world: World, rebuild: Rebuild, make_kit: MakeKit
) -> None:
    make_kit()
    held = points(world, HOUSE)

    def before(step: str) -> None:
        if step == "compare_vectors" and rebuild.calls.count(step) == 1:
            spec = COLLECTIONS["doc_chunks"].spec(world.embedder_of(1536))
            world.vectors.delete(spec, Scope(HOUSE), {})

    rebuild.before = before

    assert rebuild.run()["mended"] == 2
    assert points(world, HOUSE) == held


def test_what_is_deleted_meanwhile_does_not_come_back(
    world: World, rebuild: Rebuild, make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = make_kit()
    upsert = world.vectors.upsert
    written: list[str] = []

    def upsert_after_the_rows_are_gone(spec: Any, tenant_id: UUID, given: Any) -> None:
        if spec.name == "doc_chunks":
            forget(world, kit, "docs/prd.md")
        written.extend(point.document_id for point in given)
        upsert(spec, tenant_id, given)

    monkeypatch.setattr(world.vectors, "upsert", upsert_after_the_rows_are_gone)

    done = rebuild.run(tenant_id=str(HOUSE), from_empty=True)

    assert f"{kit.project_id}/docs/prd.md" in written
    assert points(world, HOUSE, doc_type="prd") == 0
    assert points(world, HOUSE, doc_type="plan") == 1
    assert done["mended"] == 0


def test_what_is_indexed_anew_meanwhile_is_not_overwritten_by_what_it_was(
    world: World, rebuild: Rebuild, make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_kit()
    fork = make_kit(files={"docs/prd.md": "# Another\n\nSomething else entirely."}, of=first, indexed=False)
    upsert = world.vectors.upsert
    waiting = [fork]

    def upsert_after_the_fork_is_indexed(spec: Any, tenant_id: UUID, given: Any) -> None:
        if spec.name == "doc_chunks" and waiting:
            index(world, waiting.pop())
        upsert(spec, tenant_id, given)

    monkeypatch.setattr(world.vectors, "upsert", upsert_after_the_fork_is_indexed)

    done = rebuild.run(tenant_id=str(HOUSE), from_empty=True)

    (held,) = world.vectors.payloads(
        COLLECTIONS["doc_chunks"].spec(world.embedder_of(1536)),
        Scope(HOUSE),
        {"doc_type": "prd"},
        ["chunk_text"],
    )
    assert held == {"chunk_text": "# Another\n\nSomething else entirely."}
    assert done["mended"] == 0


def test_points_without_a_row_are_removed(world: World, rebuild: Rebuild, make_kit: MakeKit) -> None:
    kit = make_kit()
    forget(world, kit, "docs/prd.md")

    done = rebuild.run()

    assert done["mended"] == 1
    assert points(world, HOUSE, doc_type="prd") == 0


def test_an_engine_that_loses_what_it_is_given_is_named_with_what_differs(
    world: World, rebuild: Rebuild, make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = make_kit()
    upsert = world.vectors.upsert

    def forgetful(spec: Any, tenant_id: UUID, given: Any) -> None:
        upsert(spec, tenant_id, [point for point in given if "prd.md" not in point.document_id])

    monkeypatch.setattr(world.vectors, "upsert", forgetful)

    with pytest.raises(VectorsDiffer) as told:
        rebuild.run(from_empty=True)

    assert str(told.value) == (
        f"tenant {HOUSE}, doc_chunks: PostgreSQL has 2 documents in 3 passages, the vector engine 1 in 1 "
        f"({kit.project_id}/docs/prd.md)"
    )


def test_lost_comparables_are_named(world: World, rebuild: Rebuild, make_kit: MakeKit) -> None:
    make_kit()

    def before(step: str) -> None:
        if step == "compare_vectors":
            spec = COLLECTIONS["market_comps"].spec(world.embedder_of(1536))
            world.vectors.delete(spec, Scope(HOUSE), {"sector": "fintech"})

    rebuild.before = before

    with pytest.raises(VectorsDiffer, match="market_comps: "):
        rebuild.run()


@pytest.mark.usefixtures("engine")
def test_small_pages_reach_every_document_of_every_tenant(
    world: World, rebuild: Rebuild, make_kit: MakeKit, other_tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("DOCUMENTS_PER_BATCH", 2), ("CHUNKS_PER_BATCH", 3), ("BATCHES_PER_PAGE", 2)):
        monkeypatch.setattr(pages, name, value)
    for tenant in (HOUSE, other_tenant, HOUSE):
        make_kit(tenant)
    before = answers(world, HOUSE, other_tenant)

    done = rebuild.run(from_empty=True)

    assert done["progress"]["documents"] == 3 * INDEXED
    assert done["mended"] == 0
    assert rebuild.calls.count("plan_rebuild") >= 5
    assert answers(world, HOUSE, other_tenant) == before


def test_what_is_too_long_for_one_execution_goes_on_in_the_next(
    world: World, rebuild: Rebuild, make_kit: MakeKit, other_tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("DOCUMENTS_PER_BATCH", 2), ("BATCHES_PER_PAGE", 1), ("PAGES_PER_EXECUTION", 2)):
        monkeypatch.setattr(pages, name, value)
    make_kit()
    make_kit(other_tenant)
    before = answers(world, HOUSE, other_tenant)
    wipe(world)

    states = [rebuild.run()]
    while states[-1]["next"] == "unfinished":
        assert str(states[-1]["after"]["tenant_id"]) in states[-1]["reason"]
        states.append(rebuild.run(after=states[-1]["after"]))

    assert len(states) == 3
    assert sum(state["progress"]["documents"] for state in states) == 2 * INDEXED
    assert states[-1]["mended"] == 0
    assert answers(world, HOUSE, other_tenant) == before


@pytest.mark.usefixtures("engine")
def test_a_new_embedding_model_takes_over_at_the_end(
    world: World, rebuild: Rebuild, make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_kit()
    for embedder in world.embedders():
        monkeypatch.setattr(embedder, "model", "hashed-ngrams-v2")

    done = rebuild.run()

    assert done["progress"]["embedded"] == done["progress"]["chunks"]
    world.vectors.ensure_collection(COLLECTIONS["doc_chunks"].spec(world.embedder_of(1536)))
    with world.database.transaction(HOUSE) as work:
        models = work.fetch_all("SELECT DISTINCT embedding_model FROM knowledge.documents")
    assert models == [{"embedding_model": "hashed-ngrams-v2"}]


def test_rows_are_there_before_their_points(
    world: World, make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = make_kit(indexed=False)

    def busy(*_arguments: Any) -> None:
        raise DependencyUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(world.vectors, "upsert", busy)
        with pytest.raises(DependencyUnavailable):
            index(world, kit)

    with world.database.transaction(HOUSE) as work:
        rows = KnowledgeRepository(work).count_chunks()
    assert {name: held.documents for name, held in rows.items()} == {"doc_chunks": 2, "code_embeddings": 2}
    assert points(world, HOUSE) == 0
    index(world, kit)
    assert points(world, HOUSE) == rows["doc_chunks"].chunks


def test_the_rows_of_documents_are_all_that_a_rebuild_needs(
    world: World, rebuild: Rebuild, make_kit: MakeKit
) -> None:
    make_kit()
    before = points(world, HOUSE)
    with world.database.transaction(HOUSE) as work:
        work.execute("DELETE FROM agency.assets")

    rebuild.run(from_empty=True)

    assert points(world, HOUSE) == before > 0


def test_what_changes_all_the_time_is_left_to_another_attempt(
    world: World, make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = make_kit()
    ids = [document_id(HOUSE, "doc_chunks", f"{kit.project_id}/docs/prd.md")]
    moments = iter(range(100))

    def never_the_same(_repository: Any, asked: Any) -> dict[UUID, datetime]:
        return {id_: datetime.fromtimestamp(next(moments), UTC) for id_ in asked}

    monkeypatch.setattr(KnowledgeRepository, "stamps", never_the_same)

    with pytest.raises(DependencyUnavailable, match="faster than"):
        index_stored(world, HOUSE, ids)


def test_a_tenant_without_runs_is_not_known(world: World, rebuild: Rebuild, make_kit: MakeKit) -> None:
    make_kit()

    with pytest.raises(NotFound, match="Nothing of the tenant"):
        rebuild.run(tenant_id=str(UUID(int=7)))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tenant": "x"}, "tenant: Extra inputs"),
        ({"tenant_id": "x"}, "tenant_id: Input should be a valid UUID"),
        ({"from_empty": "yes"}, "from_empty: Input should be a valid boolean"),
        ({"from_empty": True, "after": {"tenant_id": str(HOUSE)}}, "cannot begin with nothing"),
        ({"tenant_id": str(UUID(int=7)), "after": {"tenant_id": str(HOUSE)}}, "of another tenant"),
    ],
)
def test_an_input_that_is_not_understood_changes_nothing(
    world: World, rebuild: Rebuild, make_kit: MakeKit, given: dict[str, Any], told: str
) -> None:
    make_kit()

    with pytest.raises(Invalid, match=told):
        rebuild.run(**given)

    assert rebuild.calls == ["prepare_rebuild"]
    assert compare_tenant(world, HOUSE).mended == 0
