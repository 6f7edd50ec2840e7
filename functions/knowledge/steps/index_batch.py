"""A batch of a rebuild: the documents of some ranges, made again from their rows."""

from __future__ import annotations

from typing import Any

from functions.knowledge import rebuild
from functions.knowledge.indexing import index_stored
from functions.knowledge.repository import KnowledgeRepository
from shared.bootstrap import Container, container
from shared.observability import count, observed


def _index(own: Container, part: rebuild.Range) -> rebuild.Progress:
    with own.database.transaction(part.tenant_id) as work:
        ids = KnowledgeRepository(work).list_ids_between(part.after, part.through)
    done = index_stored(own, part.tenant_id, ids)
    return rebuild.Progress(
        documents=len(ids),
        chunks=done.embedded + done.unchanged,
        embedded=done.embedded,
        unchanged=done.unchanged,
        removed=done.removed,
    )


@observed("knowledge.index_batch")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Index the documents of a batch; answer how many. Doing it again embeds nothing."""
    del context
    own = container()
    total = rebuild.Progress()
    for part in rebuild.parse(rebuild.Batch, event).ranges:
        total = total.plus(_index(own, part))
    count("RebuiltDocuments", total.documents)
    count("RebuiltPassages", total.embedded)
    return rebuild.dumped(total)
