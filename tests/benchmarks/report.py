"""What was measured, as a table and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Section:
    """One measurement: rows of named figures, what they mean, and the ratios they come to."""

    title: str
    note: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The figures and ratios, without the table."""
        found = asdict(self)
        return {name: found[name] for name in ("title", "note", "figures", "ratios")}

    def as_text(self) -> str:
        """The table, readable in a terminal."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.columns))]
        text = [self.title, f"  {self.note}", ""]
        for line in lines:
            cells = [
                line[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True)),
            ]
            text.append("  " + "   ".join(cells).rstrip())
        text += ["", *(f"  {name}: {value:.2f}" for name, value in self.ratios.items())]
        return "\n".join(text)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` (0–1) of the values do not pass."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def milliseconds(seconds: float) -> str:
    """`0.00123` → `1.23 ms`."""
    return f"{seconds * 1000:.2f} ms"
