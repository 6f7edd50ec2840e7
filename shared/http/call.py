"""One request on its way through an operation."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from shared.bootstrap import Container
from shared.db.unit_of_work import UnitOfWork
from shared.errors import AppError, NotFound
from shared.http.etag import require_match
from shared.http.idempotency import transact
from shared.http.operation import Operation
from shared.http.request import Request
from shared.models.base import QueryModel
from shared.models.caller import Caller

B = TypeVar("B")
Q = TypeVar("Q", bound=QueryModel)


@dataclass
class Call(Generic[B]):
    """What an operation is given. body: the model of its body. own: what the function stands on."""

    operation: Operation
    request: Request
    own: Container
    body: B
    query: QueryModel | None = None
    the_caller: Caller | None = None
    the_work: UnitOfWork | None = None
    _afterwards: list[Callable[[], None]] = field(default_factory=list)

    @property
    def caller(self) -> Caller:
        """Who sends the request; a public operation has nobody."""
        if self.the_caller is None:
            raise AppError(f"{self.operation.name} is public and knows no caller.")
        return self.the_caller

    @property
    def work(self) -> UnitOfWork:
        """The transaction of the caller's tenant."""
        if self.the_work is None:
            raise AppError(f"{self.operation.name} has no transaction.")
        return self.the_work

    @property
    def now(self) -> datetime:
        """The time of this request's clock."""
        return self.own.clock.now()

    def asked(self, kind: type[Q]) -> Q:
        """Return the query as the model that the operation declares."""
        if not isinstance(self.query, kind):
            raise AppError(f"{self.operation.name} declares another query.")
        return self.query

    def path_id(self, name: str) -> UUID:
        """Return a UUID of the path. Raises NotFound when it is none: there is no such thing."""
        return self.request.path_id(name)

    def match(self, current: BaseModel) -> None:
        """Raise PreconditionFailed unless `current`, as GET answers it, is what If-Match says."""
        require_match(self.request.header("if-match"), current)

    def see_project(self, project_id: UUID) -> None:
        """Raise NotFound for a visitor with the token of another project."""
        if self.the_caller is not None and self.the_caller.project_id not in (None, project_id):
            raise NotFound("There is no such project.")

    def after_commit(self, act: Callable[[], None]) -> None:
        """Have `act` done once the transaction is committed: for copies only, since a crash in between loses it."""
        self._afterwards.append(act)

    def committed(self) -> None:
        """Do what waits for the commit; what fails is a copy that goes stale and is logged."""
        for act in self._afterwards:
            try:
                act()
            except AppError:
                logging.getLogger("roboagency").warning("a copy was not updated", exc_info=True)

    def transact_for(
        self, tenant_id: UUID, do: Callable[[UnitOfWork], dict[str, Any]], fingerprint: Any
    ) -> dict[str, Any]:
        """Run `do` in one transaction of a tenant, once for the Idempotency-Key: for public operations."""
        return transact(
            self.request,
            self.own.database,
            tenant_id,
            self.operation.name,
            do,
            body=fingerprint,
            status_code=self.operation.status,
        )
