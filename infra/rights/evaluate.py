"""Evaluates identity policies as IAM does: an explicit Deny wins, then an Allow; whatever nobody allows is denied.

Exact or not at all: an operator, an element or a policy variable that is not known here raises Unsupported, so that a
policy is never taken for narrower than it is.

Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html,
reference_policies_elements_resource.html and reference_policies_elements_condition_operators.html (2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from infra.rights.conditions import Condition, Unsupported, conditions_of
from infra.rights.statements import Statement

_KNOWN = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}


class Decision(StrEnum):
    """What a policy says of a call."""

    ALLOWED = "allowed"
    DENIED = "denied"
    """No statement allows it."""
    FORBIDDEN = "forbidden"
    """A statement denies it."""


@dataclass(frozen=True)
class _Compiled:
    allows: bool
    actions: re.Pattern[str]
    other_actions: bool
    resources: re.Pattern[str]
    other_resources: bool
    conditions: tuple[Condition, ...]

    def speaks_of(self, action: str, resource: str, context: Mapping[str, str]) -> bool:
        return (
            bool(self.actions.fullmatch(action)) != self.other_actions
            and bool(self.resources.fullmatch(resource)) != self.other_resources
            and all(condition(context) for condition in self.conditions)
        )

    def may_speak_of(self, action: str) -> bool:
        return bool(self.actions.fullmatch(action)) != self.other_actions


class Policy:
    """All statements of one identity, compiled once. Safe for threads."""

    def __init__(self, statements: Iterable[Mapping[str, Any]]) -> None:
        """statements: as in policy documents, without references. Raises Unsupported for what is not known here."""
        self._statements = tuple(_compile(statement) for statement in statements)
        self._by_action: dict[str, tuple[_Compiled, ...]] = {}

    @classmethod
    def of(cls, statements: Iterable[Statement]) -> Policy:
        """A policy of the catalog's statements."""
        return cls(document(statement) for statement in statements)

    def decide(self, action: str, resource: str, context: Mapping[str, str] | None = None) -> Decision:
        """What the policy says of `action` (`s3:GetObject`) on the ARN `resource`.

        resource: `*` for an action that knows no resource. context: the condition keys of the request with their
        values; keys are compared without regard to case.
        """
        relevant = self._by_action.get(action)
        if relevant is None:
            relevant = tuple(s for s in self._statements if s.may_speak_of(action))
            self._by_action[action] = relevant
        keys = {key.lower(): value for key, value in context.items()} if context else {}
        decision = Decision.DENIED
        for statement in relevant:
            if statement.speaks_of(action, resource, keys):
                if not statement.allows:
                    return Decision.FORBIDDEN
                decision = Decision.ALLOWED
        return decision

    def allows(self, action: str, resource: str, context: Mapping[str, str] | None = None) -> bool:
        """Whether the call is allowed."""
        return self.decide(action, resource, context) is Decision.ALLOWED


def document(statement: Statement) -> dict[str, Any]:
    """A statement of the catalog as a policy document writes it."""
    written: dict[str, Any] = {
        "Effect": statement.effect,
        "Action": list(statement.actions),
        "Resource": list(statement.resources),
    }
    if statement.conditions:
        written["Condition"] = {operator: dict(keys) for operator, keys in statement.conditions.items()}
    return written


def _compile(statement: Mapping[str, Any]) -> _Compiled:
    if unknown := statement.keys() - _KNOWN:
        raise Unsupported(f"a statement of an identity policy has no {', '.join(sorted(unknown))}")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise Unsupported(f"no effect: {statement.get('Effect')!r}")
    actions, other_actions = _one_of(statement, "Action")
    resources, other_resources = _one_of(statement, "Resource")
    return _Compiled(
        statement["Effect"] == "Allow",
        _any_of((_action(action) for action in actions), re.IGNORECASE),
        other_actions,
        _any_of(_resource(resource) for resource in resources),
        other_resources,
        conditions_of(statement.get("Condition", {})),
    )


def _one_of(statement: Mapping[str, Any], element: str) -> tuple[list[str], bool]:
    """The values of `Action` or `NotAction`, and whether it is the latter."""
    given = [name for name in (element, f"Not{element}") if name in statement]
    if len(given) != 1:
        raise Unsupported(f"a statement needs {element} or Not{element}")
    value = statement[given[0]]
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values or not all(isinstance(each, str) for each in values):
        raise Unsupported(f"{given[0]} is no text: {value!r}")
    if any("${" in each for each in values):
        raise Unsupported(f"policy variables are not evaluated: {value!r}")
    return values, given[0] != element


def _any_of(patterns: Iterable[str], flags: int = 0) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), flags | re.DOTALL)


def _action(action: str) -> str:
    """`s3:Get*`: the service is a word, what follows may hold wildcards; `*` is every action of every service."""
    if action != "*" and not re.fullmatch(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+", action):
        raise Unsupported(f"no action: {action!r}")
    return _wildcards(action)


def _resource(resource: str) -> str:
    """An ARN with wildcards. A `*` stays within its segment, unless the segment ends with it; the last segment, the
    resource itself, may hold colons of its own.
    """
    if resource == "*":
        return ".*"
    segments = resource.split(":", 5)
    if len(segments) != 6 or segments[0] != "arn" or not re.fullmatch(r"[a-z0-9-]+", segments[2]):
        raise Unsupported(f"no ARN: {resource!r}")
    *head, last = segments
    written = [
        _wildcards(segment[:-1], "[^:]*") + ".*" if segment.endswith("*") else _wildcards(segment, "[^:]*")
        for segment in head
    ]
    return ":".join([*written, _wildcards(last)])


def _wildcards(pattern: str, many: str = ".*") -> str:
    """The regular expression of a text with `*` and `?`."""
    return "".join(many if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
