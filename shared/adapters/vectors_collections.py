"""Collections of a Qdrant engine: how they are made, which of them an alias points at, which model filled each.

Errors are the client's own; `vectors_qdrant` translates them. The client is loaded at the first call.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from shared.adapters.vectors import DENSE, SPARSE, STORE_INDEXES, TENANT_FIELD, CollectionSpec

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models

# How long a copy of what an alias points at is good for. Until the old collection is dropped it is written to like
# the new one, and afterwards a search in it fails and asks again: so an old copy never gives another answer.
COPY_SECONDS = 10.0
_MODEL = "embedding_model"


class QdrantCollections:
    """The collections of one engine. Safe to share between threads."""

    def __init__(self, client: Callable[[], QdrantClient]) -> None:
        self._open = client
        self._lock = threading.Lock()
        self._in_use: dict[str, tuple[CollectionSpec, float]] = {}
        # A collection's model never changes; one that is made again under its name has the same.
        self._models: dict[str, str | None] = {}

    def aliases(self) -> Mapping[str, str]:
        """Return names in the engine by alias."""
        return {alias.alias_name: alias.collection_name for alias in self._open().get_aliases().aliases}

    def in_use(self, name: str, *, fresh: bool) -> CollectionSpec | None:
        """Return what the alias points at; None when there is no such alias."""
        with self._lock:
            found, until = self._in_use.get(name, (None, 0.0))
        if found is not None and not fresh and time.monotonic() < until:
            return found
        physical = self.aliases().get(name)
        found = None if physical is None else self._spec(physical)
        with self._lock:
            if found is None:
                self._in_use.pop(name, None)
            else:
                self._in_use[name] = (found, time.monotonic() + COPY_SECONDS)
        return found

    def every(self, name: str) -> list[CollectionSpec]:
        """Return all collections of the name, the one in use first; see `VectorStore.every`."""
        names = sorted(each.name for each in self._open().get_collections().collections)
        ours = [
            each for each in names if (spec := CollectionSpec.of_physical(each, None)) and spec.name == name
        ]
        in_use = self.aliases().get(name) if len(ours) > 1 else None
        found = [self._spec(each) for each in sorted(ours, key=lambda each: (each != in_use, each))]
        return [spec for spec in found if spec is not None]

    def forget(self, spec: CollectionSpec) -> None:
        """Forget the copies of a name whose alias has just been changed here."""
        with self._lock:
            self._in_use.pop(spec.name, None)
            self._models.pop(spec.physical, None)

    def indexed_fields(self, spec: CollectionSpec) -> set[str] | None:
        """Return the payload fields that have an index; None when there is no such collection."""
        info = self._described(spec.physical)
        return None if info is None else set(info.payload_schema)

    def create(self, spec: CollectionSpec) -> None:
        """Make a collection without indexes; harmless when another process was faster."""
        from qdrant_client import models
        from qdrant_client.http.exceptions import UnexpectedResponse

        try:
            self._open().create_collection(
                spec.physical,
                vectors_config={
                    # In memory is the graph: vectors themselves would fill it after some hundred kits.
                    DENSE: models.VectorParams(
                        size=spec.dimension, distance=models.Distance.COSINE, on_disk=True
                    )
                },
                sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
                # Names in the engine do not hold every character that the names of models do.
                metadata={_MODEL: spec.model},
            )
        except UnexpectedResponse as error:
            # Another process was first; the collection it made is the same.
            if error.status_code != 409:
                raise

    def create_indexes(self, spec: CollectionSpec, indexed: set[str]) -> None:
        """Make the indexes on payload fields that are missing."""
        from qdrant_client import models

        for name, kind in {**spec.indexes, **STORE_INDEXES}.items():
            if name in indexed:
                continue
            schema: Any = models.PayloadSchemaType(kind)
            if name == TENANT_FIELD:
                schema = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
            self._open().create_payload_index(spec.physical, name, field_schema=schema, wait=True)

    def point_alias(self, spec: CollectionSpec, *, replace: bool = False) -> None:
        """Point the alias of the name at a collection, in one step."""
        from qdrant_client import models

        actions: list[models.AliasOperations] = []
        if replace:
            actions.append(models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=spec.name)))
        create = models.CreateAlias(collection_name=spec.physical, alias_name=spec.name)
        # One request: no search in between finds the name unserved.
        self._open().update_collection_aliases([*actions, models.CreateAliasOperation(create_alias=create)])

    def _spec(self, physical: str) -> CollectionSpec | None:
        """What a collection holds; None when it is gone meanwhile, or none of ours."""
        with self._lock:
            known = physical in self._models
        if not known:
            info = self._described(physical)
            if info is None:
                return None
            recorded = (info.config.metadata or {}).get(_MODEL)
            with self._lock:
                self._models[physical] = None if recorded is None else str(recorded)
        return CollectionSpec.of_physical(physical, self._models[physical])

    def _described(self, physical: str) -> models.CollectionInfo | None:
        from qdrant_client.http.exceptions import UnexpectedResponse

        try:
            return self._open().get_collection(physical)
        except UnexpectedResponse as error:
            if error.status_code == 404:
                return None
            raise
