"""What every model stands on: strict input, bounded text, ids.

Source: conventions, "Strict input": unknown fields refused, strings trimmed and bounded, NUL and lone
surrogates refused, numbers finite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import GroupedMetadata
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

SECTORS = ("healthtech", "fintech", "edtech", "saas", "ecommerce", "other")

STORABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""What `refuse_unstorable` takes, as a regular expression of JSON Schema; no lone surrogates either."""


def refuse_unstorable(value: str) -> str:
    """Return `value`, or raise ValueError when PostgreSQL, JSON or a file system could not hold it.

    Refused: NUL, other control characters than tab and line ends, lone surrogates.
    """
    for character in value:
        code = ord(character)
        if code == 0:
            raise ValueError("must not contain NUL")
        if 0xD800 <= code <= 0xDFFF:
            raise ValueError("must not contain lone surrogates")
        if (code < 32 and character not in "\t\n\r") or code == 127:
            raise ValueError("must not contain control characters")
    return value


def refuse_line_breaks(value: str) -> str:
    """Return `value`, or raise ValueError when it would not stay on one line."""
    if any(character in value for character in "\n\r\t\u2028\u2029\v\f"):
        raise ValueError("must be a single line")
    return value


@dataclass(frozen=True)
class line(GroupedMetadata):
    """`Annotated[str, line(60)]`: a trimmed single line of `min_length`..`max_length` characters."""

    max_length: int
    min_length: int = 1

    def __iter__(self) -> Iterator[object]:
        yield StringConstraints(strip_whitespace=True, min_length=self.min_length, max_length=self.max_length)
        yield AfterValidator(refuse_unstorable)
        yield AfterValidator(refuse_line_breaks)


@dataclass(frozen=True)
class text(GroupedMetadata):
    """`Annotated[str, text(5000)]`: a trimmed text of bounded length; line breaks allowed."""

    max_length: int
    min_length: int = 1

    def __iter__(self) -> Iterator[object]:
        yield StringConstraints(strip_whitespace=True, min_length=self.min_length, max_length=self.max_length)
        yield AfterValidator(refuse_unstorable)


class Entity(BaseModel):
    """A row as the repositories return it: immutable, unknown columns refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class WireModel(BaseModel):
    """A body as it crosses the edge: unknown fields refused, no coercion, numbers finite."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class QueryModel(BaseModel):
    """The parameters of a query as they cross the edge: texts, so they are coerced; unknown ones refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


Cursor = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_-]+$"),
    # A UUID in base64url: the last character has four bits that are 0.
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9_-]{21}[AQgw]$"}),
]
"""What names the row that a page begins after."""


class PageQuery(QueryModel):
    """Which page of a list. cursor: the `next_cursor` of the page before."""

    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Cursor | None = None


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]", re.ASCII)


def _dated(value: Any) -> Any:
    # A number, also one in a text, would be taken for seconds since 1970.
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError("must be a date and a time, as in 2027-01-31T12:00:00Z")
    return value


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_dated)]
"""A moment as it comes in: ISO 8601 with its offset."""

IdText = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
"""A UUID as it leaves the house."""

TimeText = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""A moment as it leaves the house: ISO 8601 with its offset."""
