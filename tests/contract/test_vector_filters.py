"""Both vector stores narrow a search by the same conditions: values, any of several, ranges of numbers and dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.knowledge.collections import COLLECTIONS, Collection
from infra.local.qdrant import QdrantFace
from shared.adapters.lexical import SparseVector
from shared.adapters.vectors import CollectionSpec, Match, Point, Range, Scope, SearchQuery, VectorStore
from shared.adapters.vectors_memory import InMemoryVectorStore
from shared.adapters.vectors_qdrant import QdrantVectorStore
from shared.errors import Invalid

OWN, OTHER = UUID(int=1), UUID(int=2)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KINDS = {"word": "keyword", "size": "integer", "share": "float", "sound": "bool", "day": "datetime"}
EXAMPLES: dict[str, tuple[Any, Match, Match]] = {
    # What is stored, a condition that it keeps, one that it does not.
    "keyword": ("svelte form", {"field": "svelte form"}, {"field": ["svelte", "form"]}),
    "integer": (7, {"field": Range(gt=6, lte=7)}, {"field": Range(gt=7)}),
    "float": (0.25, {"field": Range.exactly(0.25)}, {"field": Range(lt=0.25)}),
    "datetime": (
        "2026-11-22T12:00:00Z",
        {"field": Range(gte=NOON, lt=NOON + timedelta(seconds=1))},
        {"field": Range(lt=NOON)},
    ),
}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, VectorStore]]:
    with QdrantFace(tmp_path_factory.mktemp("vectors")) as face:
        real = QdrantVectorStore(face.url)
        yield {"memory": InMemoryVectorStore(), "qdrant": real}
        real.close()


@pytest.fixture(params=["memory", "qdrant"])
def store(request: pytest.FixtureRequest, stores: dict[str, VectorStore]) -> VectorStore:
    return stores[request.param]


def made(store: VectorStore, **indexes: Any) -> CollectionSpec:
    spec = CollectionSpec(f"c{uuid4().hex}", "words-v1", 2, indexes)
    store.ensure_collection(spec)
    return spec


def put(
    store: VectorStore, spec: CollectionSpec, payloads: dict[str, dict[str, Any]], tenant: UUID = OWN
) -> None:
    nothing = SparseVector((), ())
    store.upsert(
        spec,
        tenant,
        [Point(name, 0, [1.0] * spec.dimension, nothing, payload) for name, payload in payloads.items()],
    )


def matching(store: VectorStore, spec: CollectionSpec, match: Match) -> set[str]:
    """What a search finds, after seeing that counting and listing agree with it."""
    query = SearchQuery([1.0] * spec.dimension, SparseVector((), ()), limit=100, match=match)
    found = {hit.payload["document_id"] for hit in store.search(spec, Scope(OWN), query)}
    listed = {held["document_id"] for held in store.payloads(spec, Scope(OWN), match, ["document_id"])}
    assert listed == found
    assert store.count(spec, Scope(OWN), match) == len(found)
    return found


def test_a_range_of_numbers_holds_integers_floats_and_items_of_lists(store: VectorStore) -> None:
    spec = made(store)
    values: dict[str, Any] = {"one": 1, "half": 1.5, "list": [0, 9], "word": "1", "yes": True, "none": None}
    put(store, spec, {name: {"v": value} for name, value in values.items()} | {"without": {}})

    assert matching(store, spec, {"v": Range(gte=1)}) == {"one", "half", "list"}
    assert matching(store, spec, {"v": Range(gt=1, lt=9)}) == {"half"}
    assert matching(store, spec, {"v": Range(lte=1.0)}) == {"one", "list"}
    assert matching(store, spec, {"v": Range.exactly(1.5)}) == {"half"}
    assert matching(store, spec, {"v": Range(gt=5, lt=2)}) == set()


def test_a_range_of_dates_compares_moments_of_any_zone(store: VectorStore) -> None:
    spec = made(store, v="datetime")
    values: dict[str, Any] = {
        "utc": "2026-11-22T12:00:00Z",
        "berlin": "2026-11-22T13:00:00+01:00",
        "bare": "2026-11-22T12:00:00",
        "later": "2026-11-22T12:00:00.000001Z",
        "day": "2026-11-22",
        "list": ["2020-01-01", "no date"],
        "word": "yesterday",
        "impossible": "2026-13-45",
        "number": 2026,
    }
    put(store, spec, {name: {"v": value} for name, value in values.items()})

    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    assert matching(store, spec, {"v": Range.exactly(tokyo)}) == {"utc", "berlin", "bare"}
    assert matching(store, spec, {"v": Range(gt=NOON)}) == {"later"}
    assert matching(store, spec, {"v": Range(gte=datetime(2026, 11, 22, tzinfo=UTC), lt=NOON)}) == {"day"}
    assert matching(store, spec, {"v": Range(lte=datetime(2020, 1, 1, tzinfo=UTC))}) == {"list"}


def test_ranges_values_and_the_tenant_hold_together(store: VectorStore) -> None:
    spec = made(store, year="integer", tags="keyword")
    put(store, spec, {f"d{year}": {"year": year, "tags": ["a", str(year)]} for year in range(2018, 2026)})
    put(store, spec, {"foreign": {"year": 2020, "tags": ["a"]}}, OTHER)

    match: Match = {"year": Range(gte=2019, lt=2022), "tags": ["2018", "2020", "2021"]}
    assert matching(store, spec, match) == {"d2020", "d2021"}
    store.delete(spec, Scope(OWN), {"year": Range(lt=2024)})
    assert matching(store, spec, {}) == {"d2024", "d2025"}
    assert store.count(spec, Scope(OTHER), {}) == 1


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_declared_field_of_a_collection_narrows_a_search(store: VectorStore, name: str) -> None:
    collection: Collection = COLLECTIONS[name]
    spec = made(store, **collection.indexes)
    fields = dict(collection.indexes)
    put(store, spec, {"held": {field: EXAMPLES[kind][0] for field, kind in fields.items()}, "blank": {}})

    for field, kind in fields.items():
        _, kept, broken = EXAMPLES[kind]
        assert matching(store, spec, {field: kept["field"]}) == {"held"}
        assert matching(store, spec, {field: broken["field"]}) == set()


@pytest.mark.parametrize(
    ("match", "reason"),
    [
        pytest.param({"size": Range()}, "no bounds", id="no-bounds"),
        pytest.param({"size": Range(gte=float("nan"))}, "finite numbers", id="nan"),
        pytest.param({"size": Range(gte=True)}, "finite numbers", id="truth"),
        pytest.param({"size": Range(gte=1, lt=NOON)}, "time zone", id="mixed"),
        pytest.param({"day": Range(gte=NOON.replace(tzinfo=None))}, "time zone", id="no-zone"),
        pytest.param({"share": 0.5}, "give it a range", id="float-value"),
        pytest.param({"day": Range(gte=3)}, "datetime values", id="numbers-of-dates"),
        pytest.param({"size": Range(gte=NOON)}, "integer values", id="dates-of-numbers"),
        pytest.param({"word": Range(gte=3)}, "keyword values", id="range-of-words"),
        pytest.param({"word": 3}, "keyword values", id="number-for-word"),
        pytest.param({"size": ["3"]}, "integer values", id="words-for-numbers"),
        pytest.param({"sound": 1}, "bool values", id="number-for-truth"),
    ],
)
def test_a_condition_that_can_never_hold_is_refused(store: VectorStore, match: Match, reason: str) -> None:
    spec = made(store, **KINDS)

    with pytest.raises(Invalid, match=reason):
        store.count(spec, Scope(OWN), match)


NUMBERS = st.one_of(st.integers(-5, 5), st.sampled_from([-2.5, 0.0, 0.5, 3.25]))
MOMENTS = st.integers(-3, 3).map(lambda hours: NOON + timedelta(hours=hours))
STORED = st.one_of(NUMBERS, MOMENTS.map(datetime.isoformat), st.booleans(), st.none(), st.just("word"))


@settings(max_examples=40, deadline=None)
@given(
    held=st.lists(st.one_of(STORED, st.lists(STORED, max_size=3)), min_size=1, max_size=6),
    bounds=st.one_of(
        *(
            st.dictionaries(st.sampled_from(["gte", "gt", "lte", "lt"]), of, min_size=1)
            for of in (NUMBERS, MOMENTS)
        )
    ),
)
def test_the_fake_and_the_engine_keep_the_same_ranges(
    stores: dict[str, VectorStore], one_spec: CollectionSpec, held: list[Any], bounds: dict[str, Any]
) -> None:
    found = []
    for store in stores.values():
        store.ensure_collection(one_spec)
        store.delete(one_spec, Scope(OWN), {})
        put(store, one_spec, {f"d{i}": {"v": value} for i, value in enumerate(held)})
        found.append(
            {
                p["document_id"]
                for p in store.payloads(one_spec, Scope(OWN), {"v": Range(**bounds)}, ["document_id"])
            }
        )

    assert found[0] == found[1]


@pytest.fixture(scope="module")
def one_spec() -> CollectionSpec:
    return CollectionSpec(f"c{uuid4().hex}", "words-v1", 2)
