"""Tenants with everything in them, whose people may call every operation."""

from __future__ import annotations

import copy
import itertools
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any
from uuid import UUID, uuid4

import pytest

from functions.identity.access.policies import is_allowed
from functions.identity.accounts.passwords import hash_password
from functions.identity.accounts.tokens import AccessToken, issue_access_token
from infra.openapi.inventory import Served, served
from shared.db.unit_of_work import Database
from shared.http.capability import Capability, issue
from shared.models.caller import Caller, CallerKind, Role
from tests.contract.api.documented import check_common, check_documented
from tests.contract.api.house import HOUSE, House, Reply, Sent
from tests.integration.database.rows import add_tenant, fill

PASSWORD = "a long sentence of your own"
# Parameter of a path → which rows of a tenant it may name; the first of them is taken.
PLACES = {
    "run_id": "agency.workflow_runs",
    "project_id": "agency.projects",
    "user_id": "identity.users WHERE role <> 'admin'",
    "session_id": "identity.sessions",
    "team_id": "identity.teams",
    "invitation_id": "identity.invitations",
    "key_id": "identity.api_keys",
    "endpoint_id": "identity.webhook_endpoints",
    "delivery_id": "identity.webhook_deliveries",
    "document_id": "knowledge.documents WHERE origin = 'upload'",
}
# Parameters of a path that are names which everybody knows.
NAMES = {"collection": "knowledge_base"}
# Operation → what must be so before it can be done.
BEFORE: dict[str, str] = {
    "approve_run": "UPDATE agency.workflow_runs SET approval = 'waiting', task_token = 'token', status = 'running'",
    "retry_run": "UPDATE agency.workflow_runs SET status = 'failed', completed_at = now(), started_at = now()",
    # Only its owner may.
    "rotate_api_key": """UPDATE identity.api_keys SET successor_id = NULL, expires_at = NULL, user_id =
        (SELECT id FROM identity.users WHERE tenant_id = %(tenant)s AND role = 'admin' ORDER BY id LIMIT 1)""",
}
_USER = """
INSERT INTO identity.users (tenant_id, email, username, password_hash, role, email_verified_at)
VALUES (%(tenant)s, %(email)s, %(username)s, %(password_hash)s, %(role)s, now()) RETURNING id, token_version
"""
_SESSION = """
INSERT INTO identity.sessions (tenant_id, user_id, ip_address, user_agent, expires_at)
VALUES (%(tenant)s, %(user)s, '203.0.113.7', 'tests', now() + interval '1 hour') RETURNING id
"""
# Texts that no two things of a tenant share, and how another one is made of one.
_OWN_TEXTS = {
    "email": "n{number}-{text}",
    "admin_email": "n{number}-{text}",
    "slug": "{text}-{number}",
    "username": "{text}{number}",
    "name": "{text} {number}",
}
_numbers = itertools.count(1)


def own(body: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a body like this one that nobody has sent before, if it holds a text that things are known by."""
    if body is None:
        return None
    made = copy.deepcopy(body)
    for name, form in _OWN_TEXTS.items():
        if isinstance(made.get(name), str):
            made[name] = form.format(text=made[name], number=next(_numbers))
    return made


def pointers(reply: Reply) -> list[str]:
    """Return where a problem points to."""
    return [error["pointer"] for error in reply.json().get("errors", [])]


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


@dataclass
class Tenancy:
    """A tenant with a row in every table, an administrator, a program with an API key, and a visitor."""

    house: House
    id: UUID

    def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Ask the database as somebody who sees everything; `%(tenant)s` is this tenant."""
        cursor = self.house.eye.execute(statement.encode(), {"tenant": self.id, **values})
        return cursor.fetchall() if cursor.description else []

    def value(self, name: str) -> str:
        """Return what a parameter of a path may be here. Fails for one that nobody has told us of."""
        if name in NAMES:
            return NAMES[name]
        if name not in PLACES:
            pytest.fail(f"no value for {{{name}}}: add its table to PLACES in tests/contract/api/stage.py")
        found = self.found(name)
        if found is None:
            pytest.fail(f"{PLACES[name]} has no row: `furnish` of tests/contract/api/stage.py must make one")
        return found

    def found(self, name: str) -> str | None:
        """Return the id of the first row that a parameter of a path may name, None when there is none."""
        if name in NAMES:
            return None
        table, _, condition = PLACES[name].partition(" WHERE ")
        statement = "SELECT id FROM {} WHERE tenant_id = %(tenant)s AND {} ORDER BY id LIMIT 1"
        rows = self.rows(statement.format(table, condition or "true"))
        return str(rows[0]["id"]) if rows else None

    @cached_property
    def visitor(self) -> str:
        """The token of whoever sent the idea."""
        until = datetime.now(UTC) + timedelta(hours=1)
        capability = Capability(self.id, UUID(self.value("project_id")), until)
        return issue(capability, self.house.keys["capability-key"])

    @cached_property
    def admin(self) -> str:
        """The access token of an administrator."""
        return self.token_of("admin")

    @cached_property
    def second(self) -> str:
        """The access token of another administrator."""
        return self.token_of("admin")

    @cached_property
    def program(self) -> str:
        """An API key of the administrator for everything."""
        case = next(case for case in served() if case.operation.name == "create_api_key")
        body = {"name": "Everything", "scopes": ["*"]}
        return str(self.send(case, Sent("POST", case.route.path, self.admin, body)).json()["key"])

    def token_of(self, role: str) -> str:
        """Return the access token of a new user with that role."""
        number = next(_numbers)
        names = {"email": f"{role}{number}@example.com", "username": f"{role}{number}", "role": role}
        (user,) = self.rows(_USER, password_hash=_password_hash(), **names)
        sessions = [self.rows(_SESSION, user=user["id"])[0]["id"] for _ in range(2)]
        now = int(time.time())
        token = AccessToken(
            self.id, user["id"], sessions[-1], user["token_version"], uuid4(), now, now + 3600
        )
        return issue_access_token(token, self.house.keys["token-key"], "roboagency")

    def where(self, case: Served) -> Tenancy:
        """Return the tenant whose administrators may do it: some things are the house's alone."""
        somebody = Caller(self.id, CallerKind.USER, self.id, role=Role.ADMIN)
        return self if is_allowed(somebody, case.route.permission) else keeper(self.house)

    def path(self, case: Served, **values: str) -> str:
        """Return the path of an operation, its parameters filled with what is here."""
        filled = {name: values.get(name) or self.value(name) for name in case.parameters}
        return case.route.path.format_map(filled)

    def request(self, case: Served, **values: str) -> Sent:
        """Return a request that is valid; `values` fill the path."""
        body = own(case.operation.example)
        if case.operation.body is not None and body is None:
            pytest.fail(f"{case.operation.name} takes a body and gives no example of one")
        token = None if case.public else self.where(case).admin
        return Sent(case.route.method, self.path(case, **values), token, body)

    def prepare(self, case: Served) -> None:
        """Bring about what an operation needs."""
        if case.operation.name in BEFORE and self.admin:
            self.rows(f"{BEFORE[case.operation.name]} WHERE tenant_id = %(tenant)s")

    def send(self, case: Served, sent: Sent) -> Reply:
        """Send a request; fail unless the answer is one that the document has."""
        reply = self.house.send(sent)
        check_common(reply)
        check_documented(case, reply)
        return reply

    @staticmethod
    def makers(case: Served) -> list[str]:
        """Return the operations that make what a list shows."""
        return [
            each.operation.name
            for each in served()
            if (each.route.method, each.route.path) == ("POST", case.route.path) and not each.public
        ]

    def make(self, operation: str, **values: str) -> None:
        """Do an operation as its example does it. Fails unless it is done."""
        case = next(case for case in served() if case.operation.name == operation)
        reply = self.send(case, self.request(case, **values))
        assert reply.status < 300, reply.body


@cache
def keeper(house: House) -> Tenancy:
    """Return the house itself, whose administrators look after the other tenants."""
    return Tenancy(house, HOUSE)


def settle(house: House) -> Tenancy:
    """Make a tenant with a row in every table."""
    made = Tenancy(house, uuid4())
    with closing(Database(house.database.settings())) as database:
        add_tenant(database, made.id)
    furnish(made)
    return made


def furnish(tenancy: Tenancy) -> None:
    """Give a tenant a row in every table."""
    with closing(Database(tenancy.house.database.settings())) as database:
        fill(database, tenancy.id)
    assert tenancy.admin, "comes first: the first session of a tenant is its own"
    tenancy.token_of("developer")
    for operation in (
        "create_team",
        "put_team_member",
        "create_invitation",
        "create_api_key",
        "create_document",
    ):
        tenancy.make(operation)
