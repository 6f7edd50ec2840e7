"""S3 before moto: checks who asks, lets one request at a time use a key, and keeps changes on disk."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, unquote, urlsplit
from xml.parsers.expat import ExpatError

import xmltodict  # type: ignore[import-untyped]

from infra.local.aws.signatures import Presigned, Refused
from infra.local.aws.vault import Vault
from infra.local.aws.wsgi import Answer, Call, Environ, read_body

_STRIPES = 64
_CHANGES = ("PUT", "POST", "DELETE")


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

    def __init__(self, moto: Call, vault: Vault, presigned: Presigned) -> None:
        self._moto = moto
        self._vault = vault
        self._presigned = presigned
        self._locks = [threading.RLock() for _ in range(_STRIPES)]

    def answer(self, environ: Environ) -> Answer:
        """Answer a request; a change is on disk when this returns."""
        try:
            self._presigned.check(environ)
        except Refused as refused:
            request_id = uuid.uuid4().hex[:16].upper()
            return Answer(
                refused.status,
                [("Content-Type", "application/xml"), ("x-amz-request-id", request_id)],
                refused.document(request_id),
            )
        touched = _touched(environ)
        with self._held(touched):
            answer = self._moto(environ)
            if answer.good and environ["REQUEST_METHOD"] in _CHANGES:
                self._keep(touched)
            return answer

    def expire(self, bucket: str, moment: datetime, prefix: str = "") -> int:
        """Delete the objects of a bucket that were written before `moment`, those under `prefix`; return how many."""
        gone = 0
        for key in self._vault.older_than(bucket, moment):
            if key.startswith(prefix):
                with self._held(_Touched(bucket, (key,))):
                    gone += self._vault.delete_older(bucket, key, moment)
        return gone

    def expire_replaced(self, bucket: str, moment: datetime) -> int:
        """Delete the versions of a bucket that were replaced or hidden before `moment`; return how many."""
        gone = 0
        for key in self._vault.replaced_before(bucket, moment):
            with self._held(_Touched(bucket, (key,))):
                gone += self._vault.delete_replaced(bucket, key, moment)
        return gone

    def _keep(self, touched: _Touched) -> None:
        if touched.keys is None:
            self._vault.keep_bucket(touched.bucket)
        else:
            for key in touched.keys:
                self._vault.keep(touched.bucket, key)

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
