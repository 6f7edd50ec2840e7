"""The origin of generated pages on one machine: what it passes on, and what it says of everything."""

from __future__ import annotations

from typing import Any

import pytest

from infra.catalog.previews import preview_headers
from infra.local.aws.wsgi import Answer, calling
from infra.local.previews import Previews

STORE = "http://127.0.0.1:4566"


class Store:
    """Answers as S3 does for a page, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any]) -> Answer:
        self.asked.append(environ)
        headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("content-disposition", 'attachment; filename="index.html"'),
            ("cache-control", "public"),
            ("x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:us-east-1:123456789012:key/1"),
            ("ETag", '"1"'),
        ]
        return Answer(200, headers, b"<p>")


def environ(
    method: str = "GET", uri: str = "/assets/p/index.html?X-Amz-Signature=0", **more: str
) -> dict[str, Any]:
    path, _, query = uri.partition("?")
    return {
        "REQUEST_METHOD": method,
        "RAW_URI": uri,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_PORT": "5000",
        "HTTP_HOST": "127.0.0.1:5000",
        **more,
    }


@pytest.fixture
def store() -> Store:
    return Store()


def ask(store: Store, asked: dict[str, Any], portal_url: str = "") -> Answer:
    previews = Previews(store, STORE, "assets", portal_url=portal_url)
    try:
        return calling(previews.app)(asked)
    finally:
        previews.stop()


def test_every_answer_has_exactly_the_headers_of_the_table(store: Store) -> None:
    for asked in (environ(), environ("POST")):
        answer = ask(store, asked)
        names = [name.lower() for name, _ in answer.headers]

        assert len(names) == len(set(names))
        assert preview_headers().items() <= dict(answer.headers).items()
    assert "x-amz-server-side-encryption-aws-kms-key-id" not in names


def test_what_the_store_says_of_the_object_itself_stays(store: Store) -> None:
    headers = dict(ask(store, environ()).headers)

    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["ETag"] == '"1"'


def test_the_store_is_asked_by_its_own_name_with_the_whole_query(store: Store) -> None:
    ask(store, environ(HTTP_RANGE="bytes=0-1"))

    (asked,) = store.asked
    assert (asked["HTTP_HOST"], asked["SERVER_PORT"]) == ("127.0.0.1:4566", "4566")
    assert asked["RAW_URI"] == "/assets/p/index.html?X-Amz-Signature=0"
    assert asked["HTTP_RANGE"] == "bytes=0-1"


def test_nothing_else_of_a_viewer_reaches_the_store(store: Store) -> None:
    ask(
        store,
        environ(HTTP_AUTHORIZATION="AWS4-HMAC-SHA256 Credential=x", HTTP_COOKIE="a=b", HTTP_X_AMZ_TARGET="x"),
    )

    assert {name for name in store.asked[0] if name.startswith("HTTP_")} == {"HTTP_HOST"}


@pytest.mark.parametrize(
    ("method", "uri"),
    [
        ("PUT", "/assets/p/index.html"),
        ("POST", "/assets/p/index.html"),
        ("DELETE", "/assets/p/index.html"),
        ("OPTIONS", "/assets/p/index.html"),
        ("GET", "/handoff/p/index.html"),
        ("GET", "/"),
        ("GET", "/assets"),
        ("GET", "/2015-03-31/functions/x/invocations"),
        ("GET", "/assets-copy/p"),
    ],
)
def test_anything_but_reading_the_bucket_is_refused(store: Store, method: str, uri: str) -> None:
    assert ask(store, environ(method, uri)).status == 403
    assert store.asked == []


def test_a_page_is_an_origin_for_itself_and_asks_nothing() -> None:
    directives = dict(
        part.partition(" ")[::2] for part in preview_headers()["Content-Security-Policy"].split("; ")
    )

    assert "allow-same-origin" not in directives["sandbox"]
    assert "allow-top-navigation" not in directives["sandbox"]
    assert "allow-popups" not in directives["sandbox"]
    for name in ("default-src", "connect-src", "form-action", "base-uri", "frame-ancestors"):
        assert directives[name] == "'none'"


@pytest.mark.parametrize("portal_url", ["https://portal.example", "https://portal.example/start"])
def test_only_the_portal_may_frame_it(store: Store, portal_url: str) -> None:
    headers = dict(ask(store, environ(), portal_url).headers)

    assert headers["Content-Security-Policy"].endswith("frame-ancestors https://portal.example")
