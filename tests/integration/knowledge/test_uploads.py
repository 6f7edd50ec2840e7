"""What becomes of an uploaded document: indexed, replaced, removed, or put into quarantine with a reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from functions.knowledge.address import METADATA, address_of
from functions.knowledge.extraction.limits import MAX_OBJECT_BYTES
from shared import base64url
from shared.db.unit_of_work import Database
from shared.errors import NotFound
from tests.integration.database.conftest import HOUSE
from tests.integration.knowledge.uploading import COLLECTION, POISON, Execution, Uploads

TEXT = "Returns are free for thirty days.\n\nRefunds take a week."


@pytest.fixture
def uploads(app: Database, system: Database) -> Uploads:
    """A bucket without documents."""
    return Uploads(app, system)


def test_an_upload_is_found_by_its_passages_and_says_what_its_uploader_said(uploads: Uploads) -> None:
    address = uploads.upload(HOUSE, "guides/returns.md", TEXT, {"category": "help", "tags": ["returns"]})

    assert uploads.settle() == ["indexed"]

    uploads.check(HOUSE)
    assert uploads.found(HOUSE, "refunds")[0] == ("guides/returns.md", "Refunds take a week.")
    row = uploads.rows(HOUSE)["guides/returns.md"]
    assert row["id"] == address.document_id
    assert row["title"] == "Title of guides/returns.md"
    assert row["media_type"] == "text/plain"
    assert row["indexed_at"] is not None
    head = uploads.bucket.head("knowledge", address.key)
    assert row["payload"] == {
        "category": "help",
        "tags": ["returns"],
        "title": "Title of guides/returns.md",
        "created_at": head.last_modified.isoformat(),
    }


def test_an_overwrite_replaces_and_keeps_the_old_passages_until_the_new_ones_are_there(
    uploads: Uploads,
) -> None:
    key = uploads.upload(HOUSE, "a.md", TEXT).key
    uploads.settle()
    uploads.upload(HOUSE, "a.md", "Refunds take a day.")
    execution = Execution(key)

    seen = []
    while execution.state is not None:
        seen.append((execution.state, {text for _, text in uploads.found(HOUSE, "refunds")}))
        uploads.advance(execution)

    old = set(TEXT.split("\n\n"))
    assert seen == [
        ("Look at the object", old),
        ("Read the document", old),
        ("Store the document", old),
    ]
    uploads.check(HOUSE)
    assert uploads.found(HOUSE, "refunds") == [("a.md", "Refunds take a day.")]


def test_a_deleted_document_is_gone(uploads: Uploads) -> None:
    key = uploads.upload(HOUSE, "a.md", TEXT).key
    uploads.settle()

    uploads.bucket.delete("knowledge", key)

    assert uploads.settle() == ["removed"]
    assert uploads.rows(HOUSE) == {}
    assert uploads.indexed(HOUSE) == []
    assert uploads.run(key) == "removed"


def test_what_is_the_same_costs_nothing(uploads: Uploads) -> None:
    key = uploads.upload(HOUSE, "a.md", TEXT, {"category": "help"}).key
    uploads.settle()
    before = uploads.rows(HOUSE)["a.md"]
    reads, upserted = uploads.reads, uploads.points.upserted

    assert uploads.run(key) == "unchanged"
    uploads.upload(HOUSE, "a.md", TEXT, {"category": "help"})
    assert uploads.settle() == ["unchanged"]
    # Somebody may have died: the points are compared, none is embedded.
    assert uploads.run(key, again=True) == "indexed"

    assert (uploads.reads, uploads.points.upserted) == (reads, upserted)
    after = uploads.rows(HOUSE)["a.md"]
    assert after["version"] != before["version"]
    assert after["payload"] == before["payload"]
    uploads.check(HOUSE)


def test_the_same_bytes_that_a_stranger_uploaded_are_not_read_again(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an object whose writer left no checksum the bytes are fetched and compared."""
    from dataclasses import replace

    head = uploads.bucket.head
    monkeypatch.setattr(uploads.bucket, "head", lambda *a: (h := head(*a)) and replace(h, sha256=None))
    uploads.upload(HOUSE, "a.md", TEXT)
    uploads.settle()
    reads = uploads.reads

    uploads.upload(HOUSE, "a.md", TEXT)

    assert uploads.settle() == ["indexed"]
    assert uploads.reads == reads
    uploads.check(HOUSE)


def test_other_attributes_are_another_document(uploads: Uploads) -> None:
    uploads.upload(HOUSE, "a.md", TEXT, {"category": "help"})
    uploads.settle()

    uploads.upload(HOUSE, "a.md", TEXT, {"category": "law"})

    assert uploads.settle() == ["indexed"]
    uploads.check(HOUSE)
    assert {category for *_, category in uploads.indexed(HOUSE)} == {"law"}


def test_a_rename_takes_what_is_known_along(uploads: Uploads) -> None:
    old = uploads.upload(HOUSE, "a.md", TEXT, {"category": "help"}).key
    uploads.settle()

    uploads.bucket.copy("knowledge", old, address_of(HOUSE, COLLECTION, "b/c.md").key)
    uploads.bucket.delete("knowledge", old)
    uploads.settle()

    uploads.check(HOUSE)
    assert set(uploads.rows(HOUSE)) == {"b/c.md"}
    assert uploads.rows(HOUSE)["b/c.md"]["payload"]["category"] == "help"


def test_two_tenants_and_two_collections_may_have_a_document_of_one_name(
    uploads: Uploads, other_tenant: UUID
) -> None:
    uploads.upload(HOUSE, "a.md", TEXT)
    uploads.upload(other_tenant, "a.md", "Theirs alone.")
    elsewhere = address_of(HOUSE, "doc_chunks", "a.md")
    uploads.bucket.put("knowledge", elsewhere.key, TEXT.encode(), "text/plain")

    assert uploads.settle() == ["indexed"] * 3

    assert uploads.found(other_tenant, "returns refunds") == [("a.md", "Theirs alone.")]
    assert {name for name, _ in uploads.found(HOUSE, "theirs alone")} == {"a.md"}
    assert ("a.md", "Theirs alone.") not in uploads.found(HOUSE, "theirs alone")
    uploads.check(other_tenant)


def test_an_event_that_comes_late_changes_nothing(uploads: Uploads) -> None:
    key = uploads.upload(HOUSE, "a.md", "The first.").key
    uploads.upload(HOUSE, "a.md", "The second.")

    assert uploads.settle() == ["indexed", "unchanged"]
    assert uploads.run(key) == "unchanged"
    uploads.check(HOUSE)


def test_whoever_lost_the_claim_writes_nothing(uploads: Uploads) -> None:
    key = uploads.upload(HOUSE, "a.md", "The first.").key
    slow = Execution(key)
    uploads.advance(slow)
    uploads.advance(slow)
    uploads.upload(HOUSE, "a.md", "The second.")
    uploads.settle()

    while slow.state is not None:
        uploads.advance(slow)

    assert slow.outcome == "superseded"
    uploads.check(HOUSE)


def test_a_version_that_is_gone_is_looked_at_again(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    key = uploads.upload(HOUSE, "a.md", "The first.").key
    execution = Execution(key)
    uploads.advance(execution)
    get = uploads.bucket.get

    def gone(bucket: str, key: str, *_: Any, **__: Any) -> bytes:
        raise NotFound

    monkeypatch.setattr(uploads.bucket, "get", gone)
    with pytest.raises(NotFound):
        uploads.advance(execution)

    monkeypatch.setattr(uploads.bucket, "get", get)
    assert uploads.run(key, again=True) == "indexed"
    uploads.check(HOUSE)


def test_what_cannot_be_read_is_in_quarantine_with_a_reason(uploads: Uploads) -> None:
    key = uploads.upload(HOUSE, "a.pdf", POISON).key

    assert uploads.settle() == ["quarantined"]

    row = uploads.rows(HOUSE)["a.pdf"]
    assert (row["status"], row["reason_code"]) == ("quarantined", "damaged")
    assert row["reason"] == "The file is damaged or incomplete."
    (kept,) = uploads.quarantine(HOUSE)
    assert (kept["bucket"], kept["key"], kept["version"]) == ("knowledge", key, row["version"])
    assert (kept["reason_code"], kept["size_bytes"]) == ("damaged", len(POISON))
    reads = uploads.reads
    assert uploads.run(key) == "quarantined"
    assert uploads.reads == reads
    uploads.check(HOUSE)


def test_a_version_in_quarantine_takes_the_place_of_the_one_before(uploads: Uploads) -> None:
    uploads.upload(HOUSE, "a.md", TEXT)
    uploads.settle()

    uploads.upload(HOUSE, "a.md", POISON)
    assert uploads.settle() == ["quarantined"]

    assert uploads.found(HOUSE, "refunds") == []
    uploads.check(HOUSE)


def test_uploading_again_releases_from_quarantine_and_the_record_stays(uploads: Uploads) -> None:
    uploads.upload(HOUSE, "a.md", POISON)
    uploads.settle()

    uploads.upload(HOUSE, "a.md", TEXT)
    assert uploads.settle() == ["indexed"]

    row = uploads.rows(HOUSE)["a.md"]
    assert (row["reason_code"], row["reason"]) == (None, None)
    assert len(uploads.quarantine(HOUSE)) == 1
    uploads.check(HOUSE)


def test_the_same_poison_is_read_again_when_it_is_uploaded_again(uploads: Uploads) -> None:
    """Whoever reads may have learned more since."""
    uploads.upload(HOUSE, "a.md", POISON)
    uploads.settle()
    uploads.upload(HOUSE, "a.md", POISON)

    assert uploads.settle() == ["quarantined"]
    assert uploads.reads == 2
    assert len(uploads.quarantine(HOUSE)) == 2


@pytest.mark.parametrize(
    ("body", "metadata", "code"),
    [
        (b"", {}, "empty"),
        (b"x" * (MAX_OBJECT_BYTES + 1), {}, "too_large"),
        (b"x", {METADATA: "not base64url!"}, "attributes"),
        (b"x", {METADATA: base64url.encode(b'{"tenant_id": "another"}')}, "attributes"),
    ],
    ids=["empty", "too-large", "not-base64url", "unknown-field"],
)
def test_what_need_not_be_read_to_be_refused_is_not_read(
    uploads: Uploads, body: bytes, metadata: dict[str, str], code: str
) -> None:
    key = address_of(HOUSE, COLLECTION, "a.md").key
    uploads.bucket.put("knowledge", key, body, "text/plain", metadata)

    assert uploads.settle() == ["quarantined"]

    assert uploads.reads == 0
    assert uploads.rows(HOUSE)["a.md"]["reason_code"] == code
    assert [each["reason_code"] for each in uploads.quarantine(HOUSE)] == [code]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("a.md", "no_address"),
        (f"documents/{HOUSE}/market_comps/a.md", "no_address"),
        (f"documents/{HOUSE}/{COLLECTION}/.git/config", "no_address"),
        (f"documents/{UUID(int=99)}/{COLLECTION}/a.md", "unknown_tenant"),
    ],
)
def test_what_belongs_to_nobody_lands_in_the_quarantine_of_the_house(
    uploads: Uploads, key: str, code: str
) -> None:
    uploads.bucket.put("knowledge", key, b"text", "text/plain")

    assert uploads.settle() == ["quarantined"]
    assert uploads.run(key, again=True) == "quarantined"

    (kept,) = uploads.quarantine(HOUSE)
    assert (kept["key"], kept["reason_code"]) == (key, code)
    assert uploads.rows(HOUSE) == {}
    uploads.bucket.delete("knowledge", key)
    assert uploads.settle() == ["removed"]
    assert len(uploads.quarantine(HOUSE)) == 1


@pytest.mark.parametrize(("hours", "asked"), [(1, False), (3, True)], ids=["just-now", "long-ago"])
def test_an_upload_that_never_came_is_forgotten(
    uploads: Uploads, app: Database, hours: int, asked: bool
) -> None:
    address = address_of(HOUSE, COLLECTION, "a.md")
    with app.transaction(HOUSE) as work:
        work.execute(
            """INSERT INTO knowledge.documents
                (id, tenant_id, collection, name, origin, status, bucket, key, updated_at)
            VALUES (%(id)s, %(tenant_id)s, %(collection)s, 'a.md', 'upload', 'awaiting_upload', 'knowledge',
                    %(key)s, now() - make_interval(hours => %(hours)s))""",
            {"id": address.document_id, "collection": COLLECTION, "key": address.key, "hours": hours},
        )

    keys = uploads.revived()

    assert keys == ([address.key] if asked else [])
    # It was asked for: not again in the next minute.
    assert uploads.revived() == []
    assert [uploads.run(key, again=True) for key in keys] == ["removed"] * len(keys)
    assert bool(uploads.rows(HOUSE)) != asked
