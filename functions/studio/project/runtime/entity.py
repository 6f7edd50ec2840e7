"""What all entities have in common: they check themselves when they are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from .errors import Conflict, Invalid, Problem
from .rules import Rule


@dataclass(frozen=True, kw_only=True)
class Entity:
    """An immutable record that cannot hold invalid values.

    A subclass names its table, its words for people, its rules (one per field) and its states; the first
    state is where a new record starts. `id` is 0 until the record is stored.
    """

    TABLE: ClassVar[str]
    LABEL: ClassVar[str]
    PLURAL: ClassVar[str]
    RULES: ClassVar[tuple[Rule, ...]]
    STATES: ClassVar[tuple[str, ...]] = ()

    id: int = 0
    state: str = ""

    def __post_init__(self) -> None:
        problems = []
        for rule in self.RULES:
            try:
                object.__setattr__(self, rule.name, rule.parse(getattr(self, rule.name)))
            except ValueError as error:
                problems.append(Problem(rule.name, str(error)))
        if self.STATES and not self.state:
            object.__setattr__(self, "state", self.STATES[0])
        if self.state not in (self.STATES or ("",)):
            problems.append(Problem("state", f"{self.state!r} is not a state of {self.LABEL}."))
        if problems:
            raise Invalid(problems)

    @classmethod
    def from_values(cls, values: Mapping[str, object], allowed: tuple[str, ...] = ()) -> Self:
        """Return a new record from `values`; what is missing counts as not given. Raises `Invalid`.

        `allowed` names the fields that may be given, all of them when it is empty.
        """
        _refuse_unknown(values, allowed or tuple(rule.name for rule in cls.RULES))
        given: dict[str, Any] = {rule.name: values.get(rule.name) for rule in cls.RULES}
        return cls(**given)

    def with_values(self, values: Mapping[str, object], allowed: tuple[str, ...]) -> Self:
        """Return a copy with changed fields, `allowed` ones only. Raises `Invalid`."""
        _refuse_unknown(values, allowed)
        changes: dict[str, Any] = dict(values)
        return replace(self, **changes)

    def in_state(self, target: str, allowed_from: tuple[str, ...]) -> Self:
        """Return a copy in state `target`; raises `Conflict` unless it is in one of `allowed_from`."""
        if self.state not in allowed_from:
            expected = " or ".join(repr(state) for state in allowed_from)
            raise Conflict(f"{self.LABEL} {self.id} is {self.state!r}; it must be {expected} for this.")
        return replace(self, state=target)

    def text_of(self, field: str) -> str:
        """Return the value of a field, or the state, as text; empty when it is not given."""
        if field == "state":
            return self.state
        return self.rule_of(field).to_text(getattr(self, field))

    def to_json(self) -> dict[str, object]:
        """Return the record as JSON shows it: id, fields, and the state where there are states."""
        shown: dict[str, object] = {"id": self.id}
        shown |= {rule.name: rule.to_json(getattr(self, rule.name)) for rule in self.RULES}
        return shown | ({"state": self.state} if self.STATES else {})

    @classmethod
    def rule_of(cls, field: str) -> Rule:
        """Return the rule of a field; KeyError when there is no such field."""
        for rule in cls.RULES:
            if rule.name == field:
                return rule
        raise KeyError(field)

    @classmethod
    def checked_text(cls, field: str, value: object) -> str:
        """Return a value of a field in the text form it is stored in; raises `Invalid`."""
        rule = cls.rule_of(field)
        try:
            return rule.to_text(rule.parse(value))
        except ValueError as error:
            raise Invalid([Problem(field, str(error))]) from None

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the names of the stored columns beside `id`."""
        return (*(rule.name for rule in cls.RULES), *(("state",) if cls.STATES else ()))


def _refuse_unknown(values: Mapping[str, object], known: tuple[str, ...]) -> None:
    unknown = [name for name in values if name not in known]
    if unknown:
        raise Invalid([Problem(name, f"{name!r} cannot be given here.") for name in unknown])
