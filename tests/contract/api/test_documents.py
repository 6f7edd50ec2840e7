"""Documents and search as people use them: two tenants with the same document, versions, deletion, engines away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from functions.knowledge.address import document_id
from functions.knowledge.chunk import Chunk
from functions.knowledge.collections import COLLECTIONS
from functions.knowledge.service import CutDocument, index_chunks
from infra.catalog import CATALOG
from infra.local.aws.names import bucket_name
from infra.openapi.inventory import Served
from shared.errors import DependencyUnavailable
from tests.contract.api.cases import CASES
from tests.contract.api.house import EMBEDDERS, HOUSE, House, Reply, Sent
from tests.contract.api.stage import Tenancy, pointers, settle
from tests.unit.knowledge.hostile import HOSTILE

CASE = {case.operation.name: case for case in CASES}
BUCKET = next(bucket_name(bucket) for bucket in CATALOG.buckets if bucket.name == "knowledge")
NAME, COLLECTION = "handbook.md", "doc_chunks"
TEXTS = ("Skippers exchange quota.", "The harbour settles the invoice.", "Nets are mended in winter.")
ASKED = {"query": "harbour invoice", "collections": [COLLECTION]}
_STORED = """
INSERT INTO knowledge.documents (id, tenant_id, collection, name, origin, status, bucket, key, version, content_hash,
    embedding_model, embedding_dimension, chunk_count, size_bytes)
VALUES (%(id)s, %(tenant)s, %(collection)s, %(name)s, 'upload', 'indexed', %(bucket)s, %(key)s, %(version)s,
    %(digest)s, 'hashed-ngrams-v1', %(dimension)s, %(chunks)s, 10)
ON CONFLICT (tenant_id, id) DO UPDATE SET status = 'indexed', version = excluded.version,
    chunk_count = excluded.chunk_count, content_hash = excluded.content_hash
"""


@dataclass
class Reader:
    """A tenant whose documents are indexed, and its administrator."""

    tenancy: Tenancy

    def ask(self, operation: str, body: Any = None, *, path: str = "", **headers: str) -> Reply:
        """Do an operation; fail unless the answer is documented. path: what stands instead of the route's."""
        case: Served = CASE[operation]
        where = path or case.route.path
        sent = Sent(case.route.method, where, self.tenancy.admin, body, headers)
        return self.tenancy.send(case, sent)

    def search(self, **asked: Any) -> dict[str, Any]:
        """Search; fail unless there is an answer."""
        reply = self.ask("search_knowledge", {**ASKED, **asked})
        assert reply.status == 200, reply.body
        return dict(reply.json())

    def has(self, name: str = NAME, texts: Sequence[str] = TEXTS, **payload: Any) -> UUID:
        """Bring about that a document was uploaded and indexed; return its id."""
        house, tenant = self.tenancy.house, self.tenancy.id
        id_ = document_id(tenant, COLLECTION, name)
        key = f"documents/{tenant}/{COLLECTION}/{name}"
        stored = house.objects.put(BUCKET, key, "\n\n".join(texts).encode(), "text/markdown")
        self.tenancy.rows(
            _STORED,
            id=id_,
            collection=COLLECTION,
            name=name,
            bucket=BUCKET,
            key=key,
            version=stored.version,
            digest=stored.sha256,
            dimension=1536,
            chunks=len(texts),
        )
        cut = CutDocument(
            name, [Chunk(text, "Handbook") for text in texts], {"doc_type": "manual", **payload}
        )
        index_chunks(house.vectors, EMBEDDERS[COLLECTIONS[COLLECTION].dimension], tenant, COLLECTION, [cut])
        return id_


@pytest.fixture(scope="module")
def one(house: House) -> Reader:
    """A tenant with a handbook."""
    made = Reader(settle(house))
    made.has()
    return made


@pytest.fixture(scope="module")
def other(house: House) -> Reader:
    """Another tenant with the same handbook: same name, same bytes."""
    made = Reader(settle(house))
    made.has()
    return made


def without_ids(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the passages of an answer without what says whose they are."""
    return [
        {**each, "document_id": None, "source": {**each["source"], "document": None}}
        for each in found["data"]
    ]


def test_the_same_document_of_two_tenants_is_two_documents(one: Reader, other: Reader) -> None:
    mine, theirs = one.search(), other.search()

    assert mine["data"]
    assert without_ids(mine) == without_ids(theirs)
    ids = [{each["document_id"] for each in found["data"]} for found in (mine, theirs)]
    assert ids[0].isdisjoint(ids[1])
    for reader, stranger, found in ((one, other, mine), (other, one, theirs)):
        assert str(stranger.tenancy.id) not in str(found)
        for passage in found["data"]:
            shown = reader.ask("get_document", path=passage["source"]["document"])
            assert (shown.status, shown.json()["id"]) == (200, passage["document_id"])
            assert stranger.ask("get_document", path=passage["source"]["document"]).status == 404
            assert stranger.ask("delete_document", path=passage["source"]["document"]).status == 404


def test_what_a_neighbour_has_moves_nothing(one: Reader, fresh: Tenancy) -> None:
    def everything() -> list[bytes]:
        answers = [
            one.ask("search_knowledge", {**ASKED, "include_house": True, "limit": 50, "max_tokens": 500}),
            one.ask("search_knowledge", {**ASKED, "filter": {"doc_type": "manual"}}),
            one.ask("search_knowledge", {**ASKED, "query": "walrus"}),
            one.ask("search_knowledge", {**ASKED, "filter": {"surprise": 1}}),
            one.ask("list_documents"),
            one.ask("list_collections"),
        ]
        return [answer.body.replace(answer.headers["x-request-id"].encode(), b"") for answer in answers]

    before, neighbour = everything(), Reader(fresh)
    neighbour.has()
    neighbour.has(
        "walrus.md", ("Harbour harbour harbour invoice.", "The walrus has a word that nobody else has.") * 5
    )

    assert everything() == before
    assert b"walrus" not in b"".join(before[:2])


def test_the_house_is_read_when_asked_for_and_leads_nowhere(one: Reader, house: House) -> None:
    keeper = Reader(Tenancy(house, HOUSE))
    own = keeper.has("of-a-visitor.md", ("The harbour invoice of somebody who visits the house.",))
    id_ = keeper.has(
        "house-guide.md", ("An invoice of the house is settled in the harbour.",), audience="everybody"
    )

    assert str(id_) not in str(one.search())
    (found,) = [each for each in one.search(include_house=True)["data"] if each["house"]]
    assert (found["document_id"], found["source"]["document"]) == (str(id_), None)
    assert one.ask("get_document", path=f"/v1/documents/{id_}").status == 404
    assert str(own) not in str(one.search(include_house=True, limit=50))
    assert one.ask("get_collection", path=f"/v1/collections/{COLLECTION}").json()["house_chunks"] == 1


def test_a_passage_shows_which_words_it_met(one: Reader) -> None:
    best = one.search(query="HARBOURS")["data"][0]

    met = [best["text"][place["start"] : place["end"]] for place in best["highlights"]]
    assert met == ["harbour"]
    assert best["payload"]["doc_type"] == "manual"


def test_a_budget_leaves_out_what_does_not_fit(one: Reader) -> None:
    everything = one.search()
    some = one.search(max_tokens=everything["tokens"] - 1)

    assert everything["left_out"] == 0
    assert some["left_out"] > 0
    assert some["tokens"] < everything["tokens"]


def test_hostile_documents_come_back_as_plain_text(fresh: Tenancy) -> None:
    reader = Reader(fresh)
    texts = [text for text in HOSTILE if "\x00" not in text and "\ud800" not in text]
    reader.has("hostile.md", texts)

    reply = reader.ask("search_knowledge", {**ASKED, "query": "ignore previous instructions", "limit": 50})

    assert reply.headers["content-type"] == "application/json"
    assert {each["text"] for each in reply.json()["data"]} == set(texts)


def test_what_is_deleted_is_gone_at_once_and_only_there(fresh: Tenancy, other: Reader) -> None:
    reader, before = Reader(fresh), other.search()
    id_ = reader.has()
    key = f"documents/{fresh.id}/{COLLECTION}/{NAME}"

    assert reader.ask("delete_document", path=f"/v1/documents/{id_}").status == 204

    assert reader.search()["data"] == []
    assert reader.ask("get_document", path=f"/v1/documents/{id_}").status == 404
    assert reader.ask("delete_document", path=f"/v1/documents/{id_}").status == 404
    assert fresh.house.objects.head(BUCKET, key) is None
    told = [event.detail for event in fresh.house.bus.published if event.detail_type == "document_changed"]
    assert [each["key"] for each in told if each["tenant_id"] == str(fresh.id)] == [key]
    assert other.search() == before


def test_a_row_that_only_says_that_somebody_looks_is_no_document(fresh: Tenancy) -> None:
    reader = Reader(fresh)
    id_ = reader.has()
    fresh.rows(
        """UPDATE knowledge.documents SET status = 'indexing', version = NULL, media_type = NULL
        WHERE tenant_id = %(tenant)s AND id = %(id)s""",
        id=id_,
    )

    assert reader.ask("get_document", path=f"/v1/documents/{id_}").status == 404
    assert reader.ask("list_documents", path="/v1/documents?status=indexing").json()["data"] == []
    counted = reader.ask("get_collection", path=f"/v1/collections/{COLLECTION}").json()
    assert counted["statuses"]["indexing"] == 0


def test_a_file_of_a_kit_stays(one: Reader) -> None:
    (kit,) = [each for each in one.ask("list_documents").json()["data"] if each["origin"] == "kit"]

    assert one.ask("delete_document", path=f"/v1/documents/{kit['id']}").status == 409


def test_a_name_that_is_there_gets_a_new_version(fresh: Tenancy) -> None:
    reader = Reader(fresh)
    id_ = reader.has()
    asked = {"collection": COLLECTION, "name": NAME, "content_type": "text/markdown"}

    made = reader.ask("create_document", asked).json()

    assert (made["id"], made["status"]) == (str(id_), "awaiting_upload")
    assert made["upload"]["fields"]["key"] == f"documents/{fresh.id}/{COLLECTION}/{NAME}"
    assert len(reader.search()["data"]) == len(TEXTS), "the version before is found until the new one is read"


def test_a_document_says_why_it_cannot_be_read(fresh: Tenancy) -> None:
    reader = Reader(fresh)
    id_ = reader.has()
    fresh.rows(
        """UPDATE knowledge.documents SET status = 'quarantined', reason_code = 'encrypted', reason = 'Locked.'
        WHERE tenant_id = %(tenant)s AND id = %(id)s""",
        id=id_,
    )
    shown = reader.ask("get_document", path=f"/v1/documents/{id_}").json()

    assert (shown["status"], shown["reason_code"], shown["reason"]) == ("quarantined", "encrypted", "Locked.")
    assert shown["download_url"]
    counted = reader.ask("get_collection", path=f"/v1/collections/{COLLECTION}").json()
    assert counted["statuses"]["quarantined"] == 1


def test_lists_are_narrowed(one: Reader) -> None:
    def names(query: str) -> list[str]:
        reply = one.ask("list_documents", path=f"/v1/documents?{query}")
        assert reply.status == 200
        return [each["name"] for each in reply.json()["data"]]

    assert names(f"collection={COLLECTION}&status=indexed&name_prefix=hand") == [NAME]
    assert names("name_prefix=%25") == names("collection=campaign_history") == []
    assert NAME not in names("status=awaiting_upload")
    assert one.ask("list_documents", path="/v1/documents?collection=nothing").status == 422


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": "../secrets"}, "/name"),
        ({"name": "a/.git/config"}, "/name"),
        ({"name": "0199a000-0000-7000-8000-000000000001/prd.md"}, "/name"),
        ({"collection": "market_comps"}, "/collection"),
        ({"content_type": "markdown"}, "/content_type"),
        ({"attributes": {"surprise": "x"}}, "/attributes/surprise"),
        ({"attributes": {"doc_type": 1}}, "/attributes/doc_type"),
        ({"attributes": {"project_id": "x"}}, "/attributes/project_id"),
        ({"attributes": {"doc_type": "\u6f01" * 60}}, None),
    ],
    ids=["parent", "git", "project", "collection", "type", "unknown", "kind", "uuid", "wide"],
)
def test_an_upload_is_checked_before_it_is_made(
    one: Reader, change: dict[str, Any], pointer: str | None
) -> None:
    reply = one.ask("create_document", {"collection": COLLECTION, "name": "a.md", **change})

    if pointer is None:
        assert reply.status == 201
    else:
        assert (reply.status, pointers(reply)) == (422, [pointer])


def test_attributes_that_no_object_can_carry_are_refused(one: Reader) -> None:
    tags = {"tags": ["\u6f01" * 60] * 20}
    reply = one.ask("create_document", {"collection": "knowledge_base", "name": "a.md", "attributes": tags})

    assert (reply.status, pointers(reply)) == (422, ["/attributes"])


def test_without_the_engine_search_says_when_to_come_back_and_the_rest_goes_on(
    fresh: Tenancy, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(fresh)
    id_ = reader.has()

    def silent(*_: object, **__: object) -> Any:
        raise DependencyUnavailable("10.0.3.7 answers 500.")

    with monkeypatch.context() as patch:
        for name in ("search", "in_use", "every", "delete", "payloads"):
            patch.setattr(fresh.house.vectors, name, silent)
        asked = reader.ask("search_knowledge", ASKED)
        assert asked.status == 503
        assert int(asked.headers["retry-after"]) >= 1
        assert b"10.0.3.7" not in asked.body
        collection = reader.ask("get_collection", path=f"/v1/collections/{COLLECTION}")
        assert (collection.status, collection.json()["embedding_model"]) == (200, None)
        assert reader.ask("delete_document", path=f"/v1/documents/{id_}").status == 204
    assert reader.ask("get_document", path=f"/v1/documents/{id_}").status == 404
    assert reader.ask("get_collection", path=f"/v1/collections/{COLLECTION}").json()["embedding_model"]


def test_a_viewer_searches_and_a_program_needs_the_scope(one: Reader) -> None:
    tenancy = one.tenancy
    for operation, status in (("search_knowledge", 200), ("create_document", 403)):
        case = CASE[operation]
        sent = replace(tenancy.request(case), token=tenancy.token_of("viewer"))
        assert tenancy.send(case, sent).status == status
    case = CASE["search_knowledge"]
    assert tenancy.send(case, replace(tenancy.request(case), token=tenancy.visitor)).status == 403
