"""The vector store as the product sees it: collections of points that belong to tenants, hybrid search.

Every call names whose points it may see. A collection is one name, one embedding model and one dimension; it
lives in the engine as `<name>__<model>__<dimension>`, and an alias `<name>` points at the one in use. Real
implementation: `vectors_qdrant`; exact one in memory for tests: `vectors_memory`. Both pass
`tests/contract/test_vector_store.py`.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID, uuid5

from shared.adapters.lexical import SparseVector
from shared.adapters.vectors_match import TENANT_FIELD, IndexType, Match, Range, check_match
from shared.errors import AppError, Conflict, Invalid, NotFound

# What conditions are made of is said there and used from here, too.
__all__ = ["TENANT_FIELD", "IndexType", "Match", "Range", "check_match"]

Payload = dict[str, Any]

DENSE = "dense"
SPARSE = "bm25"
# Written by the store into every payload beside the tenant.
DOCUMENT_FIELD = "document_id"
CHUNK_FIELD = "chunk"
# Set by the house on what it shares with every tenant; of other tenants' points it means nothing.
AUDIENCE_FIELD = "audience"
EVERYBODY = "everybody"
STORE_INDEXES: Mapping[str, IndexType] = {
    TENANT_FIELD: "keyword",
    DOCUMENT_FIELD: "keyword",
    AUDIENCE_FIELD: "keyword",
}

_PHYSICAL = re.compile(r"(?P<name>.+?)__(?P<model>[A-Za-z0-9.-]+)__(?P<dimension>[1-9][0-9]{0,4})")
_POINT_NAMESPACE = UUID("6f0b7c54-2a0e-5d0b-9a5e-6d2f3c1b8e47")


class CollectionMissing(NotFound):
    """There is no such vector collection."""


class EmbeddingModelMismatch(Conflict):
    """The collection holds vectors of another embedding model."""


class VectorEngineRejected(AppError):
    """The vector engine rejected the request."""


@dataclass(frozen=True)
class CollectionSpec:
    """A collection: its name, whose vectors it holds, and the payload fields that searches filter by."""

    name: str
    model: str
    dimension: int
    indexes: Mapping[str, IndexType] = field(default_factory=dict)

    @property
    def physical(self) -> str:
        """The name in the engine, `<name>__<model>__<dimension>`."""
        return f"{self.name}__{re.sub(r'[^A-Za-z0-9.-]+', '-', self.model)}__{self.dimension}"

    @classmethod
    def of_physical(cls, physical: str, model: str | None) -> CollectionSpec | None:
        """Return what a name in the engine stands for, None when it is none of ours.

        model: as recorded with the collection; without it the name's part, which may have lost some characters.
        """
        match = _PHYSICAL.fullmatch(physical)
        return match and cls(match["name"], model or match["model"], int(match["dimension"]))


@dataclass(frozen=True)
class Scope:
    """Whose points a call may see: the tenant's own and, for reading, those that the house shares with everybody.

    The house is a tenant as well: its own documents, and the kits of visitors, are nobody else's.
    """

    tenant_id: UUID
    house_tenant_id: UUID | None = None

    @property
    def house(self) -> str | None:
        """The tenant whose shared points may be read beside the own ones; None when there is no such."""
        return None if self.house_tenant_id in (None, self.tenant_id) else str(self.house_tenant_id)


@dataclass(frozen=True)
class Point:
    """A chunk of a document: its vectors and what is known of it (plain JSON)."""

    document_id: str
    chunk: int
    dense: Sequence[float]
    sparse: SparseVector
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class SearchQuery:
    """What is looked for. Dense and sparse results are fused by DBSF from `candidates` of each."""

    dense: Sequence[float]
    sparse: SparseVector
    limit: int = 10
    match: Match = field(default_factory=dict)
    candidates: int = 100


@dataclass(frozen=True)
class Hit:
    """A point found: fused score (higher is closer; only comparable within one search) and its payload."""

    id: UUID
    score: float
    payload: Payload


class VectorStore(Protocol):
    """Collections of points. Every method raises DependencyUnavailable when the engine does not answer.

    Methods that take a spec raise CollectionMissing when the collection was never made, EmbeddingModelMismatch
    when its alias points at vectors of another model or dimension, Invalid for vectors of another length.
    """

    def ensure_collection(self, spec: CollectionSpec, *, beside: bool = False) -> None:
        """Make the collection, its payload indexes and its alias where they are missing.

        With `beside`, make it beside the one in use and leave the alias alone: a rebuild fills it, then
        `promote` swaps. Raises EmbeddingModelMismatch without it when another model is in use.
        """

    def promote(self, spec: CollectionSpec) -> None:
        """Point the alias at this collection, in one step."""

    def in_use(self, name: str, *, fresh: bool = False) -> CollectionSpec:
        """Return the collection that the alias points at, by the model that filled it and without its indexes.

        It may be a copy that is some seconds old; what a copy names and is gone by now raises when it is used. With
        `fresh` it is asked for. Raises CollectionMissing when there is no such alias.
        """

    def every(self, name: str) -> list[CollectionSpec]:
        """Return all collections of the name as they are just now, the one in use first; none when nothing was made.

        Others are being built, or were in use before. Whoever writes documents writes them to all.
        """

    def drop(self, spec: CollectionSpec) -> None:
        """Delete the collection with all its points, and the alias when that points at it. Again changes nothing."""

    def upsert(self, spec: CollectionSpec, tenant_id: UUID, points: Sequence[Point]) -> None:
        """Write points of a tenant; the same document and chunk again replaces. Durable on return."""

    def delete(self, spec: CollectionSpec, scope: Scope, match: Match) -> None:
        """Delete the tenant's own points that match (never the house's); an empty match deletes all of them."""

    def search(self, spec: CollectionSpec, scope: Scope, query: SearchQuery) -> list[Hit]:
        """Return up to `query.limit` points in scope, best first."""

    def count(self, spec: CollectionSpec, scope: Scope, match: Match) -> int:
        """Return the exact number of points in scope that match."""

    def payloads(
        self, spec: CollectionSpec, scope: Scope, match: Match, fields: Sequence[str]
    ) -> Iterator[Payload]:
        """Yield the named payload fields of all points in scope that match, in no particular order."""

    def ready(self) -> bool:
        """Return whether the engine answers and accepts requests; never raises."""


def point_id(tenant_id: UUID, document_id: str, chunk: int) -> UUID:
    """Return the id of a chunk: UUIDv5 of (tenant, document, chunk). Engines take no ids like `comp-001`."""
    return uuid5(_POINT_NAMESPACE, f"{tenant_id}\n{document_id}\n{chunk}")


def stored_payload(tenant_id: UUID, point: Point) -> Payload:
    """Return the payload as it is stored: the point's own plus tenant, document and chunk."""
    return {
        **point.payload,
        TENANT_FIELD: str(tenant_id),
        DOCUMENT_FIELD: point.document_id,
        CHUNK_FIELD: point.chunk,
    }


def check_points(spec: CollectionSpec, points: Sequence[Point]) -> None:
    """Raise Invalid unless every point fits the collection."""
    for point in points:
        check_dense(spec, point.dense)
        check_sparse(point.sparse)


def check_query(spec: CollectionSpec, query: SearchQuery) -> None:
    """Raise Invalid unless the query fits the collection."""
    check_dense(spec, query.dense)
    check_sparse(query.sparse)
    check_match(spec.indexes, query.match)
    if query.limit < 1 or query.candidates < 1:
        raise Invalid("A search asks for at least one result and one candidate.")


def check_dense(spec: CollectionSpec, vector: Sequence[float]) -> None:
    """Raise Invalid unless the vector is finite and as long as the collection says."""
    if len(vector) != spec.dimension:
        raise Invalid(f"{spec.name} holds vectors of {spec.dimension} dimensions, not {len(vector)}.")
    if not all(map(math.isfinite, vector)):
        raise Invalid("A vector holds a number that is not finite.")


def check_sparse(vector: SparseVector) -> None:
    """Raise Invalid unless indices ascend without repeats and each has a finite value."""
    indices, values = vector.indices, vector.values
    ascending = all(a < b for a, b in itertools.pairwise(indices))
    if not ascending or len(indices) != len(values) or not all(map(math.isfinite, values)):
        raise Invalid("A sparse vector needs ascending indices and one finite value for each.")


def mismatch(spec: CollectionSpec, in_use: str) -> EmbeddingModelMismatch:
    """Return the error that says which collection the alias points at and which was asked for."""
    return EmbeddingModelMismatch(
        f"{spec.name} is served by {in_use}, not by {spec.physical}: rebuild it with this embedding model."
    )
