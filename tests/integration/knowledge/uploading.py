"""The bucket of documents, the functions of `index_document` and its states, all stepped through by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from functions.knowledge.address import METADATA, Address, address_of, decode_attributes, encode_attributes
from functions.knowledge.chunk import Chunk
from functions.knowledge.collections import COLLECTIONS
from functions.knowledge.events import revive_uploads
from functions.knowledge.extraction.readable import Unreadable
from functions.knowledge.search import search
from functions.knowledge.service import ensure_collections
from functions.knowledge.uploads.looking import look
from functions.knowledge.uploads.reading import read
from functions.knowledge.uploads.states import Hint, Work
from functions.knowledge.uploads.storing import refuse, store
from functions.knowledge.workflows.uploads import START, states
from shared.adapters.objects import StoredObject
from shared.adapters.objects_memory import InMemoryObjectStore
from shared.adapters.vectors import Scope
from shared.adapters.vectors_memory import InMemoryVectorStore
from shared.bootstrap import Container
from shared.db.unit_of_work import Database, UnitOfWork
from shared.models.base import WireModel
from shared.models.knowledge import ATTRIBUTES
from shared.settings import EmbeddingSettings, RevivalSettings, StorageSettings, VectorSettings
from tests.integration.database.conftest import HOUSE

COLLECTION = "knowledge_base"
POISON = b"%PDF- damaged "
STATES = states()
_FUNCTIONS = {
    "${KnowledgeLookAtObject}": "look",
    "${KnowledgeReadDocument}": "read",
    "${KnowledgeStoreDocument}": "store",
    "${KnowledgeRefuseDocument}": "refuse",
}


class Killed(BaseException):
    """The process was killed: nothing of ours catches this."""


@dataclass(frozen=True)
class Found:
    """See `uploads.reading.Read`."""

    media_type: str
    title: str
    chunks: list[Chunk]


def cut(body: bytes, name: str, collection: str) -> Found:
    """A reader for tests: a chunk for each paragraph; raises Unreadable for what begins like POISON."""
    del collection
    if body.startswith(POISON):
        raise Unreadable("damaged")
    parts = [part for part in body.decode().split("\n\n") if part.strip()]
    chunks = [Chunk(part, f"Part {number}", {"first_line": number}) for number, part in enumerate(parts, 1)]
    return Found("text/plain", f"Title of {name}", chunks)


Effect = Callable[[str], None]


class Bucket(InMemoryObjectStore):
    """Objects whose changes are announced, and effects that can be interrupted before and after."""

    def __init__(self, effect: Effect) -> None:
        super().__init__({"knowledge": True, "handoff": False})
        self.effect = effect
        self.events: list[str] = []

    def put(self, bucket: str, key: str, *arguments: Any, **named: Any) -> StoredObject:
        """Put and announce."""
        self.effect("before put")
        stored = super().put(bucket, key, *arguments, **named)
        if bucket == "knowledge":
            self.events.append(key)
        self.effect("after put")
        return stored

    def head(self, bucket: str, key: str, version: str | None = None) -> Any:
        """Describe."""
        self.effect("before head")
        found = super().head(bucket, key, version)
        self.effect("after head")
        return found

    def delete(self, bucket: str, key: str) -> None:
        """Delete and announce."""
        super().delete(bucket, key)
        self.events.append(key)


class Points(InMemoryVectorStore):
    """Vectors whose writes can be interrupted before and after."""

    def __init__(self, effect: Effect) -> None:
        super().__init__()
        self.effect = effect
        self.upserted = 0

    def upsert(self, spec: Any, tenant_id: UUID, points: Any) -> None:
        """Write."""
        self.effect("before upsert")
        super().upsert(spec, tenant_id, points)
        self.upserted += len(points)
        self.effect("after upsert")

    def delete(self, spec: Any, scope: Scope, match: Any) -> None:
        """Delete."""
        self.effect("before delete")
        super().delete(spec, scope, match)
        self.effect("after delete")


class Transactions:
    """A database whose transactions can be interrupted before they begin and after they are committed."""

    def __init__(self, real: Database, effect: Effect) -> None:
        self._real = real
        self.effect = effect

    @contextmanager
    def transaction(self, tenant_id: UUID | None) -> Iterator[UnitOfWork]:
        """See `Database`."""
        self.effect("before transaction")
        with self._real.transaction(tenant_id) as work:
            yield work
        self.effect("after commit")


@dataclass(eq=False)
class Execution:
    """An execution of `index_document`: which state it is in and what that is given."""

    key: str
    again: bool = False
    state: str | None = START
    given: dict[str, Any] = field(default_factory=dict)
    outcome: str | None = None

    def __post_init__(self) -> None:
        self.given = {"key": self.key, "again": self.again}


class Uploads(Container):
    """What the functions stand on: a real database, a bucket and vectors in memory, a reader for tests."""

    def __init__(self, app: Database, system: Database) -> None:
        super().__init__()
        self.on_effect: Effect = lambda _name: None
        self.bucket = Bucket(self._effect)
        self.points = Points(self._effect)
        self.reader: Callable[[bytes, str, str], Any] = cut
        self.reads = 0
        self._app = app
        self.__dict__ |= {
            "database": Transactions(app, self._effect),
            "system_database": system,
            "vectors": self.points,
            "objects": self.bucket,
        }
        self._settings[EmbeddingSettings] = EmbeddingSettings(embedding_provider="hashed")
        self._settings[RevivalSettings] = RevivalSettings(upload_stall_seconds=0)
        self._settings[StorageSettings] = StorageSettings(
            assets_bucket="assets", handoff_bucket="handoff", knowledge_bucket="knowledge"
        )
        names = VectorSettings.variables()
        given = {name: str(HOUSE) if name == "HOUSE_TENANT_ID" else "x" for name in names}
        self._settings[VectorSettings] = VectorSettings.load(given)
        ensure_collections(self.points, [self.embedder_of(1536), self.embedder_of(768)])

    def _effect(self, name: str) -> None:
        self.on_effect(name)

    # What uploaders do.

    def upload(
        self, tenant_id: UUID, name: str, text: str | bytes, attributes: Mapping[str, Any] | None = None
    ) -> Address:
        """Upload a document; return its address."""
        address = address_of(tenant_id, COLLECTION, name)
        said: WireModel = ATTRIBUTES[COLLECTION].model_validate(dict(attributes or {}))
        body = text.encode() if isinstance(text, str) else text
        self.bucket.put("knowledge", address.key, body, "text/plain", encode_attributes(said))
        return address

    # What the state machine does.

    def advance(self, execution: Execution) -> None:
        """Run the state that an execution is in, as its definition says, and go to the next."""
        state = STATES[str(execution.state)]
        function = _FUNCTIONS[state["Parameters"]["FunctionName"]]
        try:
            output = self._call(function, json.loads(json.dumps(execution.given)))
        except Unreadable as error:
            caught = [rule for rule in state.get("Catch", ()) if type(error).__name__ in rule["ErrorEquals"]]
            if not caught:
                raise
            cause = json.dumps({"errorMessage": str(error), "errorType": "Unreadable"})
            execution.given = {**execution.given, "error": {"Error": "Unreadable", "Cause": cause}}
            execution.state = caught[0]["Next"]
            return
        execution.given = json.loads(json.dumps(output))
        following = state.get("Next")
        if following is not None and STATES[following]["Type"] == "Choice":
            choice = STATES[following]
            wanted = [c["Next"] for c in choice["Choices"] if c["StringEquals"] == execution.given["next"]]
            following = wanted[0] if wanted else choice["Default"]
        if following is None or STATES[following]["Type"] == "Succeed":
            execution.state, execution.outcome = None, execution.given["outcome"]
        else:
            execution.state = following

    def _call(self, function: str, given: dict[str, Any]) -> dict[str, Any]:
        if function == "look":
            return look(self, Hint.parse(given))
        if function == "read":
            return read(self, Work.parse(given), self._counted)
        return (store if function == "store" else refuse)(self, Work.parse(given))

    def _counted(self, body: bytes, name: str, collection: str) -> Any:
        self.reads += 1
        return self.reader(body, name, collection)

    def run(self, key: str, *, again: bool = False) -> str:
        """Run an execution to its end; return what came of it."""
        execution = Execution(key, again)
        while execution.state is not None:
            self.advance(execution)
        return str(execution.outcome)

    def settle(self) -> list[str]:
        """Run an execution for every event that nobody has seen yet; return what came of each."""
        events, self.bucket.events = self.bucket.events, []
        return [self.run(key) for key in events]

    def revived(self) -> list[str]:
        """Ask for forgotten documents; return the keys that were asked for."""
        revive_uploads.revive(self)
        return [detail["key"] for detail in self._published("document_changed")]

    def _published(self, event_type: str) -> list[dict[str, Any]]:
        with self.system_database.transaction(None) as work:
            rows = work.fetch_all(
                "SELECT id, detail FROM identity.outbox WHERE event_type = %(type)s AND published_at IS NULL",
                {"type": event_type},
            )
            work.execute(
                "UPDATE identity.outbox SET published_at = now() WHERE id = ANY(%(ids)s)",
                {"ids": [row["id"] for row in rows]},
            )
        return [row["detail"] for row in rows]

    # What there is.

    def rows(self, tenant_id: UUID) -> dict[str, dict[str, Any]]:
        """The documents of a tenant by name, with their chunks."""
        with self._app.transaction(tenant_id) as work:
            documents = work.fetch_all("SELECT * FROM knowledge.documents")
            chunks = work.fetch_all(
                "SELECT document_id, heading, content, payload FROM knowledge.chunks ORDER BY position"
            )
        return {
            row["name"]: row
            | {
                "chunks": [
                    (each["heading"], each["content"], each["payload"])
                    for each in chunks
                    if each["document_id"] == row["id"]
                ]
            }
            for row in documents
        }

    def quarantine(self, tenant_id: UUID) -> list[dict[str, Any]]:
        """The quarantine of a tenant, oldest first."""
        with self._app.transaction(tenant_id) as work:
            return work.fetch_all("SELECT * FROM knowledge.quarantine ORDER BY id")

    def indexed(self, tenant_id: UUID) -> list[tuple[str, int, str, str, str]]:
        """The points of a tenant: name, number, text, title, category."""
        fields = ("document_id", "chunk", "content", "title", "category")
        return sorted(
            tuple(payload.get(name) for name in fields)  # type: ignore[misc]
            for payload in self.points.payloads(self._spec(), Scope(tenant_id), {}, fields)
        )

    def found(self, tenant_id: UUID, text: str) -> list[tuple[str, str]]:
        """What a search of a tenant finds: name and text, best first."""
        found = search(
            self.points, self.embedder_named, scope=Scope(tenant_id), collections=[COLLECTION], text=text
        )
        return [(passage.name, passage.text) for passage in found]

    def _spec(self) -> Any:
        return COLLECTIONS[COLLECTION].spec(self.embedder_of(768))

    def check(self, tenant_id: UUID) -> None:
        """Assert that rows, points and searches of a tenant are what the bucket holds, and nothing else."""
        rows, points = self.rows(tenant_id), self.indexed(tenant_id)
        prefix = f"documents/{tenant_id}/{COLLECTION}/"
        expected: list[tuple[str, int, str, str, str]] = []
        names = set()
        for listed in self.bucket.list("knowledge", prefix):
            name = listed.key.removeprefix(prefix)
            names.add(name)
            expected += self._check_row(rows[name], listed.key, name)
        assert set(rows) == names
        assert points == sorted(expected)
        everything = {(name, text) for name, _, text, _, _ in expected}
        assert {hit for _, text in everything for hit in self.found(tenant_id, text)} == everything

    def _check_row(self, row: dict[str, Any], key: str, name: str) -> list[tuple[str, int, str, str, str]]:
        head = InMemoryObjectStore.head(self.bucket, "knowledge", key)
        assert head is not None
        body = self.bucket.get("knowledge", key)
        assert row["version"] == head.version
        if body.startswith(POISON):
            assert (row["status"], row["reason_code"], row["chunks"]) == ("quarantined", "damaged", [])
            return []
        wanted = cut(body, name, COLLECTION)
        said = decode_attributes(COLLECTION, {METADATA: head.metadata[METADATA]} if head.metadata else {})
        assert row["status"] == "indexed"
        assert (row["content_hash"], row["size_bytes"]) == (head.sha256, len(body))
        assert row["chunks"] == [(chunk.heading, chunk.text, dict(chunk.payload)) for chunk in wanted.chunks]
        assert row["chunk_count"] == len(wanted.chunks)
        assert {field: row["payload"][field] for field in said} == said
        return [
            (name, number, chunk.text, wanted.title, said["category"])
            for number, chunk in enumerate(wanted.chunks)
        ]
