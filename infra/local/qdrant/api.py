"""The part of Qdrant's REST API that the product and its operators use, one function a request.

Source: Qdrant's OpenAPI document as `qdrant-client` 1.20 speaks it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import qdrant_edge as engine

from infra.local.qdrant import translate
from infra.local.qdrant.errors import FaceError, bad_request
from infra.local.qdrant.schema import IndexParams, config_of, index_of
from infra.local.qdrant.storage import Collection, Storage

Json = Any
ALIAS_ACTIONS = {
    "create_alias": ("collection_name", "alias_name"),
    "delete_alias": ("alias_name",),
    "rename_alias": ("old_alias_name", "new_alias_name"),
}


@dataclass(frozen=True)
class Request:
    """A request: the names in its path, and its JSON body (None without one)."""

    names: Mapping[str, str]
    body: Json

    def collection(self, storage: Storage) -> Collection:
        """The collection that the path names, by name or alias."""
        return storage.find(self.names["collection"])


def answer(storage: Storage, method: str, path: str, body: Json, *, may_change: bool = True) -> Json:
    """Return the `result` of a request. Raises FaceError, of status 403 when it would change what it may not."""
    known_path = False
    for wanted, pattern, act in _ROUTES:
        match = pattern.fullmatch(path)
        if match and wanted == method:
            if not may_change and act not in _READING:
                raise FaceError(403, "Forbidden: Global manage access is required")
            names = {name: unquote(value) for name, value in match.groupdict().items()}
            return _act(act, storage, Request(names, body))
        known_path = known_path or match is not None
    if known_path:
        raise FaceError(405, "Method not allowed")
    raise FaceError(404, f"Not found: {path} is not served here")


def _act(act: Callable[[Storage, Request], Json], storage: Storage, request: Request) -> Json:
    try:
        return act(storage, request)
    except FaceError:
        raise
    except KeyError as error:
        raise bad_request(f"missing field {error}") from error
    except Exception as error:
        raise translate.engine_error(error) from error


def list_collections(storage: Storage, request: Request) -> Json:
    """All collections by name."""
    del request
    return {"collections": [{"name": name} for name in storage.names()]}


def collection_exists(storage: Storage, request: Request) -> Json:
    """Whether there is a collection or alias of the name."""
    name = request.names["collection"]
    return {"exists": name in storage.names() or name in storage.aliases()}


def create_collection(storage: Storage, request: Request) -> Json:
    """Make a collection with named vectors."""
    storage.create(request.names["collection"], config_of(request.body))
    return True


def delete_collection(storage: Storage, request: Request) -> Json:
    """Delete a collection."""
    return storage.delete(request.names["collection"])


def get_collection(storage: Storage, request: Request) -> Json:
    """State and configuration of a collection."""
    collection = request.collection(storage)
    info = collection.shard.info()
    indexed = {name: index.points for name, index in info.payload_schema.items()}
    return {
        "status": "green",
        "optimizer_status": "ok",
        "points_count": info.points_count,
        "indexed_vectors_count": info.indexed_vectors_count,
        "segments_count": info.segments_count,
        "config": {
            "params": collection.config.model_dump(exclude_none=True, exclude={"metadata"}),
            "metadata": collection.config.metadata,
            "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000},
            "optimizer_config": {
                "deleted_threshold": 0.2,
                "vacuum_min_vector_number": 1000,
                "default_segment_number": 0,
                "flush_interval_sec": 5,
            },
        },
        "payload_schema": {
            name: _index_json(params, indexed.get(name, 0))
            for name, params in collection.entry.indexes.items()
        },
    }


def _index_json(params: IndexParams, points: int) -> Json:
    described: dict[str, Json] = {"data_type": params.type, "points": points}
    if params.is_tenant is not None:
        described["params"] = {"type": params.type, "is_tenant": params.is_tenant}
    return described


def create_index(storage: Storage, request: Request) -> Json:
    """Make an index on a payload field."""
    given = translate.fields(request.body, ("field_name", "field_schema"), "an index")
    params = index_of(given["field_schema"])
    return _completed(storage.create_index(request.collection(storage), given["field_name"], params))


def change_aliases(storage: Storage, request: Request) -> Json:
    """Create, delete and rename aliases in one step."""
    actions = translate.fields(request.body, ("actions",), "aliases")["actions"]
    changes = []
    for item in translate.listed(actions, "actions"):
        ((action, given),) = translate.fields(item, tuple(ALIAS_ACTIONS), "an action").items()
        changes.append((action, translate.fields(given, ALIAS_ACTIONS[action], action)))
    storage.change_aliases(changes)
    return True


def list_aliases(storage: Storage, request: Request) -> Json:
    """All aliases, or those of one collection."""
    only = request.names.get("collection")
    pairs = sorted(storage.aliases().items())
    return {
        "aliases": [
            {"alias_name": alias, "collection_name": name} for alias, name in pairs if only in {None, name}
        ]
    }


def upsert_points(storage: Storage, request: Request) -> Json:
    """Write points."""
    collection = request.collection(storage)
    points = translate.fields(request.body, ("points",), "an upsert")["points"]
    checked = [translate.point(item, collection.config) for item in translate.listed(points, "points")]
    return _completed(collection.update(engine.UpdateOperation.upsert_points(checked)))


def delete_points(storage: Storage, request: Request) -> Json:
    """Delete points by their ids or by a filter."""
    collection = request.collection(storage)
    given = translate.fields(request.body, ("points", "filter"), "a selector of points")
    if len(given) != 1:
        raise bad_request("points are selected either by ids or by a filter")
    if "points" in given:
        ids = [translate.point_id(item) for item in translate.listed(given["points"], "points")]
        return _completed(collection.update(engine.UpdateOperation.delete_points(ids)))
    selected = translate.filter_of(given["filter"]) or engine.Filter()
    return _completed(collection.update(engine.UpdateOperation.delete_points_by_filter(selected)))


def get_points(storage: Storage, request: Request) -> Json:
    """Points by their ids; missing ones are left out."""
    given = translate.fields(request.body, ("ids", "with_payload", "with_vector"), "a request for points")
    ids = [translate.point_id(item) for item in translate.listed(given["ids"], "ids")]
    records = request.collection(storage).shard.retrieve(
        ids,
        with_payload=translate.payload_selector(given.get("with_payload", True)),
        with_vector=translate.vector_selector(given.get("with_vector", False)),
    )
    return [translate.record_json(record) for record in records]


def scroll_points(storage: Storage, request: Request) -> Json:
    """A page of points in the order of their ids."""
    known = ("offset", "limit", "filter", "with_payload", "with_vector")
    given = translate.fields(request.body, known, "a scroll")
    offset = given.get("offset")
    records, following = request.collection(storage).shard.scroll(
        engine.ScrollRequest(
            offset=None if offset is None else translate.point_id(offset),
            limit=translate.whole(given.get("limit", 10), "limit", 1),
            filter=translate.filter_of(given.get("filter")),
            with_payload=translate.payload_selector(given.get("with_payload", True)),
            with_vector=translate.vector_selector(given.get("with_vector", False)),
        )
    )
    points = [translate.record_json(record) for record in records]
    return {"points": points, "next_page_offset": translate.id_json(following)}


def count_points(storage: Storage, request: Request) -> Json:
    """How many points match."""
    given = translate.fields(request.body, ("filter", "exact"), "a count")
    wanted = engine.CountRequest(
        exact=bool(given.get("exact", True)), filter=translate.filter_of(given.get("filter"))
    )
    return {"count": request.collection(storage).shard.count(wanted)}


def query_points(storage: Storage, request: Request) -> Json:
    """The best points for a query."""
    collection = request.collection(storage)
    found = collection.shard.query(translate.query_request(request.body, collection.config))
    return {"points": [translate.record_json(point) for point in found]}


def _completed(number: int) -> Json:
    # Writes are applied before the answer, whether the client waits or not.
    return {"operation_id": number, "status": "completed"}


def _route(
    method: str, path: str, act: Callable[[Storage, Request], Json]
) -> tuple[str, re.Pattern[str], Any]:
    return method, re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path)), act


_ROUTES = (
    _route("GET", "/collections", list_collections),
    _route("POST", "/collections/aliases", change_aliases),
    _route("GET", "/aliases", list_aliases),
    _route("GET", "/collections/{collection}", get_collection),
    _route("PUT", "/collections/{collection}", create_collection),
    _route("DELETE", "/collections/{collection}", delete_collection),
    _route("GET", "/collections/{collection}/exists", collection_exists),
    _route("GET", "/collections/{collection}/aliases", list_aliases),
    _route("PUT", "/collections/{collection}/index", create_index),
    _route("PUT", "/collections/{collection}/points", upsert_points),
    _route("POST", "/collections/{collection}/points", get_points),
    _route("POST", "/collections/{collection}/points/delete", delete_points),
    _route("POST", "/collections/{collection}/points/scroll", scroll_points),
    _route("POST", "/collections/{collection}/points/count", count_points),
    _route("POST", "/collections/{collection}/points/query", query_points),
)

_READING = frozenset(
    {
        list_collections,
        collection_exists,
        get_collection,
        list_aliases,
        get_points,
        scroll_points,
        count_points,
        query_points,
    }
)
