"""At each deployment: the vector collections, and the market comparables of the house."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.knowledge import service
from shared.bootstrap import container
from shared.observability import observed
from shared.settings import VectorSettings


@observed("knowledge.seed_collections")
def handler(event: Any, context: Any) -> dict[str, int]:
    """Make what is missing; answer how many comparables were embedded."""
    del event, context
    own = container()
    house = UUID(own.settings(VectorSettings).house_tenant_id)
    # First, because it also takes the comparables over to a new embedding model.
    embedded = service.seed_market_comps(own.vectors, own.embedder_of(1536), house)
    service.ensure_collections(own.vectors, [own.embedder_of(1536), own.embedder_of(768)])
    return {"embedded": embedded}
