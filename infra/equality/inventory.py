"""An inventory: things by kind and name with their facts. Made from the catalog in `described`, and from what a
target realised in `realised`, so that the two can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Inventory:
    """Facts of each (kind, name). A name that occurs twice is kept apart as `name (2)`, so that it differs."""

    facts: dict[tuple[str, str], dict[str, object]] = field(default_factory=dict)

    def add(self, kind: str, name: str, **facts: object) -> None:
        """Add a thing."""
        key, copy = (kind, name), 1
        while key in self.facts:
            copy += 1
            key = (kind, f"{name} ({copy})")
        self.facts[key] = facts
