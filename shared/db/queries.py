"""SQL stands in `queries.sql`; this reads it by name.

A statement starts with `-- name --`, goes on with a sentence in comments, and ends at the next name.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_NAME = re.compile(r"^-- ([a-z][a-z0-9_]*) --$", re.MULTILINE)


class Queries:
    """The statements of one file: `queries["get_run"]`; KeyError names the file when there is none."""

    def __init__(self, path: Path) -> None:
        pieces = _NAME.split(path.read_text(encoding="utf-8"))
        names, bodies = pieces[1::2], pieces[2::2]
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(f"{path} names {sorted(repeated)} more than once")
        self._path = path
        self._statements: dict[str, str] = dict(zip(names, map(str.strip, bodies), strict=True))

    def __getitem__(self, name: str) -> str:
        if name not in self._statements:
            raise KeyError(f"{name} is not in {self._path}")
        return self._statements[name]

    def names(self) -> list[str]:
        """Every name, in the order of the file."""
        return list(self._statements)


@cache
def load_queries(folder: Path) -> Queries:
    """Read `folder/queries.sql` once."""
    return Queries(folder / "queries.sql")
