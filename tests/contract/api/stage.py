"""Tenants with everything in them, whose people may call every operation."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from infra.local.postgres import SUPERUSER
from infra.openapi.inventory import Served
from shared.db.unit_of_work import Database
from shared.http.capability import Capability, issue
from tests.contract.api.documented import check_common, check_documented
from tests.contract.api.house import House, Reply, Sent
from tests.integration.database.rows import add_tenant, fill

# Parameter of a path → the table whose rows it names, and its column.
PLACES = {
    "run_id": ("agency.workflow_runs", "id"),
    "project_id": ("agency.projects", "id"),
}
# Operation → what must be so before it can be done.
BEFORE: dict[str, str] = {
    "approve_run": "UPDATE agency.workflow_runs SET approval = 'waiting', task_token = 'token', status = 'running'",
    "retry_run": "UPDATE agency.workflow_runs SET status = 'failed', completed_at = now(), started_at = now()",
}
# Texts that no two things of a tenant share.
_OWN_TEXTS = ("email", "name", "username", "slug")
_numbers = itertools.count(1)


def own(body: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a body like this one that nobody has sent before, if it holds a text that things are known by."""
    made = copy.deepcopy(body)
    for name in _OWN_TEXTS:
        if made is not None and isinstance(made.get(name), str):
            number = next(_numbers)
            made[name] = f"n{number}-{made[name]}" if name in ("email", "slug") else f"{made[name]} {number}"
    return made


@dataclass
class Tenancy:
    """A tenant with a row in every table."""

    house: House
    id: UUID

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """Ask the database as somebody who sees everything; `%(tenant)s` is this tenant."""
        with psycopg.connect(
            self.house.database.dsn(SUPERUSER), autocommit=True, row_factory=dict_row
        ) as link:
            cursor = link.execute(statement.encode(), {"tenant": self.id})
            return cursor.fetchall() if cursor.description else []

    def value(self, name: str) -> str:
        """Return what a parameter of a path may be here. Fails for one that nobody has told us of."""
        if name not in PLACES:
            pytest.fail(f"no value for {{{name}}}: add its table to PLACES in tests/contract/api/stage.py")
        table, column = PLACES[name]
        found = self.rows(f"SELECT {column} AS value FROM {table} WHERE tenant_id = %(tenant)s ORDER BY 1")
        if not found:
            pytest.fail(f"{table} has no row: tests/integration/database/rows.py must fill it")
        return str(found[0]["value"])

    @cached_property
    def visitor(self) -> str:
        """The token of whoever sent the idea."""
        until = datetime.now(UTC) + timedelta(hours=1)
        capability = Capability(self.id, UUID(self.value("project_id")), until)
        return issue(capability, self.house.keys["capability-key"])

    @cached_property
    def admin(self) -> str:
        """The access token of an administrator."""
        return self.visitor

    def path(self, case: Served, **values: str) -> str:
        """Return the path of an operation, its parameters filled with what is here."""
        filled = {name: self.value(name) for name in case.parameters} | values
        return case.route.path.format_map(filled)

    def request(self, case: Served, **values: str) -> Sent:
        """Return a request that is valid; `values` fill the path."""
        body = own(case.operation.example)
        if case.operation.body is not None and body is None:
            pytest.fail(f"{case.operation.name} takes a body and gives no example of one")
        token = None if case.public else self.admin
        return Sent(case.route.method, self.path(case, **values), token, body)

    def prepare(self, case: Served) -> None:
        """Bring about what an operation needs."""
        if case.operation.name in BEFORE:
            self.rows(f"{BEFORE[case.operation.name]} WHERE tenant_id = %(tenant)s")

    def send(self, case: Served, sent: Sent) -> Reply:
        """Send a request; fail unless the answer is one that the document has."""
        reply = self.house.send(sent)
        check_common(reply)
        check_documented(case, reply)
        return reply


def settle(house: House) -> Tenancy:
    """Make a tenant with a row in every table."""
    tenant_id = uuid4()
    database = Database(house.database.settings())
    try:
        add_tenant(database, tenant_id)
        fill(database, tenant_id)
    finally:
        database.close()
    return Tenancy(house, tenant_id)


Settling = Callable[[], Tenancy]
