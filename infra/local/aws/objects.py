"""S3 before moto: checks who asks, lets one request at a time use a key, and keeps changes on disk."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.parsers.expat import ExpatError

import xmltodict  # type: ignore[import-untyped]

from infra.local.aws.announcements import EXPIRED, Announcements, Request
from infra.local.aws.forms import POSTED
from infra.local.aws.signatures import Presigned, Refused, refusal
from infra.local.aws.vault import Tell, Vault
from infra.local.aws.wsgi import Answer, Call, Environ, read_body

_STRIPES = 64
_CHANGES = ("PUT", "POST", "DELETE")
_NOTIFICATION = re.compile(r"notification(=?$|=?&)")


@dataclass(frozen=True)
class _Touched:
    """What a request is about. `keys` None: perhaps every key of the bucket."""

    bucket: str
    keys: tuple[str, ...] | None
    read: tuple[tuple[str, str], ...] = ()


class Objects:
    """Answers requests for S3. Safe for threads, which moto's own store is not: two writers of a key lose a version
    there, and a reader of a key that is replaced meets a closed file.
    """

    def __init__(
        self, moto: Call, vault: Vault, presigned: Presigned, announcements: Announcements | None = None
    ) -> None:
        self._announcements = announcements
        self._moto = moto
        self._vault = vault
        self._presigned = presigned
        self._locks = [threading.RLock() for _ in range(_STRIPES)]

    def answer(self, environ: Environ) -> Answer:
        """Answer a request; a change is on disk when this returns."""
        try:
            self._presigned.check(environ)
        except Refused as refused:
            return refusal(refused)
        touched = _touched(environ)
        with self._held(touched):
            answer = self._moto(environ)
            if answer.good and environ["REQUEST_METHOD"] in _CHANGES:
                with self._telling(_request(environ)) as tell:
                    self._keep(touched, tell)
            return self._completed(environ, answer, touched.bucket)

    def _completed(self, environ: Environ, answer: Answer, bucket: str) -> Answer:
        """moto takes an EventBridgeConfiguration of a bucket and does not tell it."""
        asked = environ["REQUEST_METHOD"] == "GET" and _NOTIFICATION.match(environ.get("QUERY_STRING", ""))
        announcements = self._announcements
        if not (asked and answer.good and announcements is not None and announcements.announces(bucket)):
            return answer
        body = re.sub(rb"(</NotificationConfiguration>|/>)\s*$", b"", answer.body.rstrip())
        opened = body if body.endswith(b">") else body + b">"
        headers = [(name, value) for name, value in answer.headers if name.lower() != "content-length"]
        return Answer(
            answer.status, headers, opened + b"<EventBridgeConfiguration/></NotificationConfiguration>"
        )

    def expire(self, bucket: str, moment: datetime, prefix: str = "") -> int:
        """Delete the objects of a bucket that were written before `moment`, those under `prefix`; return how many."""
        gone = 0
        for key in self._vault.older_than(bucket, moment):
            if key.startswith(prefix):
                with self._held(_Touched(bucket, (key,))), self._telling(Request(EXPIRED)) as tell:
                    gone += self._vault.delete_older(bucket, key, moment, tell)
        return gone

    def expire_replaced(self, bucket: str, moment: datetime) -> int:
        """Delete the versions of a bucket that were replaced or hidden before `moment`; return how many."""
        gone = 0
        for key in self._vault.replaced_before(bucket, moment):
            with self._held(_Touched(bucket, (key,))), self._telling(Request(EXPIRED)) as tell:
                gone += self._vault.delete_replaced(bucket, key, moment, tell)
        return gone

    def _keep(self, touched: _Touched, tell: Tell) -> None:
        if touched.keys is None:
            self._vault.keep_bucket(touched.bucket, tell)
        else:
            for key in touched.keys:
                self._vault.keep(touched.bucket, key, tell)

    @contextmanager
    def _telling(self, request: Request) -> Iterator[Tell]:
        """What is told of changes is on disk before they are, and sent when they are."""
        held: list[Path] = []
        announcements = self._announcements
        if announcements is None:
            yield lambda _: None
            return
        yield lambda change: held.extend(announcements.hold(change, request))
        announcements.send(held)

    @contextmanager
    def _held(self, touched: _Touched) -> Iterator[None]:
        if touched.keys is None:
            stripes = set(range(_STRIPES))
        else:
            pairs = [*((touched.bucket, key) for key in touched.keys), *touched.read]
            stripes = {hash(pair) % _STRIPES for pair in pairs}
        with ExitStack() as stack:
            for stripe in sorted(
                stripes
            ):  # always in this order, so that no two requests wait for each other
                stack.enter_context(self._locks[stripe])
            yield


def _touched(environ: Environ) -> _Touched:
    path = str(environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")
    bucket, _, key = path.lstrip("/").partition("/")
    if key:
        return _Touched(bucket, (key,), _copied(environ))
    if environ["REQUEST_METHOD"] not in _CHANGES:
        return _Touched(bucket, ())  # a list; moto copies its dictionary first
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if environ["REQUEST_METHOD"] == "POST" and "delete" in query:
        return _Touched(bucket, _deleted(read_body(environ)))
    if environ["REQUEST_METHOD"] == "PUT":
        return _Touched(bucket, ())  # a bucket or its configuration
    return _Touched(bucket, None)


def _request(environ: Environ) -> Request:
    """What a request that changes objects is in the words of its event."""
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if environ["REQUEST_METHOD"] == "DELETE" or "delete" in query:
        reason = "DeleteObject"
    elif environ["REQUEST_METHOD"] == "POST":
        reason = "CompleteMultipartUpload"
    elif environ.get("HTTP_X_AMZ_COPY_SOURCE"):
        reason = "CopyObject"
    else:
        reason = "POST Object" if POSTED in environ else "PutObject"
    return Request(reason, str(environ.get("REMOTE_ADDR") or "127.0.0.1"))


def _copied(environ: Environ) -> tuple[tuple[str, str], ...]:
    source = environ.get("HTTP_X_AMZ_COPY_SOURCE", "")
    bucket, _, key = unquote(urlsplit(source).path).lstrip("/").partition("/")
    return ((bucket, key),) if key else ()


def _deleted(body: bytes) -> tuple[str, ...] | None:
    try:
        asked = xmltodict.parse(body, force_list=("Object",))
        return tuple({entry["Key"] for entry in asked["Delete"]["Object"]})
    except (ExpatError, KeyError, TypeError):
        return None
