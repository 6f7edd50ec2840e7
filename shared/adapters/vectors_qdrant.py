"""The vector store on Qdrant, over its REST API.

`qdrant_client` takes about a second to import, so it is loaded at the first call and never with this module.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared.adapters.vectors import (
    DENSE,
    SPARSE,
    STORE_INDEXES,
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
from shared.errors import AppError, DependencyUnavailable

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models

# A point of 1536 dimensions is about 30 kB of JSON; Qdrant takes 32 MB a request.
POINTS_PER_REQUEST = 128
PAYLOADS_PER_PAGE = 256


class QdrantVectorStore:
    """See `VectorStore`. Safe to share between threads; keeps its connections open."""

    def __init__(
        self,
        url: str,
        *,
        access: ReadAccess = without_access,
        timeout_seconds: int = 10,
        report: Callable[[], None] = lambda: None,
    ) -> None:
        """`url` as `https://host:6333`. Nothing is read or opened yet.

        access: the key and the certificate; read again when the engine knows other ones. report: called whenever the
        engine does not answer or is too busy to.
        """
        self._report = report
        self._url = url
        self._access = access
        self._timeout = timeout_seconds
        self._lock = threading.Lock()
        self._opened: QdrantClient | None = None

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def ensure_collection(self, spec: CollectionSpec, *, beside: bool = False) -> None:
        """See `VectorStore`."""
        with self._translated(spec):
            in_use = self._aliases().get(spec.name)
        if not beside and in_use not in {None, spec.physical}:
            raise mismatch(spec, str(in_use))
        with self._translated(spec):
            indexed = self._indexed_fields(spec)
            if indexed is None:
                self._create(spec)
                indexed = set()
            self._create_indexes(spec, indexed)
            if not beside and in_use is None:
                self._point_alias(spec)

    def promote(self, spec: CollectionSpec) -> None:
        """See `VectorStore`."""
        with self._translated(spec):
            self._client.get_collection(spec.physical)
            self._point_alias(spec, replace=spec.name in self._aliases())

    def drop(self, spec: CollectionSpec) -> None:
        """See `VectorStore`. The engine takes the aliases of a collection with it."""
        with self._translated(spec):
            self._client.delete_collection(spec.physical)

    def upsert(self, spec: CollectionSpec, tenant_id: UUID, points: Sequence[Point]) -> None:
        """See `VectorStore`."""
        from qdrant_client import models

        check_points(spec, points)
        for start in range(0, len(points), POINTS_PER_REQUEST):
            batch = [
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
                for point in points[start : start + POINTS_PER_REQUEST]
            ]
            with self._translated(spec):
                self._client.upsert(spec.physical, points=batch, wait=True)

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

        with httpx.Client(transport=VectorsTransport(self._access), timeout=self._timeout) as client:
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

    def _aliases(self) -> Mapping[str, str]:
        return {alias.alias_name: alias.collection_name for alias in self._client.get_aliases().aliases}

    def _indexed_fields(self, spec: CollectionSpec) -> set[str] | None:
        """The payload fields that have an index; None when there is no such collection."""
        from qdrant_client.http.exceptions import UnexpectedResponse

        try:
            return set(self._client.get_collection(spec.physical).payload_schema)
        except UnexpectedResponse as error:
            if error.status_code == 404:
                return None
            raise

    def _create(self, spec: CollectionSpec) -> None:
        from qdrant_client import models
        from qdrant_client.http.exceptions import UnexpectedResponse

        try:
            self._client.create_collection(
                spec.physical,
                vectors_config={
                    # In memory is the graph: vectors themselves would fill it after some hundred kits.
                    DENSE: models.VectorParams(
                        size=spec.dimension, distance=models.Distance.COSINE, on_disk=True
                    )
                },
                sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
            )
        except UnexpectedResponse as error:
            # Another process was first; the collection it made is the same.
            if error.status_code != 409:
                raise

    def _create_indexes(self, spec: CollectionSpec, indexed: set[str]) -> None:
        from qdrant_client import models

        for name, kind in {**spec.indexes, **STORE_INDEXES}.items():
            if name in indexed:
                continue
            schema: Any = models.PayloadSchemaType(kind)
            if name == TENANT_FIELD:
                schema = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
            self._client.create_payload_index(spec.physical, name, field_schema=schema, wait=True)

    def _point_alias(self, spec: CollectionSpec, *, replace: bool = False) -> None:
        from qdrant_client import models

        actions: list[models.AliasOperations] = []
        if replace:
            actions.append(models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=spec.name)))
        create = models.CreateAlias(collection_name=spec.physical, alias_name=spec.name)
        # One request: no search in between finds the name unserved.
        self._client.update_collection_aliases([*actions, models.CreateAliasOperation(create_alias=create)])

    @contextmanager
    def _translated(self, spec: CollectionSpec) -> Iterator[None]:
        """As `_in_our_words`, and an engine that is not there is reported."""
        try:
            with self._in_our_words(spec):
                yield
        except DependencyUnavailable:
            self._report()
            raise

    @contextmanager
    def _in_our_words(self, spec: CollectionSpec) -> Iterator[None]:
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
            raise DependencyUnavailable(
                "The vector engine does not answer; try again in a moment."
            ) from error
        except UnexpectedResponse as error:
            status = error.status_code or 500
            if status == 404:
                raise self._missing(spec) from error
            if status in {408, 429} or status >= 500:
                raise DependencyUnavailable(f"The vector engine answers {status}.") from error
            raise VectorEngineRejected(f"The vector engine answers {status}: {_reason(error)}") from error

    def _missing(self, spec: CollectionSpec) -> Exception:
        from qdrant_client.http.exceptions import ApiException

        try:
            in_use = self._aliases().get(spec.name)
        except ApiException:
            return DependencyUnavailable("The vector engine does not answer; try again in a moment.")
        if in_use is None or in_use == spec.physical:
            return CollectionMissing(f"There is no vector collection {spec.name}.")
        return mismatch(spec, in_use)


def _filter(scope: Scope, match: Match) -> models.Filter:
    """Every filter the engine ever sees from here starts with the tenants."""
    from qdrant_client import models

    must: list[models.Condition] = [
        models.FieldCondition(key=TENANT_FIELD, match=models.MatchAny(any=list(scope.readable)))
    ]
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


def _reason(error: Any) -> str:
    """The engine's own sentence, without the request that led to it."""
    try:
        status = error.structured()["status"]
        return str(status["error"])[:300]
    except (ValueError, KeyError, TypeError):
        return "no reason given"
