"""Qdrant's JSON to the engine's objects and back.

What the engine would misread or drop in silence is refused here with 400: an unknown field is either a mistake
or something this face does not serve, and both must be seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import qdrant_edge as engine

from infra.local.qdrant.errors import FaceError, bad_request
from infra.local.qdrant.schema import CollectionConfig

Json = Any


def fields(body: Json, known: Sequence[str], what: str) -> dict[str, Json]:
    """Return the non-null fields of an object; 400 when it is none or holds others than `known`."""
    if not isinstance(body, dict):
        raise bad_request(f"{what} must be an object")
    given = {name: value for name, value in body.items() if value is not None}
    unknown = sorted(given.keys() - set(known))
    if unknown:
        raise bad_request(f"{what} holds fields that are unknown or not served here: {', '.join(unknown)}")
    return given


def whole(value: Json, what: str, least: int = 0) -> int:
    """Return a whole number of at least `least`, or 400."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise bad_request(f"{what} must be a whole number of at least {least}")
    return value


def listed(value: Json, what: str) -> list[Json]:
    """Return a list, or 400."""
    if not isinstance(value, list):
        raise bad_request(f"{what} must be a list")
    return value


def point_id(value: Json) -> int | str | UUID:
    """Return an id the engine takes, an unsigned number or a UUID; 400 for others."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64:
        return value
    if isinstance(value, str):
        try:
            return str(UUID(value))
        except ValueError:
            pass
    raise bad_request(
        f"value {value!r} is not a valid point ID, valid values are either an unsigned integer or a UUID"
    )


def dense_vector(value: Json, size: int) -> list[float]:
    """Return a dense vector of `size` finite numbers, or 400."""
    numbers = _numbers(value)
    if len(numbers) != size:
        raise bad_request(f"Vector dimension error: expected dim: {size}, got {len(numbers)}")
    return numbers


def sparse_vector(value: Json) -> engine.SparseVector:
    """Return a sparse vector with unique indices and as many values, or 400."""
    given = fields(value, ("indices", "values"), "a sparse vector")
    indices = listed(given.get("indices"), "indices")
    values = _numbers(given.get("values"))
    if any(isinstance(i, bool) or not isinstance(i, int) or not 0 <= i < 2**32 for i in indices):
        raise bad_request("indices of a sparse vector must be unsigned 32-bit numbers")
    if len(indices) != len(values) or len(set(indices)) != len(indices):
        raise bad_request("a sparse vector needs unique indices and one value for each")
    return engine.SparseVector(indices, values)


def _numbers(value: Json) -> list[float]:
    # bool is an int in Python; a vector of truth values is a mistake.
    types = set(map(type, value)) if isinstance(value, list) else {None}
    if not types <= {int, float} or not all(map(math.isfinite, value)):
        raise bad_request("a vector must be a list of finite numbers")
    return value if types == {float} else list(map(float, value))


def point(body: Json, config: CollectionConfig) -> engine.Point:
    """Return a point that fits the collection, or 400.

    The engine writes an operation to its log before it finds that a vector does not fit, and would then replay a
    point without vectors: so nothing reaches it unchecked.
    """
    given = fields(body, ("id", "vector", "payload"), "a point")
    named = given.get("vector", {})
    if not isinstance(named, dict):
        raise bad_request("vectors must be given by name")
    vectors: dict[str, Any] = {}
    for name, value in named.items():
        if name in config.vectors:
            vectors[name] = dense_vector(value, config.vectors[name].size)
        elif name in config.sparse_vectors:
            vectors[name] = sparse_vector(value)
        else:
            raise bad_request(f"Not existing vector name error: {name}")
    payload = given.get("payload", {})
    if not isinstance(payload, dict):
        raise bad_request("payload must be an object")
    return engine.Point(point_id(given.get("id")), vectors, payload)


def filter_of(body: Json) -> engine.Filter | None:
    """Return the engine's filter; None for none."""
    if body is None:
        return None
    given = fields(body, ("must", "should", "must_not", "min_should"), "a filter")
    clauses: dict[str, Any] = {
        name: _conditions(given[name]) for name in ("must", "should", "must_not") if name in given
    }
    if "min_should" in given:
        least = fields(given["min_should"], ("conditions", "min_count"), "min_should")
        conditions = _conditions(least.get("conditions"))
        clauses["min_should"] = engine.MinShould(conditions, whole(least.get("min_count"), "min_count"))
    return engine.Filter(**clauses)


def _conditions(body: Json) -> list[Any]:
    return [_condition(item) for item in (body if isinstance(body, list) else [body])]


def _condition(body: Json) -> Any:
    if not isinstance(body, dict):
        raise bad_request("a condition must be an object")
    if "key" in body:
        return _field_condition(body)
    if "has_id" in body:
        return engine.HasIdCondition({point_id(item) for item in listed(body["has_id"], "has_id")})
    if "is_empty" in body:
        return engine.IsEmptyCondition(fields(body["is_empty"], ("key",), "is_empty")["key"])
    if "is_null" in body:
        return engine.IsNullCondition(fields(body["is_null"], ("key",), "is_null")["key"])
    return filter_of(body)


def _field_condition(body: Json) -> engine.FieldCondition:
    given = fields(body, ("key", "match", "range"), "a field condition")
    if "range" in given:
        bounds = fields(given["range"], ("gt", "gte", "lt", "lte"), "range")
        dated = any(isinstance(value, str) for value in bounds.values())
        kind = engine.RangeDateTime if dated else engine.RangeFloat
        return engine.FieldCondition(given["key"], range=kind(**bounds))
    if "match" not in given:
        raise bad_request("a field condition needs match or range")
    return engine.FieldCondition(given["key"], match=_match(given["match"]))


def _match(body: Json) -> Any:
    given = fields(body, ("value", "any", "except", "text"), "match")
    if len(given) != 1:
        raise bad_request("match needs exactly one of value, any, except, text")
    if "value" in given:
        return engine.MatchValue(given["value"])
    if "any" in given:
        return engine.MatchAny(given["any"])
    if "except" in given:
        return engine.MatchExcept(given["except"])
    return engine.MatchText(given["text"])


def query_request(body: Json, config: CollectionConfig) -> engine.QueryRequest:
    """Return the engine's query: nearest, or a fusion of prefetches."""
    known = ("query", "using", "prefetch", "filter", "params", "score_threshold", "limit", "offset")
    given = fields(body, (*known, "with_payload", "with_vector"), "a query")
    return engine.QueryRequest(
        limit=whole(given.get("limit", 10), "limit", 1),
        offset=whole(given.get("offset", 0), "offset"),
        query=_scoring(given, config),
        prefetches=_prefetches(given.get("prefetch"), config),
        filter=filter_of(given.get("filter")),
        score_threshold=given.get("score_threshold"),
        params=_params(given.get("params")),
        with_payload=payload_selector(given.get("with_payload", False)),
        with_vector=vector_selector(given.get("with_vector", False)),
    )


def _prefetches(body: Json, config: CollectionConfig) -> list[engine.Prefetch]:
    if body is None:
        return []
    return [_prefetch(item, config) for item in (body if isinstance(body, list) else [body])]


def _prefetch(body: Json, config: CollectionConfig) -> engine.Prefetch:
    known = ("query", "using", "prefetch", "filter", "params", "score_threshold", "limit")
    given = fields(body, known, "a prefetch")
    return engine.Prefetch(
        limit=whole(given.get("limit", 10), "limit", 1),
        query=_scoring(given, config),
        prefetches=_prefetches(given.get("prefetch"), config),
        filter=filter_of(given.get("filter")),
        score_threshold=given.get("score_threshold"),
        params=_params(given.get("params")),
    )


def _scoring(given: Mapping[str, Json], config: CollectionConfig) -> Any:
    """The scoring of a query or prefetch: a vector by name, or the fusion of what was prefetched."""
    query = given.get("query")
    if query is None:
        return None
    if isinstance(query, dict) and "nearest" in query:
        query = fields(query, ("nearest",), "nearest")["nearest"]
    if isinstance(query, dict) and "fusion" in query:
        return _fusion(fields(query, ("fusion",), "a fusion")["fusion"])
    if isinstance(query, dict) and "rrf" in query:
        rrf = fields(query["rrf"], ("k", "weights"), "rrf")
        return engine.Fusion.Rrf(k=whole(rrf.get("k", 2), "k", 1), weights=rrf.get("weights"))
    using = given.get("using", "")
    if using in config.vectors:
        return engine.Query.Nearest(dense_vector(query, config.vectors[using].size), using=using)
    if using in config.sparse_vectors:
        return engine.Query.Nearest(sparse_vector(query), using=using)
    raise bad_request(f"Not existing vector name error: {using}")


def _fusion(name: Json) -> Any:
    if name == "dbsf":
        return engine.Fusion.Dbsf()
    if name == "rrf":
        # The server's default constant.
        return engine.Fusion.Rrf(k=2)
    raise bad_request(f"unknown fusion {name!r}")


def _params(body: Json) -> engine.SearchParams | None:
    if body is None:
        return None
    given = fields(body, ("hnsw_ef", "exact", "indexed_only", "idf"), "params")
    idf = given.pop("idf", None)
    if isinstance(idf, dict):
        corpus = filter_of(fields(idf, ("corpus",), "idf").get("corpus"))
        given["idf"] = engine.IdfParams(corpus=corpus)
    elif idf not in {None, "global"}:
        raise bad_request('idf must be "global" or a corpus')
    return engine.SearchParams(**given)


def payload_selector(body: Json) -> Any:
    """Return which payload fields to send: all, none, some, or all but some."""
    if isinstance(body, bool):
        return body
    if isinstance(body, list):
        return engine.PayloadSelector.Include(body)
    given = fields(body, ("include", "exclude"), "with_payload")
    if "include" in given:
        return engine.PayloadSelector.Include(given["include"])
    return engine.PayloadSelector.Exclude(given.get("exclude", []))


def vector_selector(body: Json) -> bool | list[str]:
    """Return which vectors to send."""
    if isinstance(body, bool):
        return body
    return [str(name) for name in listed(body, "with_vector")]


def record_json(record: Any) -> dict[str, Json]:
    """Return a record or scored point as Qdrant's JSON."""
    out: dict[str, Json] = {
        "id": id_json(record.id),
        "payload": record.payload,
        "vector": _vectors_json(record.vector),
    }
    if isinstance(record, engine.ScoredPoint):
        out |= {"version": record.version, "score": record.score}
    return out


def id_json(value: Any) -> int | str | None:
    """Return an id of the engine as JSON."""
    return value if value is None or isinstance(value, int) else str(value)


def _vectors_json(vectors: Any) -> Json:
    if not isinstance(vectors, dict):
        return vectors
    return {
        name: {"indices": list(value.indices), "values": list(value.values)}
        if isinstance(value, engine.SparseVector)
        else value
        for name, value in vectors.items()
    }


def engine_error(error: Exception) -> FaceError:
    """Return what the engine (or its argument checks) refused as Qdrant answers it.

    The binding raises plain `Exception` from the engine, TypeError and ValueError from its argument checks.
    """
    message = str(error)
    if message.startswith("Service runtime error"):
        return FaceError(500, message)
    return bad_request(message)
