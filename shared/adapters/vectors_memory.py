"""The vector store in memory: exact search for tests, the same answers as the engine's."""

from __future__ import annotations

import math
import operator
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import mul
from statistics import fmean, stdev
from typing import Any
from uuid import UUID

from shared.adapters.lexical import SparseVector
from shared.adapters.vectors import (
    AUDIENCE_FIELD,
    EVERYBODY,
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
    check_match,
    check_points,
    check_query,
    mismatch,
    point_id,
    stored_payload,
)
from shared.adapters.vectors_match import Condition

_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d|$)", re.IGNORECASE)


@dataclass
class _Stored:
    dense: list[float]
    sparse: dict[int, float]
    payload: Payload


@dataclass
class _Collection:
    spec: CollectionSpec
    points: dict[UUID, _Stored] = field(default_factory=dict)


class InMemoryVectorStore:
    """See `VectorStore`. Safe to share between threads; forgets everything with the process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._collections: dict[str, _Collection] = {}
        self._aliases: dict[str, str] = {}

    def ensure_collection(self, spec: CollectionSpec, *, beside: bool = False) -> None:
        """See `VectorStore`."""
        with self._lock:
            in_use = self._aliases.get(spec.name)
            if not beside and in_use not in {None, spec.physical}:
                raise mismatch(spec, str(in_use))
            self._collections.setdefault(spec.physical, _Collection(spec))
            if not beside:
                self._aliases[spec.name] = spec.physical

    def promote(self, spec: CollectionSpec) -> None:
        """See `VectorStore`."""
        with self._lock:
            self._collection(spec)
            self._aliases[spec.name] = spec.physical

    def drop(self, spec: CollectionSpec) -> None:
        """See `VectorStore`."""
        with self._lock:
            self._collections.pop(spec.physical, None)
            if self._aliases.get(spec.name) == spec.physical:
                del self._aliases[spec.name]

    def in_use(self, name: str, *, fresh: bool = False) -> CollectionSpec:
        """See `VectorStore`. Never a copy."""
        del fresh
        with self._lock:
            if name not in self._aliases:
                raise CollectionMissing(f"There is no vector collection {name}.")
            return self._collections[self._aliases[name]].spec

    def every(self, name: str) -> list[CollectionSpec]:
        """See `VectorStore`."""
        with self._lock:
            found = [held.spec for held in self._collections.values() if held.spec.name == name]
            return sorted(found, key=lambda spec: (spec.physical != self._aliases.get(name), spec.physical))

    def upsert(self, spec: CollectionSpec, tenant_id: UUID, points: Sequence[Point]) -> None:
        """See `VectorStore`."""
        check_points(spec, points)
        with self._lock:
            stored = self._collection(spec).points
            for point in points:
                stored[point_id(tenant_id, point.document_id, point.chunk)] = _Stored(
                    _unit(point.dense),
                    dict(zip(point.sparse.indices, point.sparse.values, strict=True)),
                    stored_payload(tenant_id, point),
                )

    def delete(self, spec: CollectionSpec, scope: Scope, match: Match) -> None:
        """See `VectorStore`."""
        check_match(spec.indexes, match)
        with self._lock:
            stored = self._collection(spec).points
            own = Scope(scope.tenant_id)
            for key in [key for key, point in stored.items() if _matches(point, own, match)]:
                del stored[key]

    def search(self, spec: CollectionSpec, scope: Scope, query: SearchQuery) -> list[Hit]:
        """See `VectorStore`."""
        check_query(spec, query)
        with self._lock:
            stored = self._collection(spec).points
            corpus = {key: point for key, point in stored.items() if _matches(point, scope, {})}
            seen = {key: point for key, point in corpus.items() if _matches(point, scope, query.match)}
            dense = _unit(query.dense)
            near = {key: sum(map(mul, dense, point.dense)) for key, point in seen.items()}
            weights = _inverse_frequencies(query.sparse, list(corpus.values()))
            shared = {key: _overlap(weights, point) for key, point in seen.items()}
            worded = {key: score for key, score in shared.items() if score is not None}
            fused = _fuse([_top(near, query.candidates), _top(worded, query.candidates)])
            best = _top(fused, query.limit)
            return [Hit(key, score, dict(stored[key].payload)) for key, score in best.items()]

    def count(self, spec: CollectionSpec, scope: Scope, match: Match) -> int:
        """See `VectorStore`."""
        return sum(1 for _ in self.payloads(spec, scope, match, ()))

    def payloads(
        self, spec: CollectionSpec, scope: Scope, match: Match, fields: Sequence[str]
    ) -> Iterator[Payload]:
        """See `VectorStore`."""
        check_match(spec.indexes, match)
        with self._lock:
            stored = self._collection(spec).points.values()
            found = [point.payload for point in stored if _matches(point, scope, match)]
        return iter([{name: payload[name] for name in fields if name in payload} for payload in found])

    def ready(self) -> bool:
        """See `VectorStore`."""
        return True

    def _collection(self, spec: CollectionSpec) -> _Collection:
        if spec.physical in self._collections:
            return self._collections[spec.physical]
        if spec.name in self._aliases:
            raise mismatch(spec, self._aliases[spec.name])
        raise CollectionMissing(f"There is no vector collection {spec.name}.")


def _matches(point: _Stored, scope: Scope, match: Match) -> bool:
    owner = point.payload[TENANT_FIELD]
    shared = owner == scope.house and point.payload.get(AUDIENCE_FIELD) == EVERYBODY
    if owner != str(scope.tenant_id) and not shared:
        return False
    for name, wanted in match.items():
        held = point.payload.get(name)
        values = held if isinstance(held, list) else [held]
        if not any(_holds(value, wanted) for value in values):
            return False
    return True


def _holds(value: Any, wanted: Condition) -> bool:
    if isinstance(wanted, Range):
        comparable = _moment(value) if wanted.dated else _number(value)
        return comparable is not None and all(
            getattr(operator, {"gte": "ge", "lte": "le"}.get(name, name))(comparable, bound)
            for name, bound in wanted.bounds.items()
        )
    options = [wanted] if isinstance(wanted, str | int) else wanted
    # The engine tells true from 1; Python's == does not.
    return any(type(value) is type(option) and value == option for option in options)


def _number(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) else None


def _moment(value: Any) -> datetime | None:
    """What the engine takes for a date: a day, or a day and a time, of UTC where it names no zone."""
    if not isinstance(value, str) or not _DATE.match(value):
        return None
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _unit(vector: Sequence[float]) -> list[float]:
    length = math.hypot(*vector)
    return [value / length for value in vector] if length else list(vector)


def _inverse_frequencies(query: SparseVector, corpus: Sequence[_Stored]) -> dict[int, float]:
    """Multiply the query's weights by ln((N − n + 0.5) / (n + 0.5) + 1), over what the scope can read."""
    weights = {}
    for term, value in zip(query.indices, query.values, strict=True):
        holders = sum(term in point.sparse for point in corpus)
        weights[term] = value * math.log((len(corpus) - holders + 0.5) / (holders + 0.5) + 1)
    return weights


def _overlap(weights: dict[int, float], point: _Stored) -> float | None:
    common = weights.keys() & point.sparse.keys()
    return sum(weights[term] * point.sparse[term] for term in common) if common else None


def _top(scores: dict[UUID, float], limit: int) -> dict[UUID, float]:
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit])


def _fuse(results: Sequence[dict[UUID, float]]) -> dict[UUID, float]:
    """Distribution-based score fusion: scores scaled so that mean ± 3σ is 0..1, then summed."""
    fused: dict[UUID, float] = {}
    for scores in results:
        spread = stdev(scores.values()) if len(scores) > 1 else 0.0
        mean = fmean(scores.values()) if scores else 0.0
        for key, score in scores.items():
            scaled = (score - mean) / (6 * spread) + 0.5 if spread else 0.5
            fused[key] = fused.get(key, 0.0) + scaled
    return fused
