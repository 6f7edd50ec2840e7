"""Search: the passages nearest to a text, in one collection or in several, and what a prompt or a page makes of them.

Needs the vector engine and an embedder, and no database. Word statistics are taken over what the asker may read, so
nobody else's documents move a score. What a passage says is somebody's text: `quoted` makes it data for a prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from functions.knowledge.address import document_id
from functions.knowledge.collections import Collection, collection_named
from functions.knowledge.highlighting import Highlight, highlights
from functions.knowledge.quoting import (
    estimated_tokens,
    passage_id,
    quotation,
    quoted,
    tokens_of,
    within_budget,
)
from functions.knowledge.serving import GONE, EmbedderNamed, search_in_use
from shared.adapters.embeddings import Embedder, EmbeddingModelUnknown, sparse_query
from shared.adapters.vectors import (
    AUDIENCE_FIELD,
    CHUNK_FIELD,
    DOCUMENT_FIELD,
    TENANT_FIELD,
    Hit,
    Match,
    Scope,
    SearchQuery,
    VectorStore,
)
from shared.errors import DependencyUnavailable, Invalid

__all__ = [
    "Highlight",
    "Passage",
    "estimated_tokens",
    "highlights",
    "passage_id",
    "quotation",
    "quoted",
    "search",
    "tokens_of",
    "within_budget",
]

MOST_RESULTS = 50
RETRY_AFTER_SECONDS = 5
# What a passage says of itself elsewhere than in its payload, or nobody outside needs to know.
_KEPT_BACK = frozenset({TENANT_FIELD, DOCUMENT_FIELD, CHUNK_FIELD, AUDIENCE_FIELD, "content_hash", "heading"})


@dataclass(frozen=True)
class Passage:
    """A passage found; document_id and chunk name it.

    document_id: of the document's row. chunk: its place among the passages of its document, from 0. score: DBSF of
    dense and lexical search, higher is closer; compares within one search of one collection only. house: it belongs
    to the house and not to the asker. payload: the documented fields of the collection, and places (`page`,
    `first_line`, `last_line`).
    """

    document_id: UUID
    name: str
    collection: str
    chunk: int
    heading: str
    text: str
    score: float
    house: bool
    payload: Mapping[str, Any]


def search(
    store: VectorStore,
    embedder_named: EmbedderNamed,
    *,
    scope: Scope,
    collections: Sequence[str],
    text: str,
    match: Match | None = None,
    limit: int = 10,
) -> list[Passage]:
    """Return up to `limit` passages nearest to `text` of what the scope may read, best first.

    Scores of different collections do not compare: of several collections each gives its own list, and the lists are
    merged by rank: the best of each, in the order in which the collections are named, then the second of each.
    Raises Invalid for an unknown collection, one named twice, a blank text or a filter on the tenant,
    DependencyUnavailable when the engine or the embedder does not answer or a collection is not ready.
    """
    if len(set(collections)) != len(collections) or not collections:
        raise Invalid("A search names at least one collection, and each once.")
    if not 1 <= limit <= MOST_RESULTS:
        raise Invalid(f"A search returns 1 to {MOST_RESULTS} passages.")
    targets = [collection_named(name) for name in collections]
    sparse = sparse_query(text)
    dense: dict[tuple[str, int], list[float]] = {}

    def ask(embedder: Embedder) -> SearchQuery:
        key = (embedder.model, embedder.dimension)
        if key not in dense:
            dense[key] = embedder.embed_query(text)
        return SearchQuery(dense[key], sparse, limit=limit, match=match or {})

    ranked: list[tuple[int, int, Passage]] = []
    for place, target in enumerate(targets):
        hits = sorted(_hits(store, embedder_named, target, scope, ask), key=_reading_order)
        ranked += [(rank, place, _passage(target, scope, hit)) for rank, hit in enumerate(hits)]
    ranked.sort(key=lambda each: each[:2])
    return [passage for _, _, passage in ranked[:limit]]


def _reading_order(hit: Hit) -> tuple[float, str, int]:
    # The engine orders equal scores by ids, which say something of the tenant and nothing of the passages.
    return -hit.score, str(hit.payload[DOCUMENT_FIELD]), int(hit.payload[CHUNK_FIELD])


def _hits(
    store: VectorStore,
    embedder_named: EmbedderNamed,
    target: Collection,
    scope: Scope,
    ask: Callable[[Embedder], SearchQuery],
) -> list[Hit]:
    try:
        return search_in_use(store, embedder_named, target, scope, ask)
    except (*GONE, EmbeddingModelUnknown) as error:
        raise DependencyUnavailable(
            f"{target.name} is being made; try again in a moment.", retry_after=RETRY_AFTER_SECONDS
        ) from error
    except DependencyUnavailable as error:
        # Which machine does not answer is not for whoever asks.
        raise DependencyUnavailable(
            "Search does not answer; try again in a moment.",
            retry_after=error.retry_after or RETRY_AFTER_SECONDS,
        ) from error


def _passage(target: Collection, scope: Scope, hit: Hit) -> Passage:
    held = hit.payload
    owner, name = UUID(str(held[TENANT_FIELD])), str(held[DOCUMENT_FIELD])
    hidden = _KEPT_BACK | {target.text_field, target.id_field}
    return Passage(
        document_id(owner, target.name, name),
        name,
        target.name,
        int(held[CHUNK_FIELD]),
        str(held.get("heading", "")),
        str(held.get(target.text_field, "")),
        hit.score,
        owner != scope.tenant_id,
        {field: value for field, value in held.items() if field not in hidden},
    )
