"""Collections as they were asked for, as the manifest keeps them and as the engine gets them."""

from __future__ import annotations

from typing import Any, Literal

import qdrant_edge as engine
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infra.local.qdrant.errors import bad_request

# The engine would otherwise start a search thread for each shard and CPU.
SEARCH_THREADS = 2


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VectorParams(_Strict):
    """A dense vector of a collection."""

    size: int = Field(ge=1, le=65_536)
    distance: Literal["Cosine", "Dot", "Euclid", "Manhattan"]
    on_disk: bool | None = None


class SparseVectorParams(_Strict):
    """A sparse vector of a collection."""

    modifier: Literal["none", "idf"] = "none"


class IndexParams(_Strict):
    """An index on a payload field."""

    type: Literal["keyword", "integer", "float", "bool", "datetime", "uuid", "text"]
    is_tenant: bool | None = None

    def for_engine(self) -> Any:
        """Return the engine's parameters of the index."""
        if self.is_tenant is not None:
            return engine.KeywordIndexParams(is_tenant=self.is_tenant)
        return getattr(engine.PayloadSchemaType, self.type.capitalize())


class CollectionConfig(_Strict):
    """The vectors of a collection, all by name, and what whoever made it says of it."""

    vectors: dict[str, VectorParams] = Field(default_factory=dict)
    sparse_vectors: dict[str, SparseVectorParams] = Field(default_factory=dict)
    metadata: dict[str, Any] = Field(default_factory=dict)

    def for_engine(self, *, graph: bool = True) -> engine.EdgeConfig:
        """Return the engine's configuration of the shard; without `graph`, writing it again builds none."""
        return engine.EdgeConfig(
            hnsw_config=None
            if graph
            else engine.HnswIndexConfig(m=0, ef_construct=100, full_scan_threshold=10_000),
            vectors={
                name: engine.EdgeVectorParams(
                    size=params.size,
                    distance=getattr(engine.Distance, params.distance),
                    on_disk=params.on_disk,
                )
                for name, params in self.vectors.items()
            },
            sparse_vectors={
                name: engine.EdgeSparseVectorParams(modifier=engine.Modifier.Idf)
                if params.modifier == "idf"
                else engine.EdgeSparseVectorParams()
                for name, params in self.sparse_vectors.items()
            },
            max_search_threads=SEARCH_THREADS,
        )


class CollectionEntry(BaseModel):
    """A collection in the manifest; `folder` is a name inside the face's folder."""

    model_config = ConfigDict(extra="forbid")

    folder: str
    config: CollectionConfig
    indexes: dict[str, IndexParams] = Field(default_factory=dict)


class Manifest(BaseModel):
    """What the face knows beside the shards: collections by name, aliases to their names."""

    model_config = ConfigDict(extra="forbid")

    collections: dict[str, CollectionEntry] = Field(default_factory=dict)
    aliases: dict[str, str] = Field(default_factory=dict)


def _without_nulls(body: Any) -> Any:
    if isinstance(body, dict):
        return {name: _without_nulls(value) for name, value in body.items() if value is not None}
    return body


def config_of(body: Any) -> CollectionConfig:
    """Return the configuration in a request to create a collection; 400 for what this face does not serve."""
    try:
        config = CollectionConfig.model_validate(_without_nulls(body))
    except ValidationError as error:
        first = error.errors()[0]
        raise bad_request(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    names = [*config.vectors, *config.sparse_vectors]
    if not names or "" in names or len(set(names)) != len(names):
        raise bad_request("a collection needs vectors, each with its own name")
    return config


def index_of(body: Any) -> IndexParams:
    """Return the index in a request to create one: `"keyword"` or `{"type": "keyword", …}`."""
    try:
        params = IndexParams.model_validate({"type": body} if isinstance(body, str) else _without_nulls(body))
    except ValidationError as error:
        raise bad_request(f"field_schema: {error.errors()[0]['msg']}") from error
    if params.is_tenant is not None and params.type != "keyword":
        raise bad_request("field_schema: only keyword fields can be tenants here")
    return params
