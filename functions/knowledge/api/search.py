"""/v1/search: the passages nearest to a text."""

from __future__ import annotations

from uuid import UUID

from functions.knowledge.filters import match_of
from functions.knowledge.search import Passage, highlights, search, tokens_of, within_budget
from shared.adapters.vectors import Scope
from shared.http.call import Call
from shared.http.resource import Resource
from shared.models.search import HighlightOut, PassageOut, SearchRequest, SearchResult, SourceOut
from shared.settings import HouseSettings

searches = Resource("knowledge.search")
handler = searches.handler

_WITHOUT_ROW = "market_comps"


@searches.operation(
    body=SearchRequest,
    answer=SearchResult,
    transaction=False,
    example={
        "query": "how long do refunds take",
        "collections": ["knowledge_base", "doc_chunks"],
        "limit": 5,
        "max_tokens": 2000,
    },
)
def search_knowledge(call: Call[SearchRequest]) -> SearchResult:
    """Search the knowledge: the passages nearest to a text, by meaning and by words.

    Each collection fuses a dense and a lexical search (DBSF). Of several collections each gives its own list, and the
    lists are merged by rank. Filters must fit every collection that is searched. Word statistics are taken over what
    you may read. With `max_tokens` the passages together fit into so many tokens of a prompt.
    """
    asked = call.body
    match = match_of(asked.collections, asked.filter)
    house = UUID(call.own.settings(HouseSettings).house_tenant_id) if asked.include_house else None
    found = search(
        call.own.vectors,
        call.own.embedder_named,
        scope=Scope(call.caller.tenant_id, house),
        collections=asked.collections,
        text=asked.query,
        match=match,
        limit=asked.limit,
    )
    kept = found if asked.max_tokens is None else within_budget(found, asked.max_tokens)
    return SearchResult(
        data=[_passage_out(passage, asked.query) for passage in kept],
        tokens=tokens_of(kept),
        left_out=len(found) - len(kept),
    )


def _passage_out(passage: Passage, query: str) -> PassageOut:
    return PassageOut.model_validate(
        {
            "document_id": str(passage.document_id),
            "name": passage.name,
            "collection": passage.collection,
            "chunk": passage.chunk,
            "heading": passage.heading,
            "text": passage.text,
            "score": passage.score,
            "house": passage.house,
            "highlights": [
                HighlightOut(start=place.start, end=place.end) for place in highlights(passage.text, query)
            ],
            "source": _source_out(passage),
            "payload": passage.payload,
        }
    )


def _source_out(passage: Passage) -> SourceOut:
    has_row = not passage.house and passage.collection != _WITHOUT_ROW
    places = {name: passage.payload.get(name) for name in ("page", "first_line", "last_line")}
    return SourceOut(
        document=f"/v1/documents/{passage.document_id}" if has_row else None,
        **{name: place if isinstance(place, int) else None for name, place in places.items()},
    )
