"""The vector store on Qdrant, over its REST API.

`qdrant_client` takes about a second to import, so it is loaded at the first call and never with this module.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared.adapters.vectors import (
    AUDIENCE_FIELD,
    DENSE,
    EVERYBODY,
    SPARSE,
    TENANT_FIELD,
    CollectionMissing,
    CollectionSpec,
    Hit,
    Match,
    Payload,
    Point,
    Range,
    Scope,
    SearchQuery,
    VectorEngineRejected,
    check_match,
    check_points,
    check_query,
    mismatch,
    point_id,
    stored_payload,
)
from shared.adapters.vectors_access import ReadAccess, without_access
from shared.adapters.vectors_collections import QdrantCollections
from shared.errors import AppError, DependencyUnavailable

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models

# Qdrant takes 32 MB a request. A point of 1536 dimensions is about 30 kB of JSON, and what its payload adds.
POINTS_PER_REQUEST = 128
BYTES_PER_REQUEST = 16 * 1024 * 1024
_BYTES_PER_NUMBER = 22
# An engine that is started again is there within some seconds.
RETRY_AFTER_SECONDS = 5
PAYLOADS_PER_PAGE = 256


class QdrantVectorStore:
    """See `VectorStore`. Safe to share between threads; keeps its connections open."""

    def __init__(
        self,
        url: str,
        *,
        access: ReadAccess = without_access,
        timeout_seconds: int = 10,
        search_timeout_seconds: int = 5,
        report: Callable[[], None] = lambda: None,
    ) -> None:
        """`url` as `https://host:6333`. Nothing is read or opened yet.

        access: the key and the certificate; read again when the engine knows other ones. search_timeout_seconds: how
        long somebody waits for a search; timeout_seconds: for everything else. report: called whenever the engine
        does not answer or is too busy to.
        """
        self._report = report
        self._url = url
        self._access = access
        self._timeout = timeout_seconds
        self._search_timeout = search_timeout_seconds
        self._lock = threading.Lock()
        self._opened: QdrantClient | None = None
        self._collections = QdrantCollections(lambda: self._client)

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def ensure_collection(self, spec: CollectionSpec, *, beside: bool = False) -> None:
        """See `VectorStore`."""
        with self._translated(spec):
            in_use = self._collections.aliases().get(spec.name)
        if not beside and in_use not in {None, spec.physical}:
            raise mismatch(spec, str(in_use))
        with self._translated(spec):
            indexed = self._collections.indexed_fields(spec)
            if indexed is None:
                self._collections.create(spec)
                indexed = set()
            self._collections.create_indexes(spec, indexed)
            if not beside and in_use is None:
                self._collections.point_alias(spec)
                self._collections.forget(spec)

    def promote(self, spec: CollectionSpec) -> None:
        """See `VectorStore`."""
        with self._translated(spec):
            self._client.get_collection(spec.physical)
            self._collections.point_alias(spec, replace=spec.name in self._collections.aliases())
            self._collections.forget(spec)

    def drop(self, spec: CollectionSpec) -> None:
        """See `VectorStore`. The engine takes the aliases of a collection with it."""
        with self._translated(spec):
            self._client.delete_collection(spec.physical)
            self._collections.forget(spec)

    def in_use(self, name: str, *, fresh: bool = False) -> CollectionSpec:
        """See `VectorStore`."""
        with self._translated(None):
            found = self._collections.in_use(name, fresh=fresh)
        if found is None:
            raise CollectionMissing(f"There is no vector collection {name}.")
        return found

    def every(self, name: str) -> list[CollectionSpec]:
        """See `VectorStore`."""
        with self._translated(None):
            return self._collections.every(name)

    def upsert(self, spec: CollectionSpec, tenant_id: UUID, points: Sequence[Point]) -> None:
        """See `VectorStore`."""
        from qdrant_client import models

        check_points(spec, points)
        for batch in _batches(points):
            structs = [
                models.PointStruct(
                    id=str(point_id(tenant_id, point.document_id, point.chunk)),
                    vector={
                        DENSE: list(point.dense),
                        SPARSE: models.SparseVector(
                            indices=list(point.sparse.indices), values=list(point.sparse.values)
                        ),
                    },
                    payload=stored_payload(tenant_id, point),
                )
                for point in batch
            ]
            with self._translated(spec):
                self._client.upsert(spec.physical, points=structs, wait=True)

    def delete(self, spec: CollectionSpec, scope: Scope, match: Match) -> None:
        """See `VectorStore`."""
        from qdrant_client import models

        check_match(spec.indexes, match)
        own = models.FilterSelector(filter=_filter(Scope(scope.tenant_id), match))
        with self._translated(spec):
            self._client.delete(spec.physical, points_selector=own, wait=True)

    def search(self, spec: CollectionSpec, scope: Scope, query: SearchQuery) -> list[Hit]:
        """See `VectorStore`."""
        from qdrant_client import models

        check_query(spec, query)
        seen = _filter(scope, query.match)
        # Word statistics over what the caller may read, so that a neighbour's documents move no ranking here.
        idf = models.SearchParams(idf=models.IdfCorpusParams(corpus=_filter(scope, {})))
        prefetch = [
            models.Prefetch(query=list(query.dense), using=DENSE, filter=seen, limit=query.candidates)
        ]
        if query.sparse.indices:
            terms = models.SparseVector(indices=list(query.sparse.indices), values=list(query.sparse.values))
            prefetch.append(
                models.Prefetch(query=terms, using=SPARSE, filter=seen, limit=query.candidates, params=idf)
            )
        with self._translated(spec):
            answer = self._client.query_points(
                spec.physical,
                prefetch=prefetch,
                query=models.FusionQuery(fusion=models.Fusion.DBSF),
                query_filter=seen,
                limit=query.limit,
                with_payload=True,
                timeout=self._search_timeout,
            )
        hits = [Hit(UUID(str(point.id)), point.score, point.payload or {}) for point in answer.points]
        # The engine orders equal scores by when they were written, which a rebuild changes.
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))

    def count(self, spec: CollectionSpec, scope: Scope, match: Match) -> int:
        """See `VectorStore`."""
        check_match(spec.indexes, match)
        with self._translated(spec):
            return self._client.count(spec.physical, count_filter=_filter(scope, match), exact=True).count

    def payloads(
        self, spec: CollectionSpec, scope: Scope, match: Match, fields: Sequence[str]
    ) -> Iterator[Payload]:
        """See `VectorStore`."""
        check_match(spec.indexes, match)
        return self._pages(spec, _filter(scope, match), list(fields))

    def ready(self) -> bool:
        """See `VectorStore`."""
        import httpx

        from shared.adapters.vectors_transport import VectorsTransport

        patience = min(self._timeout, self._search_timeout)
        with httpx.Client(transport=VectorsTransport(self._access), timeout=patience) as client:
            try:
                answer = client.get(f"{self._url.rstrip('/')}/readyz")
            except (httpx.HTTPError, ssl.SSLError):
                return False
        return answer.status_code == 200

    def _pages(self, spec: CollectionSpec, seen: models.Filter, fields: list[str]) -> Iterator[Payload]:
        offset: Any = None
        while True:
            with self._translated(spec):
                records, offset = self._client.scroll(
                    spec.physical,
                    scroll_filter=seen,
                    limit=PAYLOADS_PER_PAGE,
                    offset=offset,
                    with_payload=fields or False,
                    with_vectors=False,
                )
            yield from (record.payload or {} for record in records)
            if offset is None:
                return

    @property
    def _client(self) -> QdrantClient:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> QdrantClient:
        from qdrant_client import QdrantClient

        from shared.adapters.vectors_transport import VectorsTransport

        return QdrantClient(
            url=self._url,
            timeout=self._timeout,
            # One request fewer at each cold start; versions are pinned together at deployment.
            check_compatibility=False,
            # It sends the key, and keeps connections open: the client would not do so on one machine.
            transport=VectorsTransport(self._access),
        )

    @contextmanager
    def _translated(self, spec: CollectionSpec | None) -> Iterator[None]:
        """As `_in_our_words`, and an engine that is not there is reported."""
        try:
            with self._in_our_words(spec):
                yield
        except DependencyUnavailable:
            self._report()
            raise

    @contextmanager
    def _in_our_words(self, spec: CollectionSpec | None) -> Iterator[None]:
        """Errors of the client become ours; a missing collection says whether another model is in use."""
        from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
        from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

        try:
            yield
        except ResourceExhaustedResponse as error:
            raise DependencyUnavailable(retry_after=error.retry_after_s) from error
        except ResponseHandlingException as error:
            if isinstance(error.source, AppError):
                raise error.source from error
            raise _no_answer() from error
        except UnexpectedResponse as error:
            status = error.status_code or 500
            if status == 404 and spec is not None:
                raise self._missing(spec) from error
            if status in {408, 429} or status >= 500:
                told = f"The vector engine answers {status}."
                raise DependencyUnavailable(told, retry_after=RETRY_AFTER_SECONDS) from error
            raise VectorEngineRejected(f"The vector engine answers {status}: {_reason(error)}") from error

    def _missing(self, spec: CollectionSpec) -> Exception:
        from qdrant_client.http.exceptions import ApiException

        try:
            in_use = self._collections.aliases().get(spec.name)
        except ApiException:
            return _no_answer()
        if in_use is None or in_use == spec.physical:
            return CollectionMissing(f"There is no vector collection {spec.name}.")
        return mismatch(spec, in_use)


def _no_answer() -> DependencyUnavailable:
    told = "The vector engine does not answer; try again in a moment."
    return DependencyUnavailable(told, retry_after=RETRY_AFTER_SECONDS)


def _batches(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Points in their order, as many at a time as a request may carry; one that is too large goes alone."""
    batch: list[Point] = []
    held = 0
    for point in points:
        numbers = len(point.dense) + 2 * len(point.sparse.indices)
        size = numbers * _BYTES_PER_NUMBER + len(json.dumps(dict(point.payload)))
        if batch and (len(batch) == POINTS_PER_REQUEST or held + size > BYTES_PER_REQUEST):
            yield batch
            batch, held = [], 0
        batch.append(point)
        held += size
    if batch:
        yield batch


def _filter(scope: Scope, match: Match) -> models.Filter:
    """Every filter the engine ever sees from here starts with the tenants."""
    from qdrant_client import models

    must: list[models.Condition] = [_readable(scope)]
    for name, wanted in match.items():
        if isinstance(wanted, Range):
            bounds: Any = wanted.bounds
            kept = models.DatetimeRange(**bounds) if wanted.dated else models.Range(**bounds)
            must.append(models.FieldCondition(key=name, range=kept))
        elif isinstance(wanted, str | int):
            must.append(models.FieldCondition(key=name, match=models.MatchValue(value=wanted)))
        else:
            options: Any = list(wanted)
            must.append(models.FieldCondition(key=name, match=models.MatchAny(any=options)))
    return models.Filter(must=must)


def _readable(scope: Scope) -> models.Condition:
    """The tenant's own points, or also those that the house shares."""
    from qdrant_client import models

    def of(tenant: str) -> models.FieldCondition:
        return models.FieldCondition(key=TENANT_FIELD, match=models.MatchValue(value=tenant))

    if scope.house is None:
        return of(str(scope.tenant_id))
    shared = models.FieldCondition(key=AUDIENCE_FIELD, match=models.MatchValue(value=EVERYBODY))
    return models.Filter(should=[of(str(scope.tenant_id)), models.Filter(must=[of(scope.house), shared])])


def _reason(error: Any) -> str:
    """The engine's own sentence, without the request that led to it."""
    try:
        status = error.structured()["status"]
        return str(status["error"])[:300]
    except (ValueError, KeyError, TypeError):
        return "no reason given"
