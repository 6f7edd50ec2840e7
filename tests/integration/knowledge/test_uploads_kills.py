"""Whoever indexes dies at any moment, or an engine is away: nothing is lost, nothing is there twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.knowledge.events import begin_indexing
from shared.adapters.queues import FakeQueues
from shared.adapters.workflows import FakeWorkflows, WorkflowFailed
from shared.db.unit_of_work import Database
from shared.errors import DependencyUnavailable
from shared.settings import IndexingSettings, RevivalSettings
from tests.integration.database.conftest import HOUSE
from tests.integration.knowledge.uploading import POISON, Killed, Uploads

TEXT = "Returns are free for thirty days.\n\nRefunds take a week.\n\nAsk the harbour master."
OTHER = "Refunds take a day.\n\nAsk nobody."


@pytest.fixture
def uploads(app: Database, system: Database) -> Uploads:
    return Uploads(app, system)


def overwritten(uploads: Uploads) -> str:
    uploads.upload(HOUSE, "a.md", TEXT)
    uploads.settle()
    return uploads.upload(HOUSE, "a.md", OTHER).key


def deleted(uploads: Uploads) -> str:
    key = uploads.upload(HOUSE, "a.md", TEXT).key
    uploads.settle()
    uploads.bucket.delete("knowledge", key)
    return key


def poisoned(uploads: Uploads) -> str:
    uploads.upload(HOUSE, "a.md", TEXT)
    uploads.settle()
    return uploads.upload(HOUSE, "a.md", POISON).key


def released(uploads: Uploads) -> str:
    uploads.upload(HOUSE, "a.md", POISON)
    uploads.settle()
    return uploads.upload(HOUSE, "a.md", TEXT).key


def uploaded(uploads: Uploads) -> str:
    return uploads.upload(HOUSE, "a.md", TEXT).key


scenes = pytest.mark.parametrize(
    "scene", [uploaded, overwritten, deleted, poisoned, released], ids=lambda scene: scene.__name__
)


class Killer:
    """Counts effects, and kills at one of them."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.seen: list[str] = []

    def __call__(self, effect: str) -> None:
        """An effect is about to happen or has happened."""
        self.seen.append(effect)
        if len(self.seen) - 1 == self.at:
            raise Killed(effect)


def effects_of(uploads: Uploads, scene: Callable[[Uploads], str], *, again: bool) -> list[str]:
    """The effects of an execution that nothing disturbs; afterwards nothing is left of it."""
    key = scene(uploads)
    uploads.on_effect = counting = Killer()
    uploads.run(key, again=again)
    forget(uploads, key)
    return counting.seen


def forget(uploads: Uploads, key: str) -> None:
    uploads.on_effect = lambda _effect: None
    uploads.bucket.delete("knowledge", key)
    uploads.run(key)
    uploads.bucket.events.clear()
    uploads.revived()


@scenes
def test_whoever_dies_at_any_moment_loses_nothing(uploads: Uploads, scene: Callable[[Uploads], str]) -> None:
    effects = effects_of(uploads, scene, again=False)
    assert {"before head", "after commit", "before transaction"} <= set(effects)
    assert len(effects) > 8

    for at in range(len(effects)):
        key = scene(uploads)
        uploads.on_effect = Killer(at)
        with pytest.raises(Killed):
            uploads.run(key)
        uploads.on_effect = lambda _effect: None

        uploads.run(key, again=True)

        uploads.check(HOUSE)
        before = uploads.points.upserted
        uploads.run(key, again=True)
        assert uploads.points.upserted == before, "what is there is not embedded again"
        forget(uploads, key)


@pytest.mark.parametrize("scene", [overwritten, deleted, poisoned], ids=lambda scene: scene.__name__)
def test_what_dies_until_its_message_is_a_dead_letter_is_asked_for_again(
    uploads: Uploads, scene: Callable[[Uploads], str]
) -> None:
    effects = effects_of(uploads, scene, again=True)

    for at in range(effects.index("after commit"), len(effects)):
        key = scene(uploads)
        uploads.on_effect = Killer(at)
        with pytest.raises(Killed):
            uploads.run(key, again=True)
        uploads.on_effect = lambda _effect: None

        for asked in uploads.revived():
            uploads.run(asked, again=True)

        rest = uploads.rows(HOUSE)
        # Rows that are gone say nothing any more; their message was not a dead letter yet.
        if not rest:
            uploads.run(key, again=True)
        uploads.check(HOUSE)
        forget(uploads, key)


def test_points_that_a_dead_attempt_left_go_when_its_message_comes_again(uploads: Uploads) -> None:
    """An old version is written late, over the new one, and its writer dies before it looks at the rows again."""
    key = uploads.upload(HOUSE, "a.md", TEXT).key
    dead: list[str] = []

    def late(effect: str) -> None:
        if effect == "before upsert" and not dead:
            dead.append(effect)
            uploads.upload(HOUSE, "a.md", OTHER)
            assert uploads.run(key) == "indexed"
        elif effect == "after upsert" and dead == ["before upsert"]:
            # The first of these is that of the new version.
            dead.append(effect)
        elif effect == "after upsert":
            raise Killed(effect)

    uploads.on_effect = late
    with pytest.raises(Killed):
        uploads.run(key)
    uploads.on_effect = lambda _effect: None
    with pytest.raises(AssertionError):
        uploads.check(HOUSE)

    assert uploads.run(key, again=True) == "indexed"
    uploads.check(HOUSE)


ARN = "arn:aws:states:eu-central-1:000000000000:stateMachine:index"


@pytest.fixture
def begin(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Deliver a message of the queue; return the ids of those that failed."""
    uploads.__dict__["queues"] = FakeQueues()
    machine = {ARN: lambda given: {"outcome": uploads.run(given["key"], again=given["again"])}}
    uploads.__dict__["workflows"] = FakeWorkflows(machine)
    uploads._settings[IndexingSettings] = IndexingSettings(index_document_arn=ARN)
    monkeypatch.setattr(begin_indexing, "container", lambda: uploads)

    def deliver(detail: Any, receives: int = 1, id_: str = "m") -> list[str]:
        record = {
            "messageId": id_,
            "receiptHandle": "r",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:uploads",
            "attributes": {"ApproximateReceiveCount": str(receives)},
            "body": json.dumps({"detail": detail}),
        }
        answer = begin_indexing.handler({"Records": [record]}, None)
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    return deliver


def created(key: str) -> dict[str, Any]:
    """An event of S3, as EventBridge hands it on."""
    return {
        "version": "0",
        "bucket": {"name": "knowledge"},
        "object": {"key": key, "size": 5, "etag": "e", "version-id": "v", "sequencer": "1"},
        "request-id": "1",
        "reason": "PutObject",
    }


def test_uploads_wait_with_growing_pauses_while_the_vector_engine_is_away_and_heal(
    uploads: Uploads, begin: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = uploads.upload(HOUSE, "a.md", TEXT).key
    upsert = uploads.points.upsert

    def away(*_: Any) -> None:
        raise DependencyUnavailable

    monkeypatch.setattr(uploads.points, "upsert", away)
    for receives in range(1, 9):
        assert begin(created(key), receives) == ["m"]

    queues = uploads.__dict__["queues"]
    assert [seconds for _, seconds in queues.hidden] == [10, 20, 40, 80, 160, 320, 640, 900]
    assert uploads.rows(HOUSE)["a.md"]["status"] == "indexing"
    reads = uploads.reads

    monkeypatch.setattr(uploads.points, "upsert", upsert)
    assert begin(created(key), 9) == []

    uploads.check(HOUSE)
    # What was read once is not read again.
    assert uploads.reads == reads == 1


def test_an_event_of_ours_looks_closer(uploads: Uploads, begin: Callable[..., list[str]]) -> None:
    key = uploads.upload(HOUSE, "a.md", TEXT).key
    uploads.settle()
    uploads.points.drop(uploads._spec())
    uploads.points.ensure_collection(uploads._spec())

    assert begin(created(key)) == []
    assert uploads.indexed(HOUSE) == []
    assert begin({"event_type": "document_changed", "bucket": "knowledge", "key": key}) == []

    uploads.check(HOUSE)


@pytest.mark.parametrize("detail", [{}, {"object": {}}, {"object": {"key": ""}}, {"key": 7}], ids=str)
def test_an_event_about_nothing_fails_and_ends_as_a_dead_letter(
    begin: Callable[..., list[str]], detail: dict[str, Any]
) -> None:
    assert begin(detail) == ["m"]


def test_a_message_that_cannot_be_hidden_comes_again_all_the_same(
    uploads: Uploads, begin: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:
        raise DependencyUnavailable

    monkeypatch.setattr(uploads.__dict__["queues"], "hide", refused)
    monkeypatch.setattr(uploads, "run", lambda *_, **__: (_ for _ in ()).throw(WorkflowFailed("X", "y")))

    assert begin(created("a")) == ["m"]


def test_what_is_on_its_way_is_not_asked_for_again(uploads: Uploads) -> None:
    key = uploads.upload(HOUSE, "a.md", TEXT).key
    uploads.on_effect = Killer(6)
    with pytest.raises(Killed):
        uploads.run(key)
    uploads.on_effect = lambda _effect: None

    uploads._settings[RevivalSettings] = RevivalSettings(upload_stall_seconds=3600)
    assert uploads.revived() == []
    uploads._settings[RevivalSettings] = RevivalSettings(upload_stall_seconds=0)
    assert uploads.revived() == [key]
