"""A kit is complete: its documents and its code become searchable."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.agency import service as agency
from functions.knowledge.kit_indexing import index_kit
from shared.batch import each_message
from shared.bootstrap import container
from shared.observability import observed


def _index(detail: dict[str, Any]) -> None:
    own = container()
    tenant_id, run_id = UUID(detail["tenant_id"]), UUID(detail["run_id"])
    with own.database.transaction(tenant_id) as work:
        found = agency.kit_to_index(work, run_id)
    if found is None:
        return
    index_kit(own, tenant_id, found[1])
    with own.database.transaction(tenant_id) as work:
        agency.mark_indexed(work, run_id)


@observed("knowledge.index_kit")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Index the kit of each message."""
    del context
    return each_message(event, _index)
