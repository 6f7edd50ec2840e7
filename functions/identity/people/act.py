"""Something that somebody does to the people of a tenant: its transaction, and who is behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from functions.identity.audit import service as audit
from shared.db.queries import Queries, load_queries
from shared.db.unit_of_work import Row, UnitOfWork
from shared.http.call import Call
from shared.models.caller import Caller

_FOLDER = Path(__file__).parent


def queries() -> Queries:
    """The statements of this folder."""
    return load_queries(_FOLDER)


@dataclass(frozen=True)
class Act:
    """actor: None when nobody is logged in. now: of the request's clock."""

    work: UnitOfWork
    actor: Caller | None
    request_id: str
    now: datetime

    @classmethod
    def of(cls, call: Call[Any]) -> Act:
        """The act of a caller, in the transaction of the request."""
        return cls(call.work, call.caller, call.request.request_id, call.now)

    @classmethod
    def of_anybody(cls, call: Call[Any], work: UnitOfWork) -> Act:
        """The act of whoever sends a public request."""
        return cls(work, None, call.request.request_id, call.now)

    @cached_property
    def _queries(self) -> Queries:
        return queries()

    def one(self, statement: str, /, **names: Any) -> Row | None:
        """Return the first row of a statement of this folder."""
        return self.work.fetch_one(self._queries[statement], names)

    def all(self, statement: str, /, **names: Any) -> list[Row]:
        """Return every row of a statement of this folder."""
        return self.work.fetch_all(self._queries[statement], names)

    def do(self, statement: str, /, **names: Any) -> int:
        """Run a statement of this folder; return how many rows it touched."""
        return self.work.execute(self._queries[statement], names)

    def record(self, action: str, subject_type: str, subject_id: UUID | None, **details: Any) -> None:
        """Write the act into the audit log. details: ids and enumerations only."""
        audit.record(
            self.work,
            action,
            actor=self.actor,
            subject_type=subject_type,
            subject_id=subject_id,
            request_id=self.request_id,
            details=details,
        )
