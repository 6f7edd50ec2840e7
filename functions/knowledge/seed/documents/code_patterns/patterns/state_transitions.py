"""States of a thing as a table: what may follow what, who may do it, and a history of what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


class NotAllowed(ValueError):
    """The change is not possible from this state, or not for this role."""


@dataclass(frozen=True)
class Change:
    """One step of the history."""

    before: str
    after: str
    by: str
    at: datetime


@dataclass
class Tracked:
    """A thing with a state. `table`: for each state, the roles that may bring it to each next one."""

    state: str
    table: Mapping[str, Mapping[str, frozenset[str]]]
    history: list[Change] = field(default_factory=list)

    def next_states(self, role: str) -> list[str]:
        """Return where somebody of this role may bring it now."""
        return sorted(after for after, roles in self.table.get(self.state, {}).items() if role in roles)

    def move(self, after: str, *, by: str, role: str, at: datetime) -> None:
        """Change the state and write it down. Raises NotAllowed; then nothing has changed."""
        if after not in self.next_states(role):
            raise NotAllowed(f"{self.state} does not become {after} by a {role}.")
        self.history.append(Change(self.state, after, by, at))
        self.state = after
