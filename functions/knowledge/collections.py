"""The vector collections as data: what they hold, how long their vectors are, what searches filter by: every
documented field but the text itself, which is what a search is for.

Sources: 000 (market_comps, doc_chunks, code_patterns), 002 (marketing_knowledge, user_behavior_patterns,
campaign_history) and 004 (code_embeddings, knowledge_base) of the data-model documents. Cosine everywhere. Each
collection has a dense and a sparse vector, and `tenant_id` and `document_id` in every payload beside these fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.adapters.embeddings import Embedder
from shared.adapters.vectors import CollectionSpec, IndexType
from shared.errors import Invalid


@dataclass(frozen=True)
class Collection:
    """A collection: dimension of its dense vectors, the payload fields of the text and of its document's id,
    the fields searches filter by."""

    name: str
    holds: str
    dimension: int
    text_field: str
    indexes: Mapping[str, IndexType]
    id_field: str = "document_id"

    def spec(self, embedder: Embedder) -> CollectionSpec:
        """Return the collection as filled by this embedder; raises Invalid when the dimensions differ."""
        if embedder.dimension != self.dimension:
            raise Invalid(
                f"{self.name} holds vectors of {self.dimension} dimensions, "
                f"{embedder.model} makes {embedder.dimension}."
            )
        return CollectionSpec(self.name, embedder.model, self.dimension, self.indexes)


MARKET_COMPS = Collection(
    "market_comps",
    "products an idea is compared with",
    1536,
    "description",
    {
        "sector": "keyword",
        "product_name": "keyword",
        "key_features": "keyword",
        "target_market": "keyword",
        "pricing_model": "keyword",
    },
)
DOC_CHUNKS = Collection(
    "doc_chunks",
    "passages of PRDs, plans and other documents of projects",
    1536,
    "chunk_text",
    {"doc_id": "keyword", "doc_type": "keyword", "sector": "keyword", "project_id": "keyword"},
    id_field="doc_id",
)
CODE_PATTERNS = Collection(
    "code_patterns",
    "components and snippets to build prototypes from",
    1536,
    "code",
    {"pattern_name": "keyword", "framework": "keyword", "tags": "keyword"},
)
MARKETING_KNOWLEDGE = Collection(
    "marketing_knowledge",
    "what is known about products, trends and competitors",
    1536,
    "text",
    {"source": "keyword", "category": "keyword", "last_updated": "datetime", "tags": "keyword"},
)
USER_BEHAVIOR_PATTERNS = Collection(
    "user_behavior_patterns",
    "how groups of people behave",
    1536,
    "text",
    {"segment": "keyword", "pattern_type": "keyword", "frequency": "float", "conversion_rate": "float"},
)
CAMPAIGN_HISTORY = Collection(
    "campaign_history",
    "past campaigns and how they did",
    1536,
    "text",
    {
        "platform": "keyword",
        "performance_score": "float",
        "audience_size": "integer",
        "conversion_rate": "float",
    },
)
CODE_EMBEDDINGS = Collection(
    "code_embeddings",
    "functions of generated projects",
    768,
    "code_snippet",
    {
        "project_id": "keyword",
        "file_path": "keyword",
        "function_name": "keyword",
        "language": "keyword",
        "imports": "keyword",
        "complexity": "integer",
        "last_modified": "datetime",
    },
)
KNOWLEDGE_BASE = Collection(
    "knowledge_base",
    "documentation and articles",
    768,
    "content",
    {
        "title": "keyword",
        "category": "keyword",
        "tags": "keyword",
        "source": "keyword",
        "created_at": "datetime",
        "relevance_score": "float",
    },
)

COLLECTIONS: Mapping[str, Collection] = {
    collection.name: collection
    for collection in (
        MARKET_COMPS,
        DOC_CHUNKS,
        CODE_PATTERNS,
        MARKETING_KNOWLEDGE,
        USER_BEHAVIOR_PATTERNS,
        CAMPAIGN_HISTORY,
        CODE_EMBEDDINGS,
        KNOWLEDGE_BASE,
    )
}


def collection_named(name: str) -> Collection:
    """Return the collection; raises Invalid for a name that is none of them."""
    if name not in COLLECTIONS:
        raise Invalid(f"There is no collection {name}; there are {', '.join(COLLECTIONS)}.")
    return COLLECTIONS[name]
