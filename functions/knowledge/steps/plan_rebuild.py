"""The next page of what a rebuild has to index, in batches."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.knowledge import rebuild
from functions.knowledge.repository import KnowledgeRepository
from shared.bootstrap import Container, container
from shared.observability import observed


class Rows:
    """See `rebuild.Listing`."""

    def __init__(self, own: Container) -> None:
        self._own = own

    def tenants(self, after: UUID | None, limit: int) -> list[UUID]:
        """See `rebuild.Listing`."""
        with self._own.system_database.transaction(None) as work:
            return KnowledgeRepository(work).list_tenants(after, limit)

    def documents(self, tenant_id: UUID, after: UUID | None, limit: int) -> list[tuple[UUID, int]]:
        """See `rebuild.Listing`."""
        with self._own.database.transaction(tenant_id) as work:
            return KnowledgeRepository(work).list_documents(after, limit)


@observed("knowledge.plan_rebuild")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer the state with the next batches, or with what comes after the last."""
    del context
    return rebuild.dumped(rebuild.next_page(rebuild.parse(rebuild.State, event), Rows(container())))
