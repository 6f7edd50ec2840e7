"""What an uploader may say of a document: the documented fields of the collection it goes to.

The other documented fields are found in the document itself (`title`, `function_name`, `imports`, `complexity`) or
are facts of the upload (`created_at`, `last_modified`). Sources: 000, 002 and 004 of the data-model documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.models.base import WireModel, line

Tags = Annotated[list[Annotated[str, line(60)]], Field(max_length=20)]


class DocChunkAttributes(WireModel):
    """Of doc_chunks (000): what kind of document it is, and for whom."""

    doc_type: Annotated[str, line(60)] = "document"
    sector: Literal["healthtech", "fintech", "edtech", "saas", "ecommerce", "other"] | None = None
    project_id: UUID | None = None


class CodePatternAttributes(WireModel):
    """Of code_patterns (000)."""

    pattern_name: Annotated[str, line(120)] | None = None
    framework: Annotated[str, line(60)] | None = None
    tags: Tags = Field(default_factory=list)


class MarketingKnowledgeAttributes(WireModel):
    """Of marketing_knowledge (002)."""

    source: Literal["document", "web_scraped", "user_generated"] = "document"
    category: Literal["product_docs", "market_trends", "competitor_intel", "campaign_history"] | None = None
    tags: Tags = Field(default_factory=list)


class CodeEmbeddingAttributes(WireModel):
    """Of code_embeddings (004)."""

    project_id: UUID | None = None


class KnowledgeBaseAttributes(WireModel):
    """Of knowledge_base (004); `documentation` and `knowledge_articles` of its overview are categories."""

    category: Annotated[str, line(60)] = "documentation"
    tags: Tags = Field(default_factory=list)
    source: Annotated[str, line(300)] | None = None


ATTRIBUTES: Mapping[str, type[WireModel]] = {
    "doc_chunks": DocChunkAttributes,
    "code_patterns": CodePatternAttributes,
    "marketing_knowledge": MarketingKnowledgeAttributes,
    "code_embeddings": CodeEmbeddingAttributes,
    "knowledge_base": KnowledgeBaseAttributes,
}
"""By collection, those that take uploads. The others are written by the product itself."""
