"""What every model stands on: strict input, bounded text, ids.

Source: conventions, "Strict input": unknown fields refused, strings trimmed and bounded, NUL and lone
surrogates refused, numbers finite.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from annotated_types import GroupedMetadata
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

SECTORS = ("healthtech", "fintech", "edtech", "saas", "ecommerce", "other")


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
