"""Conditions of policy statements: every operator and every key must hold, of its values any one.

A request has one value for a key here; for operators on sets (`ForAnyValue:`, `ForAllValues:`) it is a set of one.

Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html (2026).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Condition = Callable[[Mapping[str, str]], bool]
"""Whether a request's context fulfils one operator on one key. Keys of the context are in lower case."""

_Compare = Callable[[str, str], bool]
"""Whether the value of a request fits one of a policy."""


class Unsupported(ValueError):
    """Something that is valid in IAM, or not, and that is not evaluated here."""


def conditions_of(element: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Compile the element `Condition` of a statement. Raises Unsupported for an operator that is not known."""
    return tuple(
        _condition(operator, key, values)
        for operator, keys in element.items()
        for key, values in keys.items()
    )


def _condition(operator: str, key: str, given: Any) -> Condition:
    values = [_text(value) for value in (given if isinstance(given, list) else [given])]
    name = key.lower()
    if operator == "Null":
        return lambda context: any((name not in context) == (value == "true") for value in values)
    among, _, plain = operator.rpartition(":")
    if among not in ("", "ForAnyValue", "ForAllValues"):
        raise Unsupported(f"the condition operator {operator} is not evaluated")
    optional = plain.endswith("IfExists") or among == "ForAllValues"
    plain = plain.removesuffix("IfExists")
    if plain in _POSITIVE:
        fits = _POSITIVE[plain]
        # A key that the request does not have fits nothing.
        return lambda context: (
            any(fits(context[name], value) for value in values) if name in context else optional
        )
    if plain in _NEGATED:
        fits = _POSITIVE[_NEGATED[plain]]
        absent = among != "ForAnyValue" or optional
        return lambda context: (
            not any(fits(context[name], value) for value in values) if name in context else absent
        )
    raise Unsupported(f"the condition operator {operator} is not evaluated")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise Unsupported(f"a condition's value is no text: {value!r}")
    if "${" in str(value):
        raise Unsupported(f"policy variables are not evaluated: {value!r}")
    return str(value)


def _like(given: str, wanted: str) -> bool:
    pattern = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in wanted)
    return re.fullmatch(pattern, given, re.DOTALL) is not None


def _arn_like(given: str, wanted: str) -> bool:
    """ArnEquals and ArnLike are the same: each of the six segments is compared by itself, with wildcards."""
    there, pattern = given.split(":", 5), wanted.split(":", 5)
    if len(there) != 6 or len(pattern) != 6:
        return False
    return all(_like(segment, like) for segment, like in zip(there, pattern, strict=True))


def _number(compare: Callable[[float, float], bool]) -> _Compare:
    def fits(given: str, wanted: str) -> bool:
        try:
            return compare(float(given), float(wanted))
        except ValueError:
            return False

    return fits


_POSITIVE: Mapping[str, _Compare] = {
    "StringEquals": lambda given, wanted: given == wanted,
    "StringEqualsIgnoreCase": lambda given, wanted: given.lower() == wanted.lower(),
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda given, wanted: given.lower() == wanted.lower(),
    "NumericEquals": _number(lambda given, wanted: given == wanted),
    "NumericLessThan": _number(lambda given, wanted: given < wanted),
    "NumericLessThanEquals": _number(lambda given, wanted: given <= wanted),
    "NumericGreaterThan": _number(lambda given, wanted: given > wanted),
    "NumericGreaterThanEquals": _number(lambda given, wanted: given >= wanted),
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
}
