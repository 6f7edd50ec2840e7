"""One request or one step is one transaction.

The unit of work sets the tenant, commits once, and never spans a call to the model, the vector engine or S3.
What must happen after the commit goes through the outbox: `work.announce(...)`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from shared.db.connection import Connection, connect
from shared.errors import AppError, Conflict, DependencyUnavailable
from shared.settings import DatabaseSettings

Row = dict[str, Any]

_INSERT_EVENT = """
INSERT INTO identity.outbox (tenant_id, event_type, detail)
VALUES (%(tenant_id)s, %(event_type)s, %(detail)s)
RETURNING id, tenant_id, event_type, detail, created_at
"""

# What a second attempt can mend.
_PASSING = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
    psycopg.errors.AdminShutdown,
    psycopg.errors.CrashShutdown,
    psycopg.errors.CannotConnectNow,
    psycopg.errors.TooManyConnections,
)


def translate(error: psycopg.Error) -> AppError:
    """Return what a driver's error means to the product; the SQL never leaves this module."""
    if isinstance(error, _PASSING) or (isinstance(error, psycopg.OperationalError) and not error.sqlstate):
        return DependencyUnavailable("The database is busy; try again in a moment.")
    if isinstance(error, psycopg.errors.UniqueViolation):
        return Conflict(f"This exists already ({error.diag.constraint_name}).")
    if isinstance(error, psycopg.errors.CheckViolation) and not error.diag.constraint_name:
        return AppError(
            "A table has no partition for this moment; stewardship.maintain_partitions makes them."
        )
    if isinstance(error, psycopg.errors.IntegrityError):
        return Conflict(f"The data breaks a rule of the system ({error.diag.constraint_name}).")
    return AppError("The database refused the statement.")


@dataclass
class UnitOfWork:
    """A transaction of one tenant (None: of the system's own role). Statements take named parameters."""

    connection: Connection
    tenant_id: UUID | None
    announced: list[Row] = field(default_factory=list)
    _last: list[Callable[[], object]] = field(default_factory=list)

    def execute(self, statement: str, parameters: Mapping[str, Any] | None = None) -> int:
        """Run a statement; return how many rows it touched."""
        return self.connection.execute(statement.encode(), self._with_tenant(parameters)).rowcount

    def fetch_one(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Row | None:
        """Return the first row as a dict, or None."""
        return self.connection.execute(statement.encode(), self._with_tenant(parameters)).fetchone()

    def fetch_all(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Return every row as a dict."""
        return self.connection.execute(statement.encode(), self._with_tenant(parameters)).fetchall()

    def execute_many(self, statement: str, rows: list[dict[str, Any]]) -> None:
        """Run a statement once for each row of parameters."""
        with self.connection.cursor() as cursor:
            cursor.executemany(statement.encode(), [self._with_tenant(row) for row in rows])

    def announce(self, event_type: str, detail: Mapping[str, Any]) -> UUID:
        """Write an event into the outbox; it is published once this transaction is committed."""
        parameters = {"event_type": event_type, "detail": Jsonb(dict(detail))}
        row = self.fetch_one(_INSERT_EVENT, parameters)
        if row is None:
            raise AppError("The outbox took no row.")
        self.announced.append(row)
        return UUID(str(row["id"]))

    def before_commit(self, act: Callable[[], object]) -> None:
        """Have `act` done as the last thing of this transaction, after the block; in the order of the calls.

        For what takes a lock that many transactions want: it is held briefly, and by nobody who waits for another.
        """
        self._last.append(act)

    def finish(self) -> None:
        """Do what waits for the end of the block."""
        while self._last:
            self._last.pop(0)()

    def _with_tenant(self, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
        return {"tenant_id": self.tenant_id, **(parameters or {})}


Publisher = Callable[[list[Row]], None]


class Database:
    """One connection for each execution environment, opened when first needed and again when broken."""

    def __init__(
        self, settings: DatabaseSettings, user: str | None = None, after_commit: Publisher | None = None
    ) -> None:
        self._settings = settings
        self._user = user
        self._after_commit = after_commit
        self._connection: Connection | None = None

    @contextmanager
    def transaction(self, tenant_id: UUID | None) -> Iterator[UnitOfWork]:
        """Open a transaction of `tenant_id`; commit at the end, roll back on any error.

        Raises what the block raises; errors of the driver become Conflict, DependencyUnavailable or AppError.
        """
        with ExitStack() as stack:
            connection = self._begin(stack)
            work = UnitOfWork(connection, tenant_id)
            try:
                if tenant_id is not None:
                    work.execute("SELECT set_config('app.tenant_id', %(tenant_id)s::text, true)")
                yield work
                work.finish()
                stack.close()
            except psycopg.Error as error:
                raise translate(error) from error
        if work.announced and self._after_commit is not None:
            try:
                self._after_commit(work.announced)
            except Exception:
                # The rows are safe in the outbox: the scheduled relay publishes them.
                logging.getLogger("roboagency").warning("could not publish at once", exc_info=True)

    def _begin(self, stack: ExitStack) -> Connection:
        """Start a transaction that `stack` ends; a connection that died since its last use is replaced."""
        stale = self._connection
        if stale is not None and not stale.closed:
            try:
                stack.enter_context(stale.transaction())
                return stale
            except psycopg.OperationalError:
                self.close()
        self._connection = connect(self._settings, self._user)
        # Every statement of ours belongs to a transaction() block; nothing is left open between them.
        self._connection.autocommit = True
        stack.enter_context(self._connection.transaction())
        return self._connection

    def close(self) -> None:
        """Close the connection; the next transaction opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
