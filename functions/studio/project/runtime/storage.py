"""SQLite storage: one table per entity and an inbox. Every value is bound, never written into SQL.

Values are kept as text in the form their rule reads back, so decimals stay exact. Table and column names come
from the entity classes only and are quoted, so that an entity may be called "order" or "group".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from .entity import Entity
from .errors import NotFound

E = TypeVar("E", bound=Entity)

INBOX_SCHEMA = """\
CREATE TABLE IF NOT EXISTS inbox_message (
    id INTEGER PRIMARY KEY,
    about TEXT NOT NULL,
    about_id INTEGER NOT NULL,
    message TEXT NOT NULL,
    sent_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
"""


@dataclass(frozen=True)
class Message:
    """A message of the inbox about a record; `sent_at` is UTC, `YYYY-MM-DD HH:MM:SS`."""

    id: int
    about: str
    about_id: int
    message: str
    sent_at: str


class Database:
    """A database file with a schema; `transaction` hands out a store that commits once, or not at all."""

    def __init__(self, path: Path | str, schema: str) -> None:
        self._path = path
        with self._connection() as connection:
            connection.executescript(schema + INBOX_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        """Yield a `Store`; commit when the block ends, roll back when it raises."""
        with self._connection() as connection, connection:
            yield Store(connection)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=5)
        try:
            connection.row_factory = sqlite3.Row
            connection.create_function("casefold", 1, str.casefold, deterministic=True)
            yield connection
        finally:
            connection.close()


class Store:
    """Records of all entities inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, record: E) -> E:
        """Insert a record and return it with its new id."""
        columns = record.columns()
        names = ", ".join(_quote(name) for name in columns)
        marks = ", ".join("?" for _ in columns)
        cursor = self._connection.execute(
            f"INSERT INTO {_quote(record.TABLE)} ({names}) VALUES ({marks})",  # noqa: S608  # quoted names
            _texts(record),
        )
        return replace(record, id=cursor.lastrowid or 0)

    def get(self, kind: type[E], record_id: int) -> E:
        """Return the record of that id; raises `NotFound`."""
        for record in self._select(kind, "id = ?", [record_id]):
            return record
        raise NotFound(kind.LABEL, record_id)

    def save(self, record: E) -> E:
        """Write a stored record back and return it; raises `NotFound` when it has gone."""
        changes = ", ".join(f"{_quote(name)} = ?" for name in record.columns())
        cursor = self._connection.execute(
            f"UPDATE {_quote(record.TABLE)} SET {changes} WHERE id = ?",  # noqa: S608  # quoted names
            [*_texts(record), record.id],
        )
        if cursor.rowcount != 1:
            raise NotFound(record.LABEL, record.id)
        return record

    def remove(self, kind: type[E], record_id: int) -> None:
        """Delete a record; raises `NotFound`."""
        cursor = self._connection.execute(
            f"DELETE FROM {_quote(kind.TABLE)} WHERE id = ?",  # noqa: S608  # quoted names
            [record_id],
        )
        if cursor.rowcount != 1:
            raise NotFound(kind.LABEL, record_id)

    def all(self, kind: type[E]) -> list[E]:
        """Return every record in the order of the ids."""
        return self._select(kind, "1 = 1", [])

    def having(self, kind: type[E], field: str, text: str) -> list[E]:
        """Return the records whose field is stored as `text`."""
        return self._select(kind, f"{_quote(field)} = ?", [text])

    def matching(self, kind: type[E], fields: tuple[str, ...], words: str) -> list[E]:
        """Return the records in which every word occurs in one of the fields; case is ignored."""
        any_field = " OR ".join(f"instr(casefold({_quote(field)}), ?) > 0" for field in fields)
        wanted = words.casefold().split()
        clause = " AND ".join(f"({any_field})" for _ in wanted) or "1 = 1"
        return self._select(kind, clause, [word for word in wanted for _ in fields])

    def send(self, record: Entity, message: str) -> Message:
        """Put a message about a stored record into the inbox and return it."""
        cursor = self._connection.execute(
            "INSERT INTO inbox_message (about, about_id, message) VALUES (?, ?, ?)",
            [record.LABEL, record.id, message],
        )
        return next(item for item in self.inbox() if item.id == cursor.lastrowid)

    def inbox(self) -> list[Message]:
        """Return the messages of the inbox, the newest first."""
        rows = self._connection.execute("SELECT * FROM inbox_message ORDER BY id DESC")
        return [Message(**dict(row)) for row in rows]

    def _select(self, kind: type[E], condition: str, values: list[object]) -> list[E]:
        rows = self._connection.execute(
            f"SELECT * FROM {_quote(kind.TABLE)} WHERE {condition} ORDER BY id",  # noqa: S608  # quoted names
            values,
        )
        return [kind(**dict(row)) for row in rows]


def _texts(record: Entity) -> list[object]:
    return [record.text_of(name) for name in record.columns()]


def _quote(name: str) -> str:
    if not name.isidentifier():
        raise ValueError(f"{name!r} is not the name of a table or column")
    return f'"{name}"'
