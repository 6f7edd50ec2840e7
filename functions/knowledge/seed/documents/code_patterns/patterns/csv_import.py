"""Import of a CSV file that people made by hand: every bad row is named, good rows are kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Check = Callable[[str], Any]


@dataclass
class Imported:
    """Rows that were read, and for each that was not: its line in the file and why."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)


def read_csv(content: bytes, checks: Mapping[str, Check]) -> Imported:
    """Read UTF-8 (with or without a mark) or, failing that, Windows text; separators are guessed.

    checks: by column, a function that converts a cell or raises ValueError with a sentence for the person.
    Raises ValueError when a column is missing.
    """
    done = Imported()
    for line, cells in _lines(_decoded(content)):
        missing = [name for name in checks if name not in cells]
        if missing:
            raise ValueError(f"The file has no column {', '.join(missing)}.")
        try:
            done.rows.append({name: check((cells[name] or "").strip()) for name, check in checks.items()})
        except ValueError as error:
            done.faults.append((line, str(error)))
    return done


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _lines(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    head = text.partition("\n")[0]
    separator = max(";,\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=separator)
    for cells in reader:
        yield reader.line_num, cells
