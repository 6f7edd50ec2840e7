"""The eight steps as they go: on a terminal in place, elsewhere a line a step."""

from __future__ import annotations

import time
from typing import Any, TextIO

_MARKS = {"completed": "✓", "running": "●", "failed": "✗", "pending": "·"}
_COLOURS = {"completed": "32", "running": "36", "failed": "31", "pending": "2"}


def dollars(microusd: int) -> str:
    """Return millionths of a US dollar as people read them."""
    return f"${microusd / 1_000_000:.4f}"


def step_line(step: dict[str, Any], seconds: float | None) -> str:
    """Return a step in one line: mark, number, name, seconds, tokens, dollars."""
    tokens = step["input_tokens"] + step["output_tokens"]
    parts = [f"{_MARKS[step['status']]} {step['position']} {step['step']:<10}"]
    if seconds is not None:
        parts.append(f"{seconds:6.1f} s")
    if step["status"] in ("completed", "failed"):
        parts.append(f"{tokens:>8,} tokens  {dollars(step['cost_microusd']):>8}")
    if step["error_code"]:
        parts.append(step["error_code"])
    return "  ".join(parts)


class Progress:
    """Shows a run. `show` may be called as often as it likes."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._drawn = 0
        self._told: set[str] = set()
        self._started: dict[str, float] = {}

    def show(self, run: dict[str, Any]) -> None:
        """Draw the run as it stands."""
        if self._live:
            self._redraw(run)
        else:
            self._append(run)

    def _seconds(self, step: dict[str, Any]) -> float | None:
        if step["seconds"] is not None:
            return float(step["seconds"])
        if step["status"] == "running":
            started = self._started.setdefault(step["step"], time.monotonic())
            return time.monotonic() - started
        return None

    def _redraw(self, run: dict[str, Any]) -> None:
        if self._drawn:
            self._out.write(f"\x1b[{self._drawn}A")
        for step in run["steps"]:
            line = step_line(step, self._seconds(step))
            self._out.write(f"\x1b[2K\x1b[{_COLOURS[step['status']]}m  {line}\x1b[0m\n")
        self._drawn = len(run["steps"])
        self._out.flush()

    def _append(self, run: dict[str, Any]) -> None:
        for step in run["steps"]:
            if step["status"] in ("completed", "failed") and step["step"] not in self._told:
                self._told.add(step["step"])
                self._out.write(f"  {step_line(step, self._seconds(step))}\n")
        self._out.flush()
