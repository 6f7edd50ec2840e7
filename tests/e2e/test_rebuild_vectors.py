"""The data of the vector engine is lost, also in the middle of a rebuild: the answers are the same afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from functions.knowledge.collections import CODE_EMBEDDINGS, COLLECTIONS, DOC_CHUNKS, MARKET_COMPS, Collection
from functions.knowledge.search import search
from functions.knowledge.service import find_comparables
from infra.catalog.rebuild import REBUILD_VECTORS
from infra.local.aws.names import workflow_arn
from infra.local.chaos.audit import settle
from infra.local.chaos.instance import Instance, await_value
from infra.local.rebuild_vectors import main, step_functions
from shared.adapters.embeddings import HashedEmbedder
from shared.adapters.vectors import CollectionMissing, Scope
from shared.adapters.vectors_access import Access
from shared.adapters.vectors_qdrant import QdrantVectorStore
from tests.e2e.system import PATIENCE, TENANT, begin

HOUSE = UUID(TENANT)
IDEAS = (
    ("Fishing-quota exchange for small harbours", "other"),
    ("Video calls between rural patients and their doctor", "healthtech"),
)
QUESTIONS = ("who pays the invoice", "what is validated", "how people log in", "the first release")


@contextmanager
def engine(system: Instance) -> Iterator[QdrantVectorStore]:
    """The vector engine of a running system, as its functions see it."""
    about = json.loads((system.folder / "target.json").read_text())
    secrets = json.loads((system.folder / "secrets.json").read_text())
    store = QdrantVectorStore(
        about["vectors_url"], access=lambda _fresh: Access(secrets["vectors-key"], None)
    )
    try:
        yield store
    finally:
        store.close()


def found(store: QdrantVectorStore, collection: Collection, text: str, project_id: str) -> list[Any]:
    passages = search(
        store,
        lambda _model, dimension: HashedEmbedder(dimension),
        scope=Scope(HOUSE),
        collections=[collection.name],
        text=text,
        match={"project_id": project_id},
        limit=20,
    )
    return [(p.name, p.chunk, p.score, p.text, p.payload) for p in passages]


def answers(system: Instance, projects: list[str]) -> dict[str, Any]:
    """What searches of every collection in use find: ids, scores, texts and payloads, best first."""
    with engine(system) as store:
        every: dict[str, Any] = {
            f"{collection.name}: {text} ({project_id})": found(store, collection, text, project_id)
            for collection in (DOC_CHUNKS, CODE_EMBEDDINGS)
            for text in QUESTIONS
            for project_id in projects
        }
        for idea, sector in IDEAS:
            every[f"comparables: {idea}"] = find_comparables(
                store,
                lambda _model, dimension: HashedEmbedder(dimension),
                tenant_id=HOUSE,
                house_tenant_id=HOUSE,
                idea=idea,
                sector=sector,
            )
        return every


def held(system: Instance) -> dict[str, int]:
    """How many points each collection of the engine has; one that is missing has none."""
    numbers = {}
    with engine(system) as store:
        for collection in COLLECTIONS.values():
            spec = collection.spec(HashedEmbedder(collection.dimension))
            try:
                numbers[collection.name] = store.count(spec, Scope(HOUSE), {})
            except CollectionMissing:
                numbers[collection.name] = 0
    return numbers


def rebuilt(system: Instance, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """What the command for it says of a rebuild."""
    status = main(["--json", "--folder", str(system.folder), *options])
    told = capsys.readouterr()
    assert status == 0, told.err
    done: dict[str, Any] = json.loads(told.out)
    return done


def kill_in_the_middle(system: Instance) -> None:
    """Start a rebuild from nothing, and kill everything once the passages of the documents are gone."""

    def caught() -> bool:
        with step_functions(system.folder) as client:
            arn = client.start_execution(
                stateMachineArn=workflow_arn(REBUILD_VECTORS), input=json.dumps({"from_empty": True})
            )["executionArn"]
            while client.describe_execution(executionArn=arn)["status"] == "RUNNING":
                if held(system)[DOC_CHUNKS.name] == 0:
                    return True
        return False  # it was quicker than we looked

    await_value(caught, PATIENCE, "no rebuild was seen in its middle")
    system.kill()


@pytest.mark.timeout(600)
def test_a_lost_vector_engine_gives_the_same_answers_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Instance(tmp_path) as system:
        begun = [begin(system, idea=idea, sector=sector) for idea, sector in IDEAS]
        for client, made in begun:
            assert settle(system, client, made["run_id"], PATIENCE)["status"] == "completed"
        projects = [made["project_id"] for _, made in begun]
        before, points = answers(system, projects), held(system)
        assert all(before.values())
        assert points[DOC_CHUNKS.name] > 20
        assert points[CODE_EMBEDDINGS.name] > 20

        system.stop()
        shutil.rmtree(tmp_path / "qdrant")
        system.start()

        # A start makes the collections and the comparables, as a deployment does; nothing else is found.
        lost = answers(system, projects)
        assert {name for name, hits in lost.items() if hits} == {
            name for name in before if name.startswith("comparables")
        }

        done = rebuilt(system, capsys)
        assert answers(system, projects) == before
        assert held(system) == points
        assert done["progress"]["embedded"] == done["progress"]["chunks"]
        assert {name: found["chunks"] for name, found in done["collections"].items()} == points

        kill_in_the_middle(system)
        system.start()
        assert held(system)[DOC_CHUNKS.name] < points[DOC_CHUNKS.name]

        done = rebuilt(system, capsys)
        assert answers(system, projects) == before
        assert held(system) == points
        assert done["mended"] == 0
        assert done["collections"][MARKET_COMPS.name]["chunks"] == points[MARKET_COMPS.name]


def test_without_a_system_the_command_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--folder", str(tmp_path)]) == 2
    assert "python -m infra.local up" in capsys.readouterr().err
