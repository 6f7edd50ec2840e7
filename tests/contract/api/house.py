"""The whole API in process: the gateway, the authorizer and every handler over real engines, AWS in memory.

Handlers run in the local Lambda runtime, so each worker has a container of its own; bus, secrets and objects are
shared by all of them.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from functions.knowledge.service import ensure_collections
from infra.catalog import CATALOG
from infra.local.aws import names
from infra.local.aws.runtime import Runtime
from infra.local.aws.secret_file import SIGNING_KEY, load_secrets
from infra.local.aws.wsgi import Answer, calling
from infra.local.environment import HOUSE_TENANT_ID, Parts, environment_for, installed
from infra.local.gateway import Gateway
from infra.local.postgres import APP, OWNER, SUPERUSER, SYSTEM, Postgres
from shared import bootstrap, settings
from shared.adapters.bus import FakeBus
from shared.adapters.embeddings import HashedEmbedder
from shared.adapters.objects_memory import InMemoryObjectStore
from shared.adapters.secrets import FakeSecrets
from shared.adapters.vectors_memory import InMemoryVectorStore
from shared.bootstrap import Container, close_container
from tests.fixtures.engines import TestDatabase

HOUSE = UUID(HOUSE_TENANT_ID)
MANY = "100000"
EMBEDDERS = {dimension: HashedEmbedder(dimension) for dimension in (768, 1536)}
_NOWHERE = "http://127.0.0.1:9"


def generous() -> dict[str, str]:
    """Return settings with which what a test sends meets no limit: those have tests of their own."""
    kinds = [kind for kind in vars(settings).values() if isinstance(kind, type)]
    names = {name for kind in kinds if issubclass(kind, settings.Settings) for name in kind.variables()}
    return {name: MANY for name in sorted(names) if name.endswith(("_PER_HOUR", "_REQUESTS", "_FAILURES"))}


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Sent:
    """A request. body: bytes are sent as they are, anything else as JSON; token: as Authorization: Bearer."""

    method: str
    path: str
    token: str | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class _Pages:
    """No pages under /_local."""

    def answer(self, *_: Any) -> Answer | None:
        return None


class House:
    """The API over a database and a cache. Use as a context manager."""

    def __init__(self, database: TestDatabase, cache_url: str, folder: Path, more: Mapping[str, str]) -> None:
        self.database = database
        self.nobody = UUID(int=0)
        self.bus = FakeBus()
        self.objects = InMemoryObjectStore({names.bucket_name(b): b.versioned for b in CATALOG.buckets})
        made = load_secrets(folder / "secrets.json", CATALOG.secrets, {})
        self.keys = {secret.name: made[secret.name] for secret in CATALOG.secrets}
        self.vectors = InMemoryVectorStore()
        self._secrets = FakeSecrets({names.secret_name(s): made[s.name] for s in CATALOG.secrets})
        parts = Parts(
            database_host=database.server.host,
            database_port=database.server.port,
            database_name=database.name,
            database_user=APP,
            database_owner=OWNER,
            database_system_user=SYSTEM,
            cache_url=cache_url,
            aws_url=_NOWHERE,
            vectors_url=_NOWHERE,
            model_url=_NOWHERE,
        )
        values = environment_for(CATALOG, parts, {SIGNING_KEY: "unused"}, {})
        self.environment = {**values, **generous(), "EMBEDDING_PROVIDER": "hashed", **more}
        ensure_collections(self.vectors, EMBEDDERS.values())
        self._runtime = Runtime(CATALOG.functions, leave=close_container)
        self._gateway = Gateway(CATALOG, self._runtime, _Pages(), port=0)  # type: ignore[arg-type]
        self._inside = threading.Lock()
        self._depth = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.eye.close()
        self._runtime.stop()
        self._gateway.stop()

    @cached_property
    def eye(self) -> psycopg.Connection[dict[str, Any]]:
        """A connection that sees everything."""
        return psycopg.connect(self.database.dsn(SUPERUSER), autocommit=True, row_factory=dict_row)

    @contextmanager
    def around(self) -> Iterator[None]:
        """Have the environment and the adapters of the house in place, and what was there again afterwards."""
        with self._inside:
            self._depth += 1
            if self._depth == 1:
                self._enter()
        try:
            yield
        finally:
            with self._inside:
                self._depth -= 1
                if self._depth == 0:
                    self._stack.close()

    def _enter(self) -> None:
        self._stack.enter_context(installed(self.environment))
        patch = self._stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(bootstrap, "Container", self._container_class())

    def _container_class(self) -> type[Container]:
        house = self

        class Inside(Container):
            """A container whose AWS is the house's."""

            bus = cached_property(lambda _: house.bus)
            objects = cached_property(lambda _: house.objects)
            secrets = cached_property(lambda _: house._secrets)
            vectors = cached_property(lambda _: house.vectors)

        return Inside

    def app(self, environ: dict[str, Any], start_response: Any) -> Any:
        """The WSGI application."""
        with self.around():
            return self._gateway.app(environ, start_response)

    def send(self, sent: Sent) -> Reply:
        """Send a request and return what comes back, whatever it is."""
        answer = calling(self.app)(environ_of(sent))
        return Reply(answer.status, {name.lower(): value for name, value in answer.headers}, answer.body)


@contextmanager
def opened(postgres: Postgres, template: str, cache_url: str, folder: Path, name: str) -> Iterator[House]:
    """Give a house with a migrated database of that name, and drop it afterwards."""
    postgres.create_database(name, template)
    with House(TestDatabase(postgres, name), cache_url, folder, {}) as made:
        yield made
    postgres.drop_database(name)


def environ_of(sent: Sent) -> dict[str, Any]:
    """Return a request as a WSGI server gives it to an application."""
    parts = urlsplit(sent.path)
    headers = dict(sent.headers)
    body = b""
    if sent.body is not None:
        body = sent.body if isinstance(sent.body, bytes) else json.dumps(sent.body).encode()
        headers.setdefault("content-type", "application/json")
    if sent.token is not None:
        headers.setdefault("authorization", f"Bearer {sent.token}")
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    named["CONTENT_TYPE"] = named.pop("HTTP_CONTENT_TYPE", "")
    return {
        "REQUEST_METHOD": sent.method,
        "RAW_URI": quote(sent.path, safe="/?&=%:.-_~+"),
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "REMOTE_ADDR": "203.0.113.7",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "api.example.com",
        "wsgi.input": io.BytesIO(body),
        **named,
    }
