"""The vector engine on one machine, seen from outside: its API, its key, its folder, its end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from functions.knowledge.service import find_comparables, seed_market_comps
from infra.local.qdrant import FolderInUse, QdrantFace
from shared.adapters.embeddings import HashedEmbedder
from shared.adapters.lexical import SparseVector
from shared.adapters.vectors import CollectionSpec, Point, Scope, SearchQuery, VectorEngineRejected
from shared.adapters.vectors_access import Access
from shared.adapters.vectors_qdrant import QdrantVectorStore
from shared.errors import DependencyUnavailable

TENANT = UUID(int=1)
SPEC = CollectionSpec("notes", "words-v1", 4, {"sector": "keyword"})
TERMS = SparseVector((7,), (1.0,))
NOTES = "/collections/notes__words-v1__4"


def point(number: int) -> Point:
    return Point(f"d{number}", 0, [1.0, number / 10, 0.0, 0.0], TERMS, {"number": number})


@pytest.fixture
def face(tmp_path: Path) -> Iterator[QdrantFace]:
    with QdrantFace(tmp_path / "vectors") as running:
        yield running


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QdrantFace]:
    with QdrantFace(tmp_path_factory.mktemp("vectors")) as running:
        seed(running.url)
        yield running


@contextmanager
def connected(url: str, **options: Any) -> Iterator[QdrantVectorStore]:
    store = QdrantVectorStore(url, **options)
    try:
        yield store
    finally:
        store.close()


def ask(url: str, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    headers = {"Content-Type": "application/json"} | ({"api-key": key} if key else {})
    request = urllib.request.Request(url + path, content, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def seed(url: str, count: int = 3) -> None:
    with connected(url) as store:
        store.ensure_collection(SPEC)
        store.upsert(SPEC, TENANT, [point(number) for number in range(count)])


def test_the_official_client_finds_a_server_of_its_own_version(face: QdrantFace) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        before = set(threading.enumerate())
        client = QdrantClient(url=face.url)
        for thread in set(threading.enumerate()) - before:
            thread.join(5)
        assert client.info().version.startswith("1.")
        client.close()

    assert [str(warning.message) for warning in seen] == []


def test_the_official_client_does_all_that_is_served(face: QdrantFace) -> None:
    client = QdrantClient(url=face.url, check_compatibility=False)
    client.create_collection(
        "a",
        vectors_config={"dense": models.VectorParams(size=2, distance=models.Distance.COSINE)},
        sparse_vectors_config={"words": models.SparseVectorParams(modifier=models.Modifier.IDF)},
    )
    client.create_payload_index("a", "kind", models.PayloadSchemaType.KEYWORD)
    points = [
        models.PointStruct(
            id=number, vector={"dense": [1.0, float(number)]}, payload={"kind": kind, "size": number}
        )
        for number, kind in enumerate(["x", "y", "y", "z"])
    ]

    assert client.upsert("a", points).status == models.UpdateStatus.COMPLETED
    assert client.collection_exists("a")
    assert not client.collection_exists("b")
    assert [item.name for item in client.get_collections().collections] == ["a"]
    info = client.get_collection("a")
    assert (info.points_count, info.payload_schema["kind"].data_type) == (4, "keyword")
    large = models.Filter(
        must=[models.FieldCondition(key="size", range=models.Range(gte=1))],
        must_not=[models.FieldCondition(key="kind", match=models.MatchValue(value="z"))],
    )
    assert client.count("a", large).count == 2
    page, following = client.scroll("a", limit=3, with_payload=["kind"])
    assert [(record.id, record.payload) for record in page][1] == (1, {"kind": "y"})
    assert (len(page), following) == (3, 3)
    (one,) = client.retrieve("a", [2, 99], with_vectors=True)
    assert (one.id, one.payload) == (2, {"kind": "y", "size": 2})
    assert isinstance(one.vector, dict)
    assert list(one.vector) == ["dense"]
    assert one.vector["dense"] == pytest.approx([0.4472136, 0.8944272])
    nearest = client.query_points("a", query=[1.0, 0.0], using="dense", limit=2, score_threshold=0.9).points
    assert [hit.id for hit in nearest] == [0]
    assert nearest[0].score == pytest.approx(1.0)
    client.delete("a", models.PointIdsList(points=[0]))
    client.delete("a", models.FilterSelector(filter=large))
    assert [record.id for record in client.scroll("a")[0]] == [3]
    client.update_collection_aliases(
        [models.CreateAliasOperation(create_alias=models.CreateAlias(collection_name="a", alias_name="now"))]
    )
    client.update_collection_aliases(
        [
            models.RenameAliasOperation(
                rename_alias=models.RenameAlias(old_alias_name="now", new_alias_name="b")
            )
        ]
    )
    assert client.count("b").count == 1
    assert [alias.alias_name for alias in client.get_collection_aliases("a").aliases] == ["b"]
    assert client.delete_collection("a")
    assert client.get_aliases().aliases == []
    client.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("GET", "/collections/none", None, 404, "Not found: Collection `none` doesn't exist!"),
        ("GET", "/nowhere", None, 404, "not served"),
        ("DELETE", "/aliases", None, 405, "not allowed"),
        ("PUT", NOTES, {"vectors": {"dense": {"size": 4, "distance": "Cosine"}}}, 409, "already exists"),
        ("PUT", "/collections/x", {"vectors": {"size": 4, "distance": "Cosine"}}, 400, "vectors"),
        ("PUT", "/collections/x", {"vectors": {"d": {"size": 4, "distance": "Near"}}}, 400, "distance"),
        ("PUT", "/collections/x", {"vectors": {"d": {"size": 0, "distance": "Dot"}}}, 400, "size"),
        ("PUT", "/collections/x", {}, 400, "needs vectors"),
        ("PUT", f"{NOTES}/points", b"{", 400, "Format error in JSON body"),
        ("PUT", f"{NOTES}/points", b'{"points": [NaN]}', 400, "NaN"),
        ("PUT", f"{NOTES}/points", {"points": [{"id": "comp-001", "vector": {}}]}, 400, "not a valid point ID"),
        ("PUT", f"{NOTES}/points", {"points": [{"id": 1, "vector": {"dense": [1.0]}}]}, 400, "dimension"),
        ("PUT", f"{NOTES}/points", {"points": [{"id": 1, "vector": {"other": [1.0]}}]}, 400, "vector name"),
        ("PUT", f"{NOTES}/points", {"batch": {"ids": []}}, 400, "not served here: batch"),
        ("PUT", f"{NOTES}/points", {}, 400, "missing field 'points'"),
        ("PUT", f"{NOTES}/index", {"field_name": "a", "field_schema": "colour"}, 400, "field_schema"),
        ("POST", f"{NOTES}/points/query", {"query": [1.0, 2.0], "using": "dense"}, 400, "dimension"),
        ("POST", f"{NOTES}/points/query", {"query": {"fusion": "sum"}, "prefetch": []}, 400, "unknown fusion"),
        ("POST", f"{NOTES}/points/query", {"limit": 0}, 400, "limit"),
        ("POST", f"{NOTES}/points/count", {"filter": {"must": [{"key": "a"}]}}, 400, "match or range"),
        ("POST", f"{NOTES}/points/count", {"filter": {"most": []}}, 400, "most"),
        ("POST", f"{NOTES}/points/delete", {}, 400, "either by ids or by a filter"),
        ("POST", "/collections/aliases", {"actions": [{"delete_alias": {"alias_name": "no"}}]}, 404, "Alias no"),
    ],
)  # fmt: skip
def test_errors_have_qdrants_form(
    seeded: QdrantFace, method: str, path: str, body: Any, status: int, reason: str
) -> None:
    answered, content = ask(seeded.url, method, path, body)

    assert (answered, set(content)) == (status, {"status", "time"})
    assert reason in content["status"]["error"]
    with connected(seeded.url) as store:
        assert store.count(SPEC, Scope(TENANT), {}) == 3


def test_a_refused_point_leaves_nothing_behind_after_a_restart(tmp_path: Path) -> None:
    with QdrantFace(tmp_path) as face:
        seed(face.url)
        for vector in (
            {"dense": [1.0]},
            {"other": [1.0]},
            {"bm25": {"indices": [1, 1], "values": [1.0, 1.0]}},
        ):
            assert (
                ask(face.url, "PUT", f"{NOTES}/points", {"points": [{"id": 5, "vector": vector}]})[0] == 400
            )

    with QdrantFace(tmp_path) as face:
        assert ask(face.url, "GET", NOTES)[1]["result"]["points_count"] == 3


def test_health_needs_no_key_and_everything_else_does(tmp_path: Path) -> None:
    with QdrantFace(tmp_path, api_key="k-1") as face:
        for path in ("/healthz", "/livez", "/readyz"):
            with urllib.request.urlopen(face.url + path, timeout=5) as response:
                assert response.status == 200
        for path in ("/", "/collections", "/nowhere"):
            assert ask(face.url, "GET", path)[0] == 401
            assert ask(face.url, "GET", path, key="k-2")[0] == 401
        assert ask(face.url, "GET", "/collections", key="k-1")[0] == 200

        with connected(face.url, access=lambda _: Access("k-1")) as store:
            store.ensure_collection(SPEC)
            assert store.count(SPEC, Scope(TENANT), {}) == 0
        with (
            connected(face.url, access=lambda _: Access("wrong")) as store,
            pytest.raises(VectorEngineRejected, match="401"),
        ):
            store.count(SPEC, Scope(TENANT), {})


def test_a_read_only_key_reads_everything_and_changes_nothing(tmp_path: Path) -> None:
    with QdrantFace(tmp_path, api_key="k-1", read_only_api_key="r-1") as face:
        with connected(face.url, access=lambda _: Access("k-1")) as store:
            store.ensure_collection(SPEC)
        reads: list[tuple[str, str, Any]] = [
            ("GET", "/", None),
            ("GET", "/collections", None),
            ("GET", "/aliases", None),
            ("GET", NOTES, None),
            ("GET", f"{NOTES}/exists", None),
            ("GET", f"{NOTES}/aliases", None),
            ("POST", f"{NOTES}/points", {"ids": []}),
            ("POST", f"{NOTES}/points/scroll", {}),
            ("POST", f"{NOTES}/points/count", {}),
            ("POST", f"{NOTES}/points/query", {"query": [0.0] * SPEC.dimension, "using": "dense"}),
        ]
        writes: list[tuple[str, str, Any]] = [
            ("PUT", "/collections/other", {"vectors": {"dense": {"size": 4, "distance": "Cosine"}}}),
            ("DELETE", NOTES, None),
            ("POST", "/collections/aliases", {"actions": []}),
            ("PUT", f"{NOTES}/index", {"field_name": "a", "field_schema": "keyword"}),
            ("PUT", f"{NOTES}/points", {"points": []}),
            ("POST", f"{NOTES}/points/delete", {"points": []}),
        ]

        for request in reads:
            assert ask(face.url, *request, key="r-1")[0] == 200, request
        for request in writes:
            status, envelope = ask(face.url, *request, key="r-1")
            assert (status, envelope["status"]) == (
                403,
                {"error": "Forbidden: Global manage access is required"},
            ), request
        with connected(face.url, access=lambda _: Access("r-1")) as store:
            assert store.count(SPEC, Scope(TENANT), {}) == 0
            with pytest.raises(VectorEngineRejected, match="403"):
                store.delete(SPEC, Scope(TENANT), {})


def test_what_research_asks_is_answered_to_the_key_that_changes_nothing(tmp_path: Path) -> None:
    with QdrantFace(tmp_path, api_key="k-1", read_only_api_key="r-1") as face:
        with connected(face.url, access=lambda _: Access("k-1")) as store:
            seed_market_comps(store, HashedEmbedder(), TENANT)
        with connected(face.url, access=lambda _: Access("r-1")) as store:
            found = find_comparables(
                store,
                lambda _model, dimension: HashedEmbedder(dimension),
                tenant_id=UUID(int=2),
                house_tenant_id=TENANT,
                idea="Microloans for beekeepers",
                sector="fintech",
            )

    assert len(found) == 8


def test_a_connection_is_kept_for_many_requests(face: QdrantFace) -> None:
    seed(face.url)
    connection = http.client.HTTPConnection(face.url.removeprefix("http://"), timeout=5)
    connection.connect()
    first = connection.sock

    for _ in range(20):
        connection.request("POST", f"{NOTES}/points/count", b"{}", {"Content-Type": "application/json"})
        assert json.loads(connection.getresponse().read())["result"] == {"count": 3}

    assert connection.sock is first
    connection.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Content-Length: 99999999999", 413),
        ("Content-Length: -1", 411),
        ("Transfer-Encoding: chunked", 411),
    ],
)
def test_a_body_of_unknown_or_excessive_length_is_refused(
    face: QdrantFace, headers: str, status: int
) -> None:
    host, port = face.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as plain:
        plain.sendall(f"PUT {NOTES}/points HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: plain.recv(4096), b""))

    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    query = SearchQuery([1.0, 0.0, 0.0, 0.0], TERMS)
    with QdrantFace(tmp_path) as face, connected(face.url) as store:
        seed(face.url)
        before = store.search(SPEC, Scope(TENANT), query)

    with QdrantFace(tmp_path) as face, connected(face.url) as store:
        store.ensure_collection(SPEC)
        assert store.search(SPEC, Scope(TENANT), query) == before
        (alias,) = ask(face.url, "GET", "/aliases")[1]["result"]["aliases"]
        assert alias == {"alias_name": "notes", "collection_name": SPEC.physical}
        schema = ask(face.url, "GET", NOTES)[1]["result"]["payload_schema"]
        assert schema["tenant_id"]["params"] == {"type": "keyword", "is_tenant": True}


def test_a_folder_is_open_once(face: QdrantFace, tmp_path: Path) -> None:
    with pytest.raises(FolderInUse, match=str(os.getpid())):
        QdrantFace(tmp_path / "vectors").start()

    assert ask(face.url, "GET", "/collections")[0] == 200


def test_stopping_ends_kept_connections_and_can_be_repeated(tmp_path: Path) -> None:
    face = QdrantFace(tmp_path).start()
    seed(face.url)
    with connected(face.url) as store:
        assert store.ready()
        assert store.count(SPEC, Scope(TENANT), {}) == 3
        threads = threading.active_count()

        face.stop()
        face.stop()

        assert not store.ready()
        with pytest.raises(DependencyUnavailable):
            store.count(SPEC, Scope(TENANT), {})
    assert threading.active_count() < threads
    with pytest.raises(RuntimeError, match="not started"):
        face.url  # noqa: B018


def test_a_port_in_use_leaves_the_folder_free(face: QdrantFace, tmp_path: Path) -> None:
    taken = int(face.url.rsplit(":", 1)[1])

    with pytest.raises(OSError, match="in use"):
        QdrantFace(tmp_path / "other", port=taken).start()

    with QdrantFace(tmp_path / "other") as second:
        assert second.url != face.url


@contextmanager
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local.qdrant", str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def test_acknowledged_writes_survive_a_kill_in_the_middle_of_writing(tmp_path: Path) -> None:
    acknowledged: list[int] = []
    enough = threading.Event()

    def write(store: QdrantVectorStore) -> None:
        for number in range(10_000):
            try:
                store.upsert(SPEC, TENANT, [point(number)])
            except DependencyUnavailable:
                return
            acknowledged.append(number)
            if number >= 40:
                enough.set()

    with served(tmp_path) as (process, url), connected(url) as store:
        store.ensure_collection(SPEC)
        writer = threading.Thread(target=write, args=(store,))
        writer.start()
        assert enough.wait(30)
        process.send_signal(signal.SIGKILL)
        process.wait()
        writer.join(30)

    with served(tmp_path) as (_, url), connected(url) as store:
        store.ensure_collection(SPEC)
        kept = {payload["number"] for payload in store.payloads(SPEC, Scope(TENANT), {}, ["number"])}
        found = store.search(SPEC, Scope(TENANT), SearchQuery([1.0, 0.0, 0.0, 0.0], TERMS, limit=1))

    assert kept >= set(acknowledged)
    assert len(kept) <= len(acknowledged) + 1
    assert found[0].payload["number"] == 0


def test_the_command_ends_on_a_signal_and_refuses_an_open_folder(tmp_path: Path) -> None:
    with served(tmp_path) as (process, url):
        second = subprocess.run(
            [sys.executable, "-m", "infra.local.qdrant", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (second.returncode, second.stdout) == (1, "")
        assert f"open in process {process.pid}" in second.stderr
        seed(url)

        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 0


def test_an_engine_that_hangs_or_fails_is_worth_trying_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with connected(url, timeout_seconds=1) as store:
            with pytest.raises(DependencyUnavailable) as told:
                store.count(SPEC, Scope(TENANT), {})
            assert not store.ready()
        assert told.value.retry_after == 5
        # A search is not waited for as long as the rest is: this test would not end.
        with (
            connected(url, timeout_seconds=600, search_timeout_seconds=1) as store,
            pytest.raises(DependencyUnavailable),
        ):
            store.search(SPEC, Scope(TENANT), SearchQuery([1.0, 0.0, 0.0, 0.0], TERMS))


def test_the_client_raises_what_the_adapter_translates(face: QdrantFace) -> None:
    client = QdrantClient(url=face.url, check_compatibility=False)
    with pytest.raises(UnexpectedResponse) as caught:
        client.get_collection("none")
    client.close()

    assert caught.value.status_code == 404
