"""Handlers of people, called as API Gateway and SQS call them, over a real database."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from functions.identity.accounts.passwords import hash_password
from functions.identity.api import account, bootstrap, invitations, recovery, teams, tenants, users
from functions.identity.events import prepare_reset, send_mail
from shared import bootstrap as composition
from shared.adapters.bus import BusEvent, FakeBus
from shared.adapters.clock import FakeClock
from shared.adapters.limiter import InMemoryLimiter
from shared.adapters.mail import MailMessage, Outbox
from shared.adapters.secrets import FakeSecrets
from shared.bootstrap import Container
from shared.db.unit_of_work import Database
from shared.http.resource import Resource
from shared.models.caller import Caller, CallerKind, Role
from tests.fixtures.engines import TestDatabase
from tests.unit.http.events import event

PASSWORD = "harbour pilots sleep late"
BOOTSTRAP_KEY = "the-bootstrap-key-of-this-test"
RESOURCES: list[Resource] = [
    account.account,
    bootstrap.bootstrap,
    invitations.invitations,
    recovery.recovery,
    teams.teams,
    tenants.tenants,
    users.users,
]
_CONSUMERS: dict[str, Callable[[dict[str, Any], Any], dict[str, Any]]] = {
    "password_reset_requested": prepare_reset.handler,
    "mail_requested": send_mail.handler,
}
_TOKEN = re.compile(r"mail_[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_ADD_USER = """
INSERT INTO identity.users (tenant_id, email, username, password_hash, role, email_verified_at)
VALUES (%(tenant)s, %(name)s || '@example.com', %(name)s, %(hash)s, %(role)s, now()) RETURNING id
"""
_ADD_SESSION = """
INSERT INTO identity.sessions (tenant_id, user_id, ip_address, user_agent, expires_at)
VALUES (%(tenant)s, %(user)s, '203.0.113.7', 'tests', now() + interval '1 day') RETURNING id
"""
_ADD_KEY = """
INSERT INTO identity.api_keys (tenant_id, user_id, name, prefix, key_hash, scopes)
VALUES (%(tenant)s, %(user)s, 'Key', 'sk-' || %(user)s::text, sha256('x'), '{*}') RETURNING id
"""


@dataclass(frozen=True)
class Reply:
    """What a handler answered."""

    status: int
    headers: dict[str, str]
    json: Any


class Inside(Container):
    """A container on the test's database; what is outside of it is in memory, and shared."""

    def __init__(self, parts: dict[str, Any]) -> None:
        super().__init__()
        self.__dict__ |= parts


class Office:
    """Sends requests and delivers what they announce. Each thread has an execution environment of its own."""

    def __init__(self, database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
        self._database = Database(database.settings())
        self.tenant = self.add_tenant()
        self.slug = str(self.tenant)
        settings = {
            **database.environment(),
            "HOUSE_TENANT_ID": str(self.tenant),
            "BOOTSTRAP_KEY_SECRET": "bootstrap-key",
            "MAIL_KEY_SECRET": "mail-key",
            "MAIL_SENDER": "RoboAgency <no-reply@roboagency.example>",
            "POWERTOOLS_TRACE_DISABLED": "true",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        self.bus, self.clock, self.outbox = FakeBus(), FakeClock(), Outbox()
        self._parts = {
            "bus": self.bus,
            "clock": self.clock,
            "mailer": self.outbox,
            "limiter": InMemoryLimiter(self.clock),
            "secrets": FakeSecrets({"mail-key": "a-mail-key", "bootstrap-key": BOOTSTRAP_KEY}),
        }
        self.callers: dict[str, Caller] = {}
        self.own = threading.local()
        self._made: list[Container] = []
        self._delivered = 0
        monkeypatch.setattr(composition, "_environment", self.own)
        self.environment()

    def environment(self) -> None:
        """Give this thread a container."""
        self.own.container = Inside(self._parts)
        self._made.append(self.own.container)

    def close(self) -> None:
        """Close every connection."""
        for made in self._made:
            made.database.close()
        self._database.close()

    def send(
        self,
        operation: str,
        body: Any = None,
        *,
        caller: Caller | None = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **path: Any,
    ) -> Reply:
        """Call an operation by its name. caller: what the authorizer found; path: parameters of the path."""
        (resource,) = [each for each in RESOURCES if operation in each.operations]
        sent = event(
            body,
            headers={"content-type": "application/json", **(headers or {})},
            path_parameters={name: str(value) for name, value in path.items()} or None,
            query=query,
            operation=operation,
            caller=caller,
            path=f"/v1/{operation}/{'/'.join(map(str, path.values()))}",
        )
        answer = resource.handler(sent, None)
        body = json.loads(answer["body"]) if answer["body"] else None
        return Reply(answer["statusCode"], answer["headers"], body)

    def ask_reset(self, email: str, *, tenant: str | None = None, **more: Any) -> Reply:
        """Ask for a new password for whoever has an address in a tenant, this office's own by default."""
        return self.send("request_password_reset", {"email": email, "tenant": tenant or self.slug}, **more)

    def rows(self, statement: str, tenant: UUID | None = None, **names: Any) -> list[dict[str, Any]]:
        """Ask the database as a tenant, this office's own by default; `%(tenant)s` is its id."""
        chosen = tenant or self.tenant
        with self._database.transaction(chosen) as work:
            cursor = work.connection.execute(statement.encode(), {"tenant": chosen, **names})
            return cursor.fetchall() if cursor.description else []

    def add_tenant(self) -> UUID:
        """Add another tenant, whose slug is its id."""
        made = uuid4()
        self.rows(
            "INSERT INTO identity.tenants (id, slug, name) VALUES (%(tenant)s, %(tenant)s::text, 'Quay')",
            made,
        )
        return made

    def add_user(self, name: str, role: Role = Role.DEVELOPER, tenant: UUID | None = None) -> Caller:
        """Add a user with PASSWORD and a session; return them as a caller."""
        (user,) = self.rows(_ADD_USER, tenant, name=name, hash=_hash(), role=role.value)
        (session,) = self.rows(_ADD_SESSION, tenant, user=user["id"])
        return Caller(
            tenant or self.tenant, CallerKind.USER, user["id"], user["id"], role, session_id=session["id"]
        )

    def add_session(self, user: Caller) -> UUID:
        """Add another session of a user."""
        return UUID(str(self.rows(_ADD_SESSION, user.tenant_id, user=user.id)[0]["id"]))

    def add_key(self, user: Caller) -> UUID:
        """Add an API key of a user."""
        return UUID(str(self.rows(_ADD_KEY, user.tenant_id, user=user.id)[0]["id"]))

    def user(self, user_id: Any, tenant: UUID | None = None) -> dict[str, Any]:
        """Return the row of a user, deleted or not."""
        return self.rows("SELECT * FROM identity.users WHERE id = %(id)s", tenant, id=user_id)[0]

    def live_sessions(self, user: Caller) -> set[UUID]:
        """Return the sessions of a user that have not ended."""
        found = self.rows(
            "SELECT id FROM identity.sessions WHERE user_id = %(id)s AND revoked_at IS NULL", id=user.id
        )
        return {row["id"] for row in found}

    def acts(self, tenant: UUID | None = None) -> list[str]:
        """Return the actions in the audit log of a tenant, in their order."""
        found = self.rows(
            "SELECT action FROM identity.audit_log WHERE tenant_id = %(tenant)s ORDER BY sequence", tenant
        )
        return [row["action"] for row in found]

    def deliver(self) -> list[MailMessage]:
        """Hand everything announced to its consumer, as bus and queue do; return the mails that came of it."""
        before = len(self.outbox.sent)
        while self._delivered < len(self.bus.published):
            announced = self.bus.published[self._delivered]
            self._delivered += 1
            assert consume(announced) == []
        return self.outbox.sent[before:]

    def together(self, *acts: Callable[[], Reply]) -> list[Reply]:
        """Do several things at once, each in an environment of its own; return what each was answered."""
        start = threading.Barrier(len(acts))

        def run(act: Callable[[], Reply]) -> Reply:
            self.environment()
            start.wait()
            return act()

        with ThreadPoolExecutor(len(acts)) as pool:
            return [task.result() for task in [pool.submit(run, act) for act in acts]]


def consume(announced: BusEvent) -> list[str]:
    """Hand an event to its consumer; return the messages that failed."""
    handler = _CONSUMERS.get(announced.detail_type)
    if handler is None:
        return []
    record = {"messageId": "message-1", "body": json.dumps({"detail": announced.detail})}
    failures: list[dict[str, str]] = handler({"Records": [record]}, None)["batchItemFailures"]
    return [failure["itemIdentifier"] for failure in failures]


def token_in(mail: MailMessage) -> str:
    """Return the token in a mail."""
    (found,) = set(_TOKEN.findall(mail.text))
    return found


def _hash() -> str:
    if "made" not in _HASHES:
        _HASHES["made"] = hash_password(PASSWORD)
    return _HASHES["made"]


_HASHES: dict[str, str] = {}
