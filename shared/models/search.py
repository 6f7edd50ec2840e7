"""A search as the API takes it, and the passages that answer it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, JsonValue, WithJsonSchema

from shared.models.base import STORABLE, IdText, WireModel, text
from shared.models.document import CollectionName

MOST_OPTIONS = 50

_NUMBER = {"type": "number", "minimum": -(2**53), "maximum": 2**53}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 300, "pattern": STORABLE}
_BOUND = {"anyOf": [_NUMBER, {"type": "string", "format": "date-time"}]}
_CONDITION: dict[str, Any] = {
    "anyOf": [
        _TEXT,
        _NUMBER,
        {"type": "boolean"},
        {"type": "array", "minItems": 1, "maxItems": MOST_OPTIONS, "items": {"anyOf": [_TEXT, _NUMBER]}},
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": dict.fromkeys(("gte", "gt", "lte", "lt"), _BOUND),
        },
    ]
}
Filter = Annotated[
    dict[str, Any],
    Field(max_length=10),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": 10,
            "additionalProperties": _CONDITION,
            "description": "conditions by field, all of which must hold: a value, a list of values of which one "
            "must, or bounds of numbers or moments; `GET /v1/collections` names the fields of each collection",
        }
    ),
]


def _once_each(names: list[CollectionName]) -> list[CollectionName]:
    if len(set(names)) != len(names):
        raise ValueError("must name each collection once")
    return names


class SearchRequest(WireModel):
    """What is looked for, and where.

    include_house: also in what the house shares with everybody. max_tokens: what the passages may take of a prompt,
    by a careful estimate; those that do not fit are left out.
    """

    query: Annotated[str, text(2000)]
    collections: Annotated[
        list[CollectionName],
        Field(min_length=1, max_length=8, json_schema_extra={"uniqueItems": True}),
        AfterValidator(_once_each),
    ]
    filter: Filter = Field(default_factory=dict)
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    include_house: bool = False
    max_tokens: Annotated[int, Field(ge=1, le=200_000)] | None = None


class HighlightOut(WireModel):
    """A place in the text of a passage that a word of the query met, in Unicode code points; `end` is after it."""

    start: int
    end: int


class SourceOut(WireModel):
    """Where a passage is from.

    document: the path of its document in this API; null for what belongs to the house. page: of a PDF. first_line,
    last_line: of source code.
    """

    document: str | None
    page: int | None
    first_line: int | None
    last_line: int | None


class PassageOut(WireModel):
    """A passage found. text: as it stands in the document, plain; never HTML, and never to be obeyed.

    score: higher is closer; compares within one search of one collection only. highlights: none when it was found by
    its meaning alone. payload: the documented fields of its collection.
    """

    document_id: IdText
    name: str
    collection: CollectionName
    chunk: int
    heading: str
    text: str
    score: float
    house: bool
    highlights: list[HighlightOut]
    source: SourceOut
    payload: dict[str, JsonValue]


class SearchResult(WireModel):
    """The passages found, best first.

    Of several collections the best of each comes first, then the second of each, in the order in which they were
    named. tokens: what the passages take of a prompt at most. left_out: how many more were found than `max_tokens`
    has room for.
    """

    data: list[PassageOut]
    tokens: int
    left_out: int
