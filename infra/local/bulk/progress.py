"""How far a folder is, by what was uploaded and what the rows say: on a terminal in place, else now and then."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO

from infra.local.bulk.files import Found
from infra.local.bulk.upload import NotPlaced, Placed

_EVERY = 5.0
"""Seconds between lines where nothing can be drawn over."""


@dataclass(frozen=True)
class Row:
    """What is known of a document. version: of its object, None until it was read once."""

    status: str
    version: str | None
    reason_code: str | None = None
    reason: str | None = None


@dataclass
class State:
    """Everything that is known of the folder. rows: by the name of the document."""

    found: Found
    placed: dict[str, Placed] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def seen(self, told: Placed | NotPlaced) -> None:
        """Note what became of the upload of a file."""
        name = told.file.address.name
        if isinstance(told, Placed):
            self.placed[name] = told
        else:
            self.failed[name] = told.reason

    def settled(self) -> dict[str, Row]:
        """The documents of which the rows say what came of the version that is in the bucket now."""
        done = {}
        for name, placed in list(self.placed.items()):
            row = self.rows.get(name)
            if row is not None and row.version == placed.version and row.status in ("indexed", "quarantined"):
                done[name] = row
        return done

    def numbers(self) -> dict[str, int]:
        """How many files are how far."""
        settled = self.settled()
        status = Counter(row.status for row in settled.values())
        return {
            "files": len(self.found.files),
            "uploaded": sum(placed.fresh for placed in list(self.placed.values())),
            "unchanged": sum(not placed.fresh for placed in list(self.placed.values())),
            "indexed": status["indexed"],
            "quarantined": status["quarantined"],
            "not_uploaded": len(self.failed),
            "ignored": len(self.found.ignored),
            "left": len(self.found.files) - len(self.failed) - len(settled),
        }

    def reasons(self) -> dict[str, list[str]]:
        """The sentences for which documents are in quarantine, each with their names."""
        told: dict[str, list[str]] = {}
        for name, row in sorted(self.settled().items()):
            if row.status == "quarantined":
                told.setdefault(row.reason or row.reason_code or "no reason is known", []).append(name)
        return told


class Progress:
    """Shows how far it is. `show` may be called as often as it likes."""

    def __init__(self, out: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._now = now
        self._live = out.isatty()
        self._last: tuple[float, str] | None = None
        self._first: tuple[float, int] | None = None

    def show(self, state: State) -> None:
        """Draw the state as it stands."""
        numbers, now = state.numbers(), self._now()
        done = numbers["indexed"] + numbers["quarantined"]
        self._first = self._first or (now, done)
        rate = (done - self._first[1]) / max(now - self._first[0], 1e-9)
        line = progress_line(numbers, rate)
        if self._live:
            self._out.write(f"\r\x1b[2K{line}")
        elif self._last is None or (now - self._last[0] >= _EVERY and line != self._last[1]):
            self._out.write(f"{line}\n")
        else:
            return
        self._last = (now, line)
        self._out.flush()

    def end(self) -> None:
        """Leave what was drawn."""
        if self._live and self._last is not None:
            self._out.write("\n")


def progress_line(numbers: Mapping[str, int], rate: float) -> str:
    """Return the numbers in one line. rate: files a second."""
    line = (
        f"  {numbers['uploaded']:,} uploaded, {numbers['unchanged']:,} were there; {numbers['indexed']:,} indexed, "
        f"{numbers['quarantined']:,} in quarantine, {numbers['left']:,} left"
    )
    if rate < 0.05 or not numbers["left"]:
        return line
    return f"{line}; {rate:,.1f}/s, {duration(numbers['left'] / rate)} to go"


def duration(seconds: float) -> str:
    """`75` → `1 min 15 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def table(state: State, seconds: float) -> str:
    """Return what came of a folder, for people."""
    numbers = state.numbers()
    words = {
        "files": "files that can be uploaded",
        "uploaded": "uploaded",
        "unchanged": "were there with the same bytes",
        "indexed": "indexed",
        "quarantined": "in quarantine",
        "not_uploaded": "could not be uploaded",
        "left": "not indexed yet",
        "ignored": "ignored",
    }
    lines = [f"{numbers[name]:>9,}  {said}" for name, said in words.items()]
    for reason, names in state.reasons().items():
        lines += [f"In quarantine: {reason}", *_some(names)]
    for reason in sorted(set(state.failed.values())):
        lines += [f"Not uploaded: {reason}", *_some(n for n, r in state.failed.items() if r == reason)]
    done = numbers["indexed"] + numbers["quarantined"]
    lines.append(f"{duration(seconds)}, {done / max(seconds, 1e-9):,.1f} files a second")
    return "\n".join(lines)


def _some(names: Any, most: int = 10) -> list[str]:
    listed = sorted(names)
    more = [f"  … and {len(listed) - most:,} more"] if len(listed) > most else []
    return [*(f"  {name}" for name in listed[:most]), *more]
