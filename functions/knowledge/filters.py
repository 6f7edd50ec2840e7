"""Conditions on payload fields as they come in, made into those that the vector store knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from functions.knowledge.collections import collection_named
from shared.adapters.vectors import IndexType, Match, Range
from shared.errors import FieldProblem, Invalid
from shared.http.problem import pointer
from shared.models.base import Moment, refuse_unstorable
from shared.models.search import MOST_OPTIONS

_LONGEST = 300
_BOUNDS = ("gte", "gt", "lte", "lt")
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
_WHOLE = 2**53

_TAKES: Mapping[IndexType, str] = {
    "keyword": f"takes a text or a list of texts, each of 1 to {_LONGEST} characters",
    "integer": "takes a whole number, a list of them, or bounds: gte, gt, lte, lt",
    "float": "takes a number or bounds: gte, gt, lte, lt",
    "bool": "takes true or false",
    "datetime": "takes a moment, as in 2027-01-31T12:00:00Z, or bounds: gte, gt, lte, lt",
}


def fields_of(collections: Sequence[str]) -> Mapping[str, IndexType]:
    """Return the fields that all of these collections are filtered by. Raises Invalid for an unknown collection."""
    first, *others = [collection_named(name).indexes for name in collections]
    return {name: kind for name, kind in first.items() if all(name in other for other in others)}


def match_of(collections: Sequence[str], given: Mapping[str, Any]) -> Match:
    """Return the conditions of a filter on collections, all of which have its fields.

    Raises Invalid that points at each field that one of them does not have, and names those they have, or whose
    condition is not of the field's kind.
    """
    fields = fields_of(collections)
    made: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for name, condition in given.items():
        where = pointer(("filter", name))[:300]
        if name not in fields:
            problems.append(FieldProblem(where, f"is not a field of the filter; there are {_listed(fields)}"))
            continue
        found = _condition(fields[name], condition)
        if found is None:
            problems.append(FieldProblem(where, _TAKES[fields[name]]))
        else:
            made[name] = found
    if problems:
        raise Invalid("The filter does not fit the collections.", tuple(problems))
    return made


def _listed(fields: Mapping[str, IndexType]) -> str:
    return ", ".join(fields) or "none that all of these collections have"


def _condition(kind: IndexType, given: Any) -> Any:
    """The condition as the store knows it, None for one that is not of this kind."""
    if isinstance(given, dict) and kind in ("integer", "float", "datetime"):
        return _range(kind, given)
    if kind in ("keyword", "integer") and isinstance(given, list):
        options = [_value(kind, each) for each in given]
        return options if options and len(options) <= MOST_OPTIONS and None not in options else None
    value = _value(kind, given)
    return Range.exactly(value) if value is not None and kind in ("float", "datetime") else value


def _range(kind: IndexType, given: Mapping[str, Any]) -> Range | None:
    if not given or not given.keys() <= set(_BOUNDS):
        return None
    bounds = {
        name: _value("datetime" if kind == "datetime" else "float", each) for name, each in given.items()
    }
    return None if None in bounds.values() else Range(**bounds)


def _value(kind: IndexType, given: Any) -> Any:
    """The value when it is of this kind, else None."""
    if kind == "keyword":
        return given if isinstance(given, str) and _is_text(given) else None
    if kind == "bool":
        return given if isinstance(given, bool) else None
    if kind == "datetime":
        return _moment(given)
    whole = isinstance(given, int) and not isinstance(given, bool)
    if not whole and (kind == "integer" or not isinstance(given, float)):
        return None
    return given if abs(given) <= _WHOLE else None


def _is_text(given: str) -> bool:
    try:
        refuse_unstorable(given)
    except ValueError:
        return False
    return 1 <= len(given) <= _LONGEST


def _moment(given: Any) -> datetime | None:
    try:
        return _MOMENT.validate_python(given)
    except ValidationError:
        return None
