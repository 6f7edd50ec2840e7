"""What searches are narrowed by: conditions on payload fields, and which of them a collection can answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from shared.errors import Invalid

# Written by the store into every payload; a point cannot claim another tenant or document than its own.
TENANT_FIELD = "tenant_id"

IndexType = Literal["keyword", "integer", "float", "bool", "datetime"]
Bound = int | float | datetime
_TYPES: Mapping[IndexType, type] = {"keyword": str, "integer": int, "bool": bool}


@dataclass(frozen=True)
class Range:
    """Bounds that a number or a date must keep, all of those that are given; a list keeps them when one item does.

    Numbers are compared as 64-bit floats, dates as moments: payloads say them in ISO 8601, in UTC without a zone.
    """

    gte: Bound | None = None
    gt: Bound | None = None
    lte: Bound | None = None
    lt: Bound | None = None

    @classmethod
    def exactly(cls, value: Bound) -> Range:
        """Return the range of one value: how a field of floats or of dates is asked for it."""
        return cls(gte=value, lte=value)

    @property
    def bounds(self) -> dict[str, Bound]:
        """The bounds that are given, by their names."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in named.items() if value is not None}

    @property
    def dated(self) -> bool:
        """Whether it bounds dates and not numbers."""
        return any(isinstance(value, datetime) for value in self.bounds.values())


Scalar = str | int | bool
Condition = Scalar | Sequence[str] | Sequence[int] | Range
Match = Mapping[str, Condition]
"""Conditions on payload fields, all of which must hold: a value, a sequence of values of which one must, a range."""


def check_match(indexes: Mapping[str, IndexType], match: Match) -> None:
    """Raise Invalid when a condition touches the tenant, which only the scope decides, or can never hold.

    indexes: what the collection says of its fields; a field that it does not name is taken as it comes.
    """
    for name, wanted in match.items():
        if name == TENANT_FIELD:
            raise Invalid(f"{TENANT_FIELD} is decided by the scope, not by a filter.")
        if isinstance(wanted, Range):
            _check_range(name, wanted)
        elif isinstance(wanted, float):
            raise Invalid(f"The filter on {name} compares floats: give it a range.")
        elif not isinstance(wanted, str | int) and not wanted:
            raise Invalid(f"The filter on {name} lists no values.")
        if name in indexes and not _answers(indexes[name], wanted):
            raise Invalid(f"The filter on {name} asks for something else than its {indexes[name]} values.")


def _check_range(name: str, wanted: Range) -> None:
    bounds = wanted.bounds.values()
    if not bounds:
        raise Invalid(f"The range of {name} has no bounds.")
    if wanted.dated and not all(isinstance(value, datetime) and value.tzinfo is not None for value in bounds):
        raise Invalid(f"The range of {name} needs dates with a time zone at both ends.")
    if not wanted.dated and not all(map(_is_number, bounds)):
        raise Invalid(f"The range of {name} needs finite numbers.")


def _is_number(value: Bound) -> bool:
    # True is an int in Python, and no number here.
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _answers(kind: IndexType, wanted: Condition) -> bool:
    """Whether an index of this kind holds what is asked for: the engine finds nothing with one that does not."""
    if isinstance(wanted, Range):
        return kind == "datetime" if wanted.dated else kind in {"integer", "float"}
    values = [wanted] if isinstance(wanted, str | int) else wanted
    return kind in _TYPES and all(type(value) is _TYPES[kind] for value in values)
