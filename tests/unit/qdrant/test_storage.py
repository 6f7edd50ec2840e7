"""Collections on disk: what a crash leaves, what a restart finds, what a name may be."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import qdrant_edge as engine

from infra.local.qdrant.errors import FaceError, FolderInUse
from infra.local.qdrant.schema import CollectionConfig, config_of, index_of
from infra.local.qdrant.storage import INDEX_FROM_POINTS, MANIFEST, SHARDS, Collection, Storage

CONFIG = config_of({"vectors": {"dense": {"size": 2, "distance": "Cosine"}}, "sparse_vectors": None})


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    opened = Storage(tmp_path)
    yield opened
    opened.close()


def write(collection: Collection, numbers: range) -> None:
    points = [
        engine.Point(number, {"dense": [1.0, number]}, {"kind": "even" if number % 2 == 0 else "odd"})
        for number in numbers
    ]
    collection.update(engine.UpdateOperation.upsert_points(points))


def count(collection: Collection, kind: str | None = None) -> int:
    wanted = (
        engine.Filter(must=[engine.FieldCondition("kind", match=engine.MatchValue(kind))]) if kind else None
    )
    return collection.shard.count(engine.CountRequest(exact=True, filter=wanted))


def test_a_collection_is_found_by_name_and_by_alias(storage: Storage) -> None:
    storage.create("notes-1", CONFIG)
    storage.change_aliases([("create_alias", {"collection_name": "notes-1", "alias_name": "notes"})])

    assert storage.find("notes") is storage.find("notes-1")
    assert storage.names() == ["notes-1"]


def test_aliases_change_together_or_not_at_all(storage: Storage) -> None:
    storage.create("one", CONFIG)
    storage.create("two", CONFIG)
    storage.change_aliases([("create_alias", {"collection_name": "one", "alias_name": "now"})])

    with pytest.raises(FaceError, match="`three` doesn't exist"):
        storage.change_aliases(
            [
                ("delete_alias", {"alias_name": "now"}),
                ("create_alias", {"collection_name": "three", "alias_name": "now"}),
            ]
        )

    assert storage.aliases() == {"now": "one"}


def test_names_of_collections_and_aliases_are_one_space(storage: Storage) -> None:
    storage.create("one", CONFIG)
    storage.change_aliases([("create_alias", {"collection_name": "one", "alias_name": "now"})])

    with pytest.raises(FaceError, match="Alias `now` already exists"):
        storage.create("now", CONFIG)
    with pytest.raises(FaceError, match="Collection `one` already exists"):
        storage.change_aliases([("create_alias", {"collection_name": "one", "alias_name": "one"})])


def test_a_deleted_collection_takes_its_aliases_and_files_along(storage: Storage, tmp_path: Path) -> None:
    storage.create("one", CONFIG)
    storage.change_aliases([("create_alias", {"collection_name": "one", "alias_name": "now"})])

    assert storage.delete("one")
    assert not storage.delete("one")

    assert storage.aliases() == {}
    assert list((tmp_path / SHARDS).iterdir()) == []


def test_a_name_from_outside_never_becomes_a_path(storage: Storage, tmp_path: Path) -> None:
    storage.create("../../escape", CONFIG)

    assert storage.find("../../escape").name == "../../escape"
    assert [path.parent for path in (tmp_path / SHARDS).iterdir()] == [tmp_path / SHARDS]
    assert not (tmp_path.parent / "escape").exists()


def test_everything_is_found_again(tmp_path: Path) -> None:
    first = Storage(tmp_path)
    first.create("one", CONFIG)
    first.create_index(first.find("one"), "kind", index_of({"type": "keyword", "is_tenant": True}))
    write(first.find("one"), range(10))
    first.close()

    again = Storage(tmp_path)

    assert count(again.find("one")) == 10
    assert again.find("one").config == CONFIG
    assert again.find("one").entry.indexes["kind"].is_tenant
    again.close()


def test_indexes_are_built_once_there_is_something_to_index(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    storage.create("one", CONFIG)
    one = storage.find("one")
    storage.create_index(one, "kind", index_of("keyword"))
    write(one, range(10))
    storage.flush()
    assert one.shard.info().payload_schema == {}
    assert count(one, "even") == 5

    storage.close()
    storage = Storage(tmp_path)
    one = storage.find("one")
    write(one, range(INDEX_FROM_POINTS))
    storage.flush()

    assert one.shard.info().payload_schema["kind"].points == INDEX_FROM_POINTS
    assert count(one, "even") == INDEX_FROM_POINTS // 2
    storage.close()
    storage = Storage(tmp_path)
    assert storage.find("one").unbuilt == {}
    storage.close()


def test_a_field_name_that_is_no_path_is_refused(storage: Storage) -> None:
    storage.create("one", CONFIG)

    with pytest.raises(ValueError, match="path"):
        storage.create_index(storage.find("one"), "a[", index_of("keyword"))

    assert storage.find("one").entry.indexes == {}


def test_a_shard_without_an_entry_is_cleared_away(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    storage.create("one", CONFIG)
    storage.close()
    (kept,) = (tmp_path / SHARDS).iterdir()
    shutil.copytree(kept, tmp_path / SHARDS / "stray")

    storage = Storage(tmp_path)

    assert list((tmp_path / SHARDS).iterdir()) == [kept]
    storage.close()


def test_an_unfinished_manifest_is_ignored(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    storage.create("one", CONFIG)
    storage.close()
    (tmp_path / MANIFEST).with_suffix(".new").write_text('{"collections": {', encoding="utf-8")

    storage = Storage(tmp_path)

    assert storage.names() == ["one"]
    storage.close()


def test_the_folder_is_free_again_after_a_start_that_failed(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    storage.create("one", CONFIG)
    storage.close()
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="Invalid JSON"):
        Storage(tmp_path)

    (tmp_path / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    storage = Storage(tmp_path)
    with pytest.raises(FolderInUse, match="one process at a time"):
        Storage(tmp_path)

    assert storage.names() == ["one"]
    storage.close()


def test_collections_are_made_and_removed_from_many_threads(storage: Storage) -> None:
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            storage.create(name, CONFIG)
            write(storage.find(name), range(3))
            if name.endswith("0"):
                storage.delete(name)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"c{worker}{worker % 2}",)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert storage.names() == ["c11", "c31", "c51"]
    assert [count(storage.find(name)) for name in storage.names()] == [3, 3, 3]


def test_a_configuration_says_what_is_not_served() -> None:
    assert CollectionConfig.model_validate(CONFIG.model_dump()) == CONFIG
    with pytest.raises(FaceError, match="shard_number"):
        config_of({"vectors": {"d": {"size": 2, "distance": "Dot"}}, "shard_number": 2})
    with pytest.raises(FaceError, match="own name"):
        config_of({"vectors": {"d": {"size": 2, "distance": "Dot"}}, "sparse_vectors": {"d": {}}})
    with pytest.raises(FaceError, match="only keyword fields"):
        index_of({"type": "integer", "is_tenant": True})
