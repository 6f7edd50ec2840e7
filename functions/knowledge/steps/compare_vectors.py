"""The end of a rebuild: the vector engine holds what PostgreSQL says, or it is told what differs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.knowledge import rebuild
from functions.knowledge.comparison import (
    Comparison,
    VectorsDiffer,
    compare_comparables,
    compare_tenant,
)
from functions.knowledge.preparation import promote
from functions.knowledge.repository import KnowledgeRepository
from shared.bootstrap import Container, container
from shared.observability import observed
from shared.settings import VectorSettings

# About fourteen counts each: ten seconds of the engine's time.
_TENANTS_AT_A_TIME = 100


def _tenants(own: Container, state: rebuild.State) -> list[UUID]:
    if state.tenant_id is not None:
        return [] if state.compared == state.tenant_id else [state.tenant_id]
    with own.system_database.transaction(None) as work:
        return KnowledgeRepository(work).list_tenants(state.compared, _TENANTS_AT_A_TIME)


def _added(state: rebuild.State, found: list[Comparison]) -> dict[str, rebuild.Held]:
    total = dict(state.collections)
    for comparison in found:
        for name, counted in comparison.agreed.items():
            before = total.get(name, rebuild.Held())
            total[name] = rebuild.Held(
                documents=before.documents + counted.documents, chunks=before.chunks + counted.chunks
            )
    return total


@observed("knowledge.compare_vectors")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Compare the next tenants; after the last, put the collections to use. Raises VectorsDiffer."""
    del context
    own = container()
    state = rebuild.parse(rebuild.State, event)
    tenants = _tenants(own, state)
    found = [compare_tenant(own, tenant_id) for tenant_id in tenants]
    if not tenants:
        found = [compare_comparables(own, UUID(own.settings(VectorSettings).house_tenant_id))]
    differences = [told for comparison in found for told in comparison.differences]
    if differences:
        raise VectorsDiffer(rebuild.sentence(differences))
    if not tenants and state.tenant_id is None:
        promote(own.vectors, [own.embedder_of(1536), own.embedder_of(768)])
    after = {
        "next": "compare" if tenants else "done",
        "compared": tenants[-1] if tenants else None,
        "tenants": state.tenants + len(tenants),
        "mended": state.mended + sum(comparison.mended for comparison in found),
        "collections": _added(state, found),
    }
    return rebuild.dumped(state.model_copy(update=after))
