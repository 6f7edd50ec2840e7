"""The API as a client meets it, in process: routes, authorizer and handlers by a clock of the test's own."""

from __future__ import annotations

import importlib
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from functions.identity.access import authorize
from functions.identity.accounts import passwords
from infra.catalog import CATALOG, Access
from infra.local.gateway import Router, authorizer_event
from infra.local.postgres import SUPERUSER, Postgres
from infra.local.redis import Redis
from shared import bootstrap
from shared.adapters.bus import FakeBus
from shared.adapters.clock import FakeClock
from shared.adapters.copies import RedisCopies
from shared.adapters.limiter import InMemoryLimiter, Limiter
from shared.adapters.secrets import FakeSecrets
from shared.bootstrap import Container
from tests.fixtures.engines import TestDatabase
from tests.integration.database.conftest import HOUSE
from tests.unit.http.events import event

TOKEN_KEY = "the-key-of-all-tokens-of-these-tests"
EMAIL = "ada@example.com"
PASSWORD = "shoals of herring at noon"
HOME = "203.0.113.7"
_router = Router(CATALOG.routes)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    json: Any


class Door:
    """A tenant of the test's own and the way into it; `enter` it in every thread that sends requests."""

    def __init__(self, database: TestDatabase, cache_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        given = {
            **database.environment(),
            "CACHE_URL": cache_url,
            "HOUSE_TENANT_ID": str(HOUSE),
            "TRUSTED_PROXIES": "1",
            "TOKEN_KEY_SECRET": "token-key",
            "CAPABILITY_KEY_SECRET": "capability-key",
            "RATE_LIMIT_USER_REQUESTS": "100000",
            "RATE_LIMIT_ENDPOINT_REQUESTS": "100000",
            "POWERTOOLS_TRACE_DISABLED": "true",
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        self.clock = FakeClock(datetime(2026, 11, 22, 12, tzinfo=UTC))
        self.bus = FakeBus()
        self.limiter: Limiter = InMemoryLimiter(self.clock)
        self.token_key = TOKEN_KEY
        self._database = database
        self._cache_url = cache_url
        self._local = threading.local()
        self._made: list[Container] = []
        monkeypatch.setattr(bootstrap, "_environment", self._local)
        self.enter()
        self.tenant, self.slug = self.add_tenant()

    def enter(self) -> Container:
        """Give this thread a container and return it."""
        made = Container()
        made.__dict__ |= {
            "clock": self.clock,
            "bus": self.bus,
            "limiter": self.limiter,
            "copies": RedisCopies(self._cache_url, self.clock),
            "secrets": FakeSecrets({"token-key": self.token_key, "capability-key": "cap"}),
        }
        self._local.container = made
        self._made.append(made)
        return made

    @property
    def own(self) -> Container:
        """The container of this thread."""
        found: Container = self._local.container
        return found

    def close(self) -> None:
        """Close every thread's connections."""
        for made in self._made:
            made.database.close()
            made.copies.close()

    def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Ask the database as somebody who sees everything; `%(tenant)s` is this test's tenant."""
        with psycopg.connect(self._database.dsn(SUPERUSER), autocommit=True, row_factory=dict_row) as link:
            cursor = link.execute(statement.encode(), {"tenant": getattr(self, "tenant", None)} | values)
            return cursor.fetchall() if cursor.description else []

    def add_tenant(self) -> tuple[UUID, str]:
        """Add a tenant; return its id and slug."""
        slug = f"door-{next(_numbers)}"
        statement = "INSERT INTO identity.tenants (name, slug) VALUES ('A house', %(slug)s) RETURNING id"
        return UUID(str(self.rows(statement, slug=slug)[0]["id"])), slug

    def add_user(self, email: str = EMAIL, role: str = "viewer", password_hash: str | None = None) -> UUID:
        """Add a user of the tenant."""
        (row,) = self.rows(
            "INSERT INTO identity.users (tenant_id, email, username, password_hash, role) VALUES"
            " (%(tenant)s, %(email)s, %(name)s, %(hash)s, %(role)s) RETURNING id",
            email=email,
            name=email.partition("@")[0],
            hash=password_hash or passwords.hash_password(PASSWORD),
            role=role,
        )
        return UUID(str(row["id"]))

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        address: str = HOME,
        agent: str = "tests",
        query: dict[str, str] | None = None,
        more_headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send a request as API Gateway does: through the authorizer unless the route is public."""
        match = _router.find(method, path)
        headers = {"Content-Type": "application/json", "X-Forwarded-For": address, "User-Agent": agent}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        headers |= more_headers or {}
        asked = event(
            body,
            method=method,
            path=path,
            headers=headers,
            path_parameters=match.parameters or None,
            query=query,
            operation=match.route.operation,
        )
        if match.route.access is not Access.PUBLIC:
            try:
                verdict = authorize.handler(authorizer_event(asked), None)
            except authorize.NotAuthenticated:
                return Reply(401, {}, None)
            if verdict["policyDocument"]["Statement"][0]["Effect"] != "Allow":
                return Reply(403, {}, verdict["context"])
            asked["requestContext"]["authorizer"] = verdict["context"]
        module, _, name = CATALOG.function(match.route.function).handler.rpartition(".")
        answer = getattr(importlib.import_module(module), name)(asked, None)
        text = answer["body"]
        return Reply(answer["statusCode"], answer["headers"], json.loads(text) if text else None)

    def login(
        self, email: str = EMAIL, password: str = PASSWORD, slug: str | None = None, **more: Any
    ) -> Reply:
        """Ask for a session; slug: of another tenant than this test's."""
        body = {"tenant": slug or self.slug, "email": email, "password": password}
        return self.send("POST", "/v1/sessions", body, **more)

    def tokens(self, **more: Any) -> dict[str, Any]:
        """Log in and return the answer."""
        reply = self.login(**more)
        assert reply.status == 201, reply
        found: dict[str, Any] = reply.json
        return found

    def refresh(self, token: str) -> Reply:
        """Send a refresh token."""
        return self.send("POST", "/v1/sessions/refresh", {"refresh_token": token})

    def status(self, token: str) -> int:
        """Return what an access token gets: 200 or 401."""
        return self.send("GET", "/v1/sessions", token=token).status

    def audit(self) -> list[tuple[str, Any]]:
        """Return the acts in the audit log with their details, oldest first."""
        statement = (
            "SELECT action, details FROM identity.audit_log WHERE tenant_id = %(tenant)s ORDER BY sequence"
        )
        found = self.rows(statement)
        return [(row["action"], row["details"]) for row in found]


def at_once(door: Door, count: int, act: Callable[[int], Any]) -> list[Any]:
    """Do something in as many threads at the same moment, each with an environment of its own."""
    barrier = threading.Barrier(count)
    found: list[Any] = [None] * count

    def run(index: int) -> None:
        door.enter()
        barrier.wait()
        found[index] = act(index)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.fixture(scope="session")
def door_database(postgres: Postgres, template_database: str) -> Iterator[TestDatabase]:
    """A database in which each test has a tenant of its own."""
    name = "test_doors"
    postgres.create_database(name, template_database)
    yield TestDatabase(postgres, name)
    postgres.drop_database(name)


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hashes that cost a thousandth: how dear they are is tested where they are made."""
    made = (passwords._hasher, passwords._nobodys_hash)
    monkeypatch.setattr(passwords, "MEMORY_KIB", 64)
    monkeypatch.setattr(passwords, "PASSES", 1)
    for each in made:
        each.cache_clear()
    yield
    for each in made:
        each.cache_clear()


@pytest.fixture
def door(
    door_database: TestDatabase,
    redis_server: Redis,
    cheap_hashes: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Door]:
    """A tenant and the way into it."""
    made = Door(door_database, redis_server.url, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def user(door: Door) -> UUID:
    """Somebody who may log in with EMAIL and PASSWORD."""
    return door.add_user()
