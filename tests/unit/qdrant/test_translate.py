"""JSON becomes the engine's objects, or is refused before the engine sees it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import qdrant_edge as engine
from hypothesis import given
from hypothesis import strategies as st

from infra.local.qdrant import translate
from infra.local.qdrant.errors import FaceError
from infra.local.qdrant.schema import config_of

CONFIG = config_of(
    {
        "vectors": {"dense": {"size": 2, "distance": "Cosine"}},
        "sparse_vectors": {"bm25": {"modifier": "idf"}},
    }
)


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> engine.EdgeShard:
    made = engine.EdgeShard.create(str(tmp_path_factory.mktemp("shard")), CONFIG.for_engine())
    payloads: list[dict[str, Any]] = [
        {"kind": "a", "size": 1, "tags": ["x", "y"], "at": "2026-01-01T00:00:00Z"},
        {"kind": "b", "size": 2, "tags": [], "at": "2026-06-01T00:00:00Z"},
        {"kind": "c", "size": 3, "at": "2026-11-01T00:00:00Z", "gone": None},
    ]
    points = [engine.Point(i, {"dense": [1.0, float(i)]}, payload) for i, payload in enumerate(payloads)]
    made.update(engine.UpdateOperation.upsert_points(points))
    return made


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (None, {0, 1, 2}),
        ({}, {0, 1, 2}),
        ({"must": [{"key": "kind", "match": {"value": "a"}}]}, {0}),
        ({"must": {"key": "kind", "match": {"any": ["a", "c"]}}}, {0, 2}),
        ({"must": [{"key": "kind", "match": {"except": ["a"]}}]}, {1, 2}),
        ({"must_not": [{"key": "size", "match": {"value": 2}}]}, {0, 2}),
        ({"should": [{"key": "tags", "match": {"value": "y"}}, {"has_id": [2]}]}, {0, 2}),
        ({"must": [{"key": "size", "range": {"gte": 2, "lt": 3}}]}, {1}),
        ({"must": [{"key": "at", "range": {"gt": "2026-05-01T00:00:00Z"}}]}, {1, 2}),
        ({"must": [{"is_empty": {"key": "tags"}}]}, {1, 2}),
        ({"must": [{"is_null": {"key": "gone"}}]}, {2}),
        ({"must": [{"must_not": [{"key": "kind", "match": {"value": "a"}}]}]}, {1, 2}),
        (
            {
                "min_should": {
                    "conditions": [
                        {"key": "kind", "match": {"value": "a"}},
                        {"key": "size", "match": {"value": 1}},
                        {"key": "size", "match": {"value": 2}},
                    ],
                    "min_count": 2,
                }
            },
            {0},
        ),
    ],
)
def test_filters_mean_what_qdrants_do(shard: engine.EdgeShard, condition: Any, expected: set[int]) -> None:
    records, _ = shard.scroll(engine.ScrollRequest(limit=10, filter=translate.filter_of(condition)))

    assert {record.id for record in records} == expected


@pytest.mark.parametrize(
    "condition",
    [
        [],
        {"all": []},
        {"must": ["kind"]},
        {"must": [{"key": "kind"}]},
        {"must": [{"key": "kind", "match": {}}]},
        {"must": [{"key": "kind", "match": {"value": "a", "any": ["b"]}}]},
        {"must": [{"key": "kind", "match": {"prefix": "a"}}]},
        {"must": [{"key": "kind", "geo_radius": {}}]},
        {"must": [{"key": "size", "range": {"above": 1}}]},
        {"must": [{"has_id": 1}]},
        {"must": [{"has_id": ["comp-1"]}]},
        {"min_should": {"conditions": [], "min_count": -1}},
    ],
)
def test_a_filter_that_would_be_misread_is_refused(condition: Any) -> None:
    with pytest.raises(FaceError) as caught:
        translate.filter_of(condition)

    assert caught.value.status == 400


@pytest.mark.parametrize(
    "query",
    [
        {"query": [1.0, 0.0], "using": "none"},
        {"query": [1.0, 0.0]},
        {"query": [1.0, True], "using": "dense"},
        {"query": [1.0, "0"], "using": "dense"},
        {"query": "1", "using": "dense"},
        {"query": {"indices": [1], "values": []}, "using": "bm25"},
        {"query": {"indices": [-1], "values": [1.0]}, "using": "bm25"},
        {"query": {"indices": [2**32], "values": [1.0]}, "using": "bm25"},
        {"query": {"recommend": {}}, "using": "dense"},
        {"query": {"rrf": {"k": 0}}},
        {"prefetch": [{"limit": True}]},
        {"prefetch": [{"lookup_from": {}}]},
        {"params": {"quantization": {}}},
        {"params": {"idf": "local"}},
        {"offset": -1},
        {"shard_key": "a"},
        {"with_payload": {"only": []}},
        {"with_vector": "dense"},
        [],
    ],
)
def test_a_query_that_would_be_misread_is_refused(query: Any) -> None:
    with pytest.raises(FaceError) as caught:
        translate.query_request(query, CONFIG)

    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (True, {"kind": "a", "size": 1}),
        (False, None),
        (["kind"], {"kind": "a"}),
        ({"include": ["size"]}, {"size": 1}),
        ({"exclude": ["size"]}, {"kind": "a"}),
    ],
)
def test_payload_selectors(tmp_path: Any, selector: Any, expected: Any) -> None:
    shard = engine.EdgeShard.create(str(tmp_path), CONFIG.for_engine())
    shard.update(engine.UpdateOperation.upsert_points([engine.Point(1, {}, {"kind": "a", "size": 1})]))

    (record,) = shard.retrieve([1], with_payload=translate.payload_selector(selector), with_vector=False)

    assert translate.record_json(record)["payload"] == expected
    shard.close()


@pytest.mark.parametrize("number", [0, 1, 2**64 - 1])
def test_numbers_and_uuids_are_ids(number: int) -> None:
    assert translate.point_id(number) == number
    assert translate.point_id(str(UUID(int=number))) == str(UUID(int=number))


@pytest.mark.parametrize("wrong", [-1, 2**64, True, 1.0, "comp-001", "", None, [1]])
def test_nothing_else_is_an_id(wrong: Any) -> None:
    with pytest.raises(FaceError, match="not a valid point ID"):
        translate.point_id(wrong)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "vector", "payload", "dense", "bm25", "indices", "values", "must", "key", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_a_point_or_a_clean_refusal(body: Any) -> None:
    try:
        made = translate.point(body, CONFIG)
    except (FaceError, TypeError, ValueError, OverflowError) as error:
        refusal = error if isinstance(error, FaceError) else translate.engine_error(error)
        assert refusal.status == 400
    else:
        assert isinstance(made, engine.Point)


def test_an_error_of_the_engine_is_ours_or_theirs() -> None:
    assert translate.engine_error(Exception("Service runtime error: Shard is not initialized")).status == 500
    assert translate.engine_error(Exception("Not existing vector name error: x")).status == 400
    assert translate.engine_error(TypeError("argument 'limit'")).message.startswith("Wrong input")
