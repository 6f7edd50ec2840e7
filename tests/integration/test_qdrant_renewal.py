"""A shard is written again while it answers: with its indexes, what came meanwhile, and without what was deleted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import qdrant_edge as engine

from infra.local.qdrant import renewal, storage
from infra.local.qdrant.schema import CollectionConfig, IndexParams
from infra.local.qdrant.storage import Collection, Storage

SIZE = 64
CONFIG = CollectionConfig.model_validate(
    {
        "vectors": {"dense": {"size": SIZE, "distance": "Cosine", "on_disk": True}},
        "sparse_vectors": {"bm25": {"modifier": "idf"}},
    }
)
NEVER = threading.Event()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Storage]:
    made = Storage(tmp_path)
    made.create("notes", CONFIG)
    yield made
    made.close()


@pytest.fixture
def notes(opened: Storage) -> Collection:
    """The numbers 0 to 1999, of which only those from 1500 on are left."""
    collection = opened.find("notes")
    put(collection, *range(2000))
    collection.update(engine.UpdateOperation.delete_points(list(range(1500))))
    return collection


def put(collection: Collection, *numbers: int) -> None:
    points = [
        engine.Point(
            number,
            {
                "dense": [float(1 + (number * place) % 7) for place in range(SIZE)],
                "bm25": engine.SparseVector([number % 5], [1.0]),
            },
            {"number": number, "kind": "even" if number % 2 == 0 else "odd"},
        )
        for number in numbers
    ]
    collection.update(engine.UpdateOperation.upsert_points(points))


def held(collection: Collection) -> set[int]:
    records, _ = collection.shard.scroll(engine.ScrollRequest(limit=5000, with_payload=True))
    return {record.payload["number"] for record in records}


def best(collection: Collection) -> list[tuple[Any, float]]:
    """The ten nearest, of dense and of words together, by their ids where they score alike."""
    near = engine.Query.Nearest([float(place % 5) for place in range(SIZE)], using="dense")
    words = engine.Query.Nearest(engine.SparseVector([3], [1.0]), using="bm25")
    fetched = [engine.Prefetch(limit=1000, query=query) for query in (near, words)]
    asked = engine.QueryRequest(limit=1000, query=engine.Fusion.Dbsf(), prefetches=fetched)
    scored = [(round(point.score, 4), point.id) for point in collection.shard.query(asked)]
    return [(id_, score) for score, id_ in sorted(scored, key=lambda each: (-each[0], each[1]))[:10]]


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Do something after the copy is renewed and before it is served."""
    run = storage.run

    def run_then_act(*given: Any) -> bool:
        done = run(*given)
        act()
        return done

    monkeypatch.setattr(storage, "run", run_then_act)


def test_what_was_deleted_takes_no_room_and_every_answer_stays(
    opened: Storage, notes: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, old = best(notes), notes.entry.folder
    notes.flush()
    assert opened.wanting() is None
    monkeypatch.setattr(renewal, "DEAD_BYTES", 0)
    assert opened.wanting() is notes

    assert opened.renew(notes, NEVER)

    assert opened.wanting() is None
    assert not renewal.is_wasteful(tmp_path / "shards" / notes.entry.folder, notes.entry, 500)
    assert notes.entry.folder != old
    assert (best(notes), held(notes)) == (before, set(range(1500, 2000)))
    assert notes.shard.info().points_count == 500


def test_what_is_written_meanwhile_is_in_the_copy_and_after_the_next_start(
    opened: Storage, notes: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        put(notes, 5000, 1600)
        notes.update(engine.UpdateOperation.delete_points([1501, 1502]))

    meanwhile(monkeypatch, write)

    assert opened.renew(notes, NEVER)

    put(notes, 6000)
    expected = {*range(1500, 2000), 5000, 6000} - {1501, 1502}
    assert held(notes) == expected
    opened.close()
    assert len(list((tmp_path / "shards").iterdir())) == 1
    again = Storage(tmp_path)
    assert held(again.find("notes")) == expected
    again.close()


def test_searches_go_on_through_all_of_it(opened: Storage, notes: Collection) -> None:
    wanted, stop = best(notes), threading.Event()
    answers: list[Any] = []

    def search() -> None:
        # The pauses leave the other process its half of a small machine.
        while not stop.wait(0.02):
            try:
                answers.append(best(notes))
            except BaseException as error:
                answers.append(error)
                return

    searching = threading.Thread(target=search)
    searching.start()
    try:
        assert opened.renew(notes, NEVER)
    finally:
        stop.set()
        searching.join()

    assert answers
    assert all(answer == wanted for answer in answers)


def test_a_large_collection_gets_its_indexes_in_the_copy(
    opened: Storage, notes: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "INDEX_FROM_POINTS", 1)
    monkeypatch.setattr(storage, "INDEXED_IN_PLACE", 100)
    assert opened.wanting() is None
    opened.create_index(notes, "kind", IndexParams(type="keyword"))
    opened.flush()
    assert notes.shard.info().payload_schema == {}
    assert opened.wanting() is notes

    assert opened.renew(notes, NEVER)

    assert notes.shard.info().payload_schema["kind"].points == 500
    assert notes.unbuilt == {}
    assert opened.wanting() is None


@pytest.mark.parametrize("reason", ["stopped", "deleted", "too-much"])
def test_a_renewal_that_comes_to_nothing_leaves_everything_as_it_was(
    opened: Storage, notes: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    stopping, old = threading.Event(), notes.entry.folder
    if reason == "stopped":
        stopping.set()
    else:
        # What matters happens after the copy is renewed.
        monkeypatch.setattr(storage, "run", lambda *_given: True)
    if reason == "deleted":
        meanwhile(monkeypatch, lambda: opened.delete("notes") and None)
    elif reason == "too-much":
        monkeypatch.setattr(storage, "JOURNAL_OPERATIONS", 1)
        meanwhile(monkeypatch, lambda: [put(notes, number) for number in (7000, 7001)] and None)

    assert not opened.renew(notes, stopping)

    left = [path.name for path in (tmp_path / "shards").iterdir()]
    assert left == ([] if reason == "deleted" else [old])
    if reason != "deleted":
        written = {7000, 7001} if reason == "too-much" else set()
        assert held(notes) == set(range(1500, 2000)) | written


def test_a_copy_that_nobody_served_is_gone_after_the_next_start(
    opened: Storage, notes: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_given: Any) -> bool:
        raise Killed

    monkeypatch.setattr(Storage, "_serve_copy", killed)
    monkeypatch.setattr(storage.shutil, "rmtree", lambda *_given, **_named: None)
    with pytest.raises(Killed):
        opened.renew(notes, NEVER)
    monkeypatch.undo()
    assert len(list((tmp_path / "shards").iterdir())) == 2
    opened.close()

    again = Storage(tmp_path)

    assert len(list((tmp_path / "shards").iterdir())) == 1
    assert held(again.find("notes")) == set(range(1500, 2000))
    again.close()
