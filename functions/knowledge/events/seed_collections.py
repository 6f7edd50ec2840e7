"""At each deployment: the vector collections, the market comparables of the house, and its documents."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.knowledge.preparation import prepare_all
from functions.knowledge.seeding import upload_seeds
from shared.bootstrap import container
from shared.observability import observed
from shared.settings import SeedSettings, VectorSettings


@observed("knowledge.seed_collections")
def handler(event: Any, context: Any) -> dict[str, int]:
    """Make what is missing; answer how many comparables were embedded and how many documents uploaded.

    The documents are indexed as anybody's are: S3 tells of them.
    """
    del event, context
    own = container()
    house = UUID(own.settings(VectorSettings).house_tenant_id)
    # A new embedding model is no reason to stay away: the collections it cannot search yet stay in use as they are,
    # until `rebuild_vectors` has filled its own.
    embedders = [own.embedder_of(1536), own.embedder_of(768)]
    embedded = prepare_all(own.vectors, embedders, house, from_empty=False)
    uploaded = 0
    if own.settings(SeedSettings).seed_documents:
        uploaded = upload_seeds(own.objects, own.storage.knowledge_bucket, house)
    return {"embedded": embedded, "uploaded": uploaded}
