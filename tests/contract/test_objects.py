"""What every object store promises, and what S3 is told on the way."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.catalog.buckets import BUCKETS
from shared.adapters.object_rules import at_origin, content_disposition
from shared.adapters.objects import (
    ListedObject,
    ObjectDamaged,
    ObjectFacts,
    ObjectStore,
    S3ObjectStore,
    StoredObject,
    s3_client,
)
from shared.adapters.objects_memory import InMemoryObjectStore
from shared.errors import AppError, Conflict, DependencyUnavailable, Invalid, NotFound, TooLarge

_VERSIONED = {bucket.name: bucket.versioned for bucket in BUCKETS}


def _client_with_buckets() -> Any:
    client = s3_client()
    for name, versioned in _VERSIONED.items():
        client.create_bucket(Bucket=name)
        if versioned:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture(params=["fake", "aws"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    if request.param == "fake":
        return InMemoryObjectStore(_VERSIONED)
    request.getfixturevalue("aws")
    return S3ObjectStore(_client_with_buckets(), page_size=3)


def as_stored(head: ObjectFacts | None) -> StoredObject | None:
    return head and StoredObject(head.bucket, head.key, head.version, head.sha256, head.size_bytes)


@pytest.mark.parametrize("body", [b"", b"\x00\xff" * 1000, "Grüße".encode()])
def test_what_was_put_can_be_got(store: ObjectStore, body: bytes) -> None:
    stored = store.put("handoff", "runs/1/request.json", body, "application/json", {"run-id": "1"})

    assert stored == StoredObject(
        "handoff", "runs/1/request.json", None, hashlib.sha256(body).hexdigest(), len(body)
    )
    assert store.get("handoff", "runs/1/request.json") == body
    assert as_stored(store.head("handoff", "runs/1/request.json")) == stored


def test_an_object_says_what_was_said_of_it(store: ObjectStore) -> None:
    first = store.put("assets", "a.md", b"# A", "text/markdown; charset=utf-8", {"attributes": "eyJ9"})
    store.put("assets", "a.md", b"# B!", "text/plain")

    facts = store.head("assets", "a.md", first.version)
    newest = store.head("assets", "a.md")

    assert facts is not None
    assert (facts.content_type, facts.metadata) == ("text/markdown; charset=utf-8", {"attributes": "eyJ9"})
    assert (facts.version, facts.sha256, facts.size_bytes) == (first.version, first.sha256, 3)
    assert facts.last_modified.utcoffset() == timedelta(0)
    assert newest is not None
    assert (newest.content_type, newest.metadata, newest.size_bytes) == ("text/plain", {}, 4)
    assert newest.last_modified >= facts.last_modified


def test_what_is_not_there_says_nothing(store: ObjectStore) -> None:
    store.put("assets", "a.md", b"# A", "text/markdown")
    store.delete("assets", "a.md")

    assert store.head("assets", "a.md") is None
    assert store.head("assets", "b.md") is None


def test_more_bytes_than_wanted_are_not_read(store: ObjectStore) -> None:
    store.put("handoff", "a", b"12345", "text/plain")

    assert store.get("handoff", "a", max_bytes=5) == b"12345"
    with pytest.raises(TooLarge):
        store.get("handoff", "a", max_bytes=4)


def test_a_copy_says_what_the_original_said(store: ObjectStore) -> None:
    store.put("assets", "a b/é+.md", b"# Old", "text/plain")
    original = store.put("assets", "a b/é+.md", b"# A", "text/markdown", {"attributes": "eyJ9"})

    copy = store.copy("assets", "a b/é+.md", "c d.md")

    assert store.get("assets", "c d.md") == b"# A"
    assert (copy.key, copy.sha256, copy.size_bytes) == ("c d.md", original.sha256, 3)
    facts = store.head("assets", "c d.md")
    assert facts is not None
    assert (facts.version, facts.content_type, facts.metadata) == (
        copy.version,
        "text/markdown",
        {"attributes": "eyJ9"},
    )


def test_nothing_is_copied_of_what_is_not_there(store: ObjectStore) -> None:
    store.put("assets", "a", b"1", "text/plain")
    store.delete("assets", "a")

    for key in ("a", "b"):
        with pytest.raises(NotFound):
            store.copy("assets", key, "c")
    assert store.head("assets", "c") is None


def test_an_object_that_is_not_there_is_not_found(store: ObjectStore) -> None:
    with pytest.raises(NotFound):
        store.get("assets", "nothing")
    assert store.head("assets", "nothing") is None


def test_a_version_that_is_not_there_is_not_found(store: ObjectStore) -> None:
    version = store.put("assets", "a.html", b"<p>", "text/html").version
    assert version is not None
    other = store.put("assets", "b.html", b"<p>", "text/html").version

    with pytest.raises(NotFound):
        store.get("assets", "a.html", other)
    assert store.head("assets", "a.html", other) is None


def test_a_bucket_with_versions_keeps_them(store: ObjectStore) -> None:
    first = store.put("assets", "plan.json", b"1", "application/json")
    second = store.put("assets", "plan.json", b"22", "application/json")

    assert first.version is not None
    assert first.version != second.version
    assert store.get("assets", "plan.json") == b"22"
    assert store.get("assets", "plan.json", first.version) == b"1"
    assert as_stored(store.head("assets", "plan.json", first.version)) == first


def test_deleting_hides_the_object_and_keeps_its_versions(store: ObjectStore) -> None:
    stored = store.put("assets", "plan.json", b"1", "application/json")

    store.delete("assets", "plan.json")

    assert store.head("assets", "plan.json") is None
    assert store.list("assets") == []
    with pytest.raises(NotFound):
        store.get("assets", "plan.json")
    assert store.get("assets", "plan.json", stored.version) == b"1"


def test_deleting_twice_is_deleting_once(store: ObjectStore) -> None:
    store.put("handoff", "x", b"1", "text/plain")

    store.delete("handoff", "x")
    store.delete("handoff", "x")

    assert store.head("handoff", "x") is None


def test_if_absent_writes_once(store: ObjectStore) -> None:
    store.put("handoff", "ledger/1", b"first", "text/plain", if_absent=True)

    with pytest.raises(Conflict):
        store.put("handoff", "ledger/1", b"second", "text/plain", if_absent=True)

    assert store.get("handoff", "ledger/1") == b"first"
    store.delete("handoff", "ledger/1")
    store.put("handoff", "ledger/1", b"third", "text/plain", if_absent=True)
    assert store.get("handoff", "ledger/1") == b"third"


def test_a_listing_is_complete_ordered_and_only_of_its_prefix(store: ObjectStore) -> None:
    keys = [f"runs/1/{number:02}" for number in range(11)] + ["runs/1/Z", "runs/1/é"]
    for key in [*reversed(keys), "runs/10/other", "other"]:
        store.put("handoff", key, key.encode(), "text/plain")

    assert store.list("handoff", "runs/1/") == [ListedObject(key, len(key.encode())) for key in keys]
    assert len(store.list("handoff")) == 15
    assert store.list("handoff", "none") == []


@pytest.mark.parametrize("key", ["", "x" * 1025, "a\x00b", "a\nb", "../a", "a/./b", "\ud800"])
def test_a_bad_key_is_refused(store: ObjectStore, key: str) -> None:
    with pytest.raises(Invalid):
        store.put("handoff", key, b"", "text/plain")


@pytest.mark.parametrize(
    "metadata",
    [{"Upper": "x"}, {"a": "é"}, {"a": "x\r\ny"}, {"a": " padded "}, {"a": "x" * 2048}, {"": "x"}],
    ids=str,
)
def test_bad_metadata_is_refused(store: ObjectStore, metadata: Mapping[str, str]) -> None:
    with pytest.raises(Invalid):
        store.put("handoff", "a", b"", "text/plain", metadata)


@pytest.mark.parametrize("content_type", ["", "html", "text/html\r\nX: y", "text/html; charset"])
def test_a_bad_content_type_is_refused(store: ObjectStore, content_type: str) -> None:
    with pytest.raises(Invalid):
        store.put("handoff", "a", b"", content_type)
    with pytest.raises(Invalid):
        store.signed_url("handoff", "a", seconds=60, filename="a", content_type=content_type)


def test_a_bucket_that_is_not_there_is_our_fault(store: ObjectStore) -> None:
    with pytest.raises(AppError) as caught:
        store.put("nowhere", "a", b"", "text/plain")

    assert type(caught.value) is AppError


def test_a_signed_url_downloads_one_version_for_a_while(store: ObjectStore) -> None:
    stored = store.put("assets", "p/1/index.html", b"<script>", "text/html")

    url = store.signed_url(
        "assets",
        "p/1/index.html",
        seconds=90,
        filename="Idée 1.html",
        content_type="text/html; charset=utf-8",
        version=stored.version,
    )

    query = parse_qs(urlsplit(url).query)
    assert urlsplit(url).path.endswith("/p/1/index.html")
    assert query["X-Amz-Expires"] == ["90"]
    assert query["versionId"] == [stored.version]
    assert query["response-content-type"] == ["text/html; charset=utf-8"]
    assert query["response-content-disposition"] == [
        "attachment; filename=\"Id_e 1.html\"; filename*=UTF-8''Id%C3%A9e%201.html"
    ]


@pytest.mark.parametrize("seconds", [0, -1, 604_801])
def test_a_signed_url_lasts_a_week_at_most(store: ObjectStore, seconds: int) -> None:
    with pytest.raises(Invalid):
        store.signed_url("assets", "a", seconds=seconds, filename="a", content_type="text/plain")


def test_a_form_names_what_may_be_uploaded(store: ObjectStore) -> None:
    form = store.signed_post("assets", "a b/é.md", 60, 5, "text/markdown", {"attributes": "eyJ9"})

    assert form.fields["key"] == "a b/é.md"
    assert form.fields["Content-Type"] == "text/markdown"
    assert form.fields["x-amz-meta-attributes"] == "eyJ9"
    assert urlsplit(form.url).hostname
    # Whoever logs a form logs no signature.
    assert form.fields["policy"] not in repr(form)


@pytest.mark.parametrize(
    "changed",
    [
        {"key": ""},
        {"key": "a/${filename}"},
        {"seconds": 0},
        {"seconds": 604_801},
        {"max_bytes": 0},
        {"content_type": "html"},
        {"metadata": {"a": "é"}},
    ],
    ids=str,
)
def test_a_bad_form_is_refused(store: ObjectStore, changed: Mapping[str, Any]) -> None:
    given = {"key": "a", "seconds": 60, "max_bytes": 5, "content_type": "text/plain", **changed}

    with pytest.raises(Invalid):
        store.signed_post("assets", **given)


@pytest.mark.usefixtures("aws")
def test_a_form_of_s3_uploads_what_it_says() -> None:
    import requests

    store = S3ObjectStore(_client_with_buckets())
    form = store.signed_post("assets", "a.md", 60, 5, "text/markdown", {"attributes": "eyJ9"})

    answer = requests.post(form.url, dict(form.fields), files={"file": b"# A"}, timeout=5)

    assert answer.status_code == 204
    facts = store.head("assets", "a.md")
    assert facts is not None
    assert (facts.content_type, facts.metadata) == ("text/markdown", {"attributes": "eyJ9"})
    assert store.get("assets", "a.md") == b"# A"


def test_a_form_of_s3_is_signed_for_one_key_one_type_and_so_many_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    store = S3ObjectStore(s3_client())

    form = store.signed_post("assets", "a.md", 60, 5, "text/markdown", {"attributes": "eyJ9"})

    policy = json.loads(base64.b64decode(form.fields["policy"]))
    assert {"bucket": "assets"} in policy["conditions"]
    assert {"key": "a.md"} in policy["conditions"]
    assert {"Content-Type": "text/markdown"} in policy["conditions"]
    assert {"x-amz-meta-attributes": "eyJ9"} in policy["conditions"]
    assert ["content-length-range", 1, 5] in policy["conditions"]
    assert urlsplit(form.url).netloc == "assets.s3.eu-central-1.amazonaws.com"


PREVIEWS = "https://d1.previews.example"
SHOWN = ["text/html; charset=utf-8", "TEXT/HTML", "text/plain", "image/png", "image/svg+xml", "video/mp4"]
SAVED = ["application/zip", "application/pdf", "application/json", "text/markdown; charset=utf-8", "text/csv"]


def signed(store: ObjectStore, content_type: str, previews_url: str = "") -> str:
    return store.signed_url(
        "assets",
        "p/1/a b+é.html",
        seconds=90,
        filename="a",
        content_type=content_type,
        version="7",
        previews_url=previews_url,
    )


@pytest.mark.parametrize("content_type", SHOWN)
def test_what_a_browser_shows_is_found_at_the_origin_for_it(store: ObjectStore, content_type: str) -> None:
    own, there = signed(store, content_type), signed(store, content_type, PREVIEWS)

    assert there.startswith(f"{PREVIEWS}/")
    assert urlsplit(there).path == urlsplit(own).path
    assert parse_qs(urlsplit(there).query).keys() == parse_qs(urlsplit(own).query).keys()
    # A download by itself: only the other origin shows it.
    assert parse_qs(urlsplit(there).query)["response-content-disposition"][0].startswith("attachment")


@pytest.mark.parametrize("path", ["/a%20b%2Bc/%C3%A9.html", "/bucket//x", "/q%3F%23"])
def test_only_the_origin_of_a_signed_url_changes(path: str) -> None:
    query = "X-Amz-Date=1&response-content-type=text%2Fhtml%3B%20charset%3Dutf-8&X-Amz-Signature=0f"

    assert at_origin(f"https://store.example:4566{path}?{query}", PREVIEWS) == f"{PREVIEWS}{path}?{query}"


@pytest.mark.parametrize("content_type", SAVED)
def test_everything_else_is_saved_from_the_store(store: ObjectStore, content_type: str) -> None:
    assert urlsplit(signed(store, content_type, PREVIEWS)).netloc != urlsplit(PREVIEWS).netloc


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_urls_are_signed_for_the_buckets_own_host_in_its_region(
    monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    for name, value in (
        ("AWS_DEFAULT_REGION", region),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
    ):
        monkeypatch.setenv(name, value)

    url = signed(S3ObjectStore(s3_client()), "text/html")

    assert urlsplit(url).netloc == f"assets.s3.{region}.amazonaws.com"
    assert parse_qs(urlsplit(url).query)["X-Amz-SignedHeaders"] == ["host"]


@pytest.mark.usefixtures("aws")
def test_a_signed_url_of_s3_gives_the_bytes_as_a_download() -> None:
    import requests

    store = S3ObjectStore(_client_with_buckets())
    store.put("assets", "a.html", b"<p>hello", "text/html")
    url = store.signed_url("assets", "a.html", seconds=60, filename="a.html", content_type="text/html")

    answer = requests.get(url, timeout=5)

    assert answer.content == b"<p>hello"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="a.html"')
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url


@pytest.mark.usefixtures("aws")
def test_s3_is_told_the_checksum_and_the_metadata() -> None:
    client = _client_with_buckets()
    sent: dict[str, Any] = {}
    client.meta.events.register("before-send.s3.PutObject", lambda request, **_: sent.update(request.headers))

    S3ObjectStore(client).put("handoff", "a", b"abc", "text/plain", {"run-id": "7"})

    assert sent["x-amz-checksum-sha256"] == b"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    assert client.head_object(Bucket="handoff", Key="a")["Metadata"] == {"run-id": "7"}


@pytest.mark.usefixtures("aws")
def test_an_object_that_rotted_is_not_returned() -> None:
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    store = S3ObjectStore(_client_with_buckets())
    store.put("handoff", "a", b"abc", "text/plain")
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets["handoff"].keys["a"].value = b"abd"

    with pytest.raises(ObjectDamaged):
        store.get("handoff", "a")


@pytest.mark.usefixtures("aws")
def test_an_object_somebody_else_wrote_has_no_known_digest() -> None:
    client = _client_with_buckets()
    client.put_object(Bucket="handoff", Key="a", Body=b"abc")
    store = S3ObjectStore(client)

    head = store.head("handoff", "a")

    assert head is not None
    assert head.sha256 is None
    assert store.get("handoff", "a") == b"abc"


def test_an_unreachable_store_is_worth_another_attempt() -> None:
    from botocore.exceptions import ReadTimeoutError

    class Silent:
        def get_object(self, **_: str) -> None:
            raise ReadTimeoutError(endpoint_url="https://s3.invalid")

    with pytest.raises(DependencyUnavailable):
        S3ObjectStore(Silent()).get("handoff", "a")


def test_attempts_and_waiting_are_bounded() -> None:
    config = s3_client().meta.config

    assert config.retries["total_max_attempts"] == 3
    assert (config.connect_timeout, config.read_timeout) == (2, 10)


@given(st.text(max_size=300))
def test_no_filename_leaves_its_header(filename: str) -> None:
    header = content_disposition(filename)

    start, quoted, rest = header.split('"')
    assert start == "attachment; filename="
    assert rest.startswith("; filename*=UTF-8''")
    assert header.isascii()
    assert header.isprintable()
    assert quoted
    assert not set("/\\%") & set(quoted)
    assert not set(rest.removeprefix("; filename*=UTF-8''")) & set(" ;,'\"/\\")
