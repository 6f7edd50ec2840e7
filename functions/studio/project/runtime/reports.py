"""Views over several records: totals, comparison side by side, CSV."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .entity import Entity

HARMLESS = re.compile(r"[+-]?[\d .]+")  # negative numbers and telephone numbers


@dataclass(frozen=True)
class Summary:
    """How many records there are, how many in each state, and the sum of each number field."""

    count: int
    by_state: dict[str, int]
    totals: dict[str, Decimal]

    def to_json(self) -> dict[str, object]:
        """Return the summary as JSON shows it; sums are text, because they are exact."""
        totals = {name: str(total) for name, total in self.totals.items()}
        return {"count": self.count, "by_state": self.by_state, "totals": totals}


@dataclass(frozen=True)
class Difference:
    """A field of two records side by side, as text."""

    label: str
    first: str
    second: str

    def to_json(self) -> dict[str, object]:
        """Return the pair as JSON shows it, with whether the two differ."""
        return {
            "label": self.label,
            "first": self.first,
            "second": self.second,
            "differs": self.first != self.second,
        }


def summarise(records: Sequence[Entity], states: tuple[str, ...], fields: tuple[str, ...]) -> Summary:
    """Return the totals of `records`; every state is counted, also those nobody is in."""
    counted = Counter(record.state for record in records)
    totals = {
        field: sum((value for record in records if (value := getattr(record, field)) is not None), Decimal())
        for field in fields
    }
    return Summary(len(records), {state: counted[state] for state in states}, totals)


def compare(first: Entity, second: Entity, fields: tuple[str, ...]) -> list[Difference]:
    """Return one `Difference` a field, in the order of `fields`."""
    return [
        Difference(first.rule_of(field).label, first.text_of(field), second.text_of(field))
        for field in fields
    ]


def to_csv(kind: type[Entity], records: Sequence[Entity], fields: tuple[str, ...]) -> str:
    """Return a CSV file with a header line, one record a line, and the state where there are states."""
    columns = ("id", *fields, *(("state",) if kind.STATES else ()))
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([_header(kind, column) for column in columns])
    for record in records:
        writer.writerow(
            [record.id if column == "id" else _cell(record.text_of(column)) for column in columns]
        )
    return file.getvalue()


def _header(kind: type[Entity], column: str) -> str:
    return column if column in ("id", "state") else _cell(kind.rule_of(column).label)


def _cell(text: str) -> str:
    # A spreadsheet would run text that starts like a formula (OWASP, CSV injection).
    risky = text.startswith(("=", "+", "-", "@", "\t", "\r")) and not HARMLESS.fullmatch(text)
    return f"'{text}" if risky else text
