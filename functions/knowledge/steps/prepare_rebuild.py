"""The rebuild begins: the collections are there, and the market comparables of the house in theirs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.knowledge import rebuild
from functions.knowledge.preparation import prepare_all, prepare_tenant
from shared.bootstrap import container
from shared.observability import observed
from shared.settings import VectorSettings


@observed("knowledge.prepare_rebuild")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Check what is asked for, make or empty the collections; answer the first state."""
    del context
    own = container()
    request = rebuild.parse(rebuild.Request, event)
    state = rebuild.begin(request)
    house = UUID(own.settings(VectorSettings).house_tenant_id)
    embedders = [own.embedder_of(1536), own.embedder_of(768)]
    if request.tenant_id is None:
        prepare_all(own.vectors, embedders, house, from_empty=request.from_empty)
    else:
        prepare_tenant(own.vectors, embedders, house, request.tenant_id, from_empty=request.from_empty)
    return rebuild.dumped(state)
