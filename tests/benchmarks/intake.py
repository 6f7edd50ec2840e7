"""The way in against FastAPI and Mangum: the same event, validation, limit, statements and token.

All three do the same work on the same PostgreSQL and Redis; what differs is how a request becomes a call and a
result an answer. The alternative has no problem details, security headers, log line or metric of its own.
"""

from __future__ import annotations

import json
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from functions.agency import service
from functions.agency.api import intake as api
from functions.stewardship.migrations import migrate
from infra.local.environment import HOUSE_TENANT_ID, installed
from infra.local.postgres import APP, DATABASE, OWNER, Postgres
from infra.local.redis import Redis
from shared import bootstrap, observability
from shared.adapters.bus import FakeBus
from shared.adapters.clock import SystemClock
from shared.adapters.limiter import InMemoryLimiter, Limit
from shared.bootstrap import Container, container
from shared.http.capability import Capability, issue
from shared.models.lead import IntakeCreate, IntakeOut
from shared.settings import OwnerDatabaseSettings
from tests.benchmarks.report import Section, milliseconds, percentile
from tests.benchmarks.timing import Contender, Event, interleaved

TENANT = UUID(HOUSE_TENANT_ID)
KEY = "a-key-of-this-benchmark"
BUDGET = 1_000_000
LIMIT = Limit("intake", "ratelimit:intake:{203.0.113.7}", 1_000_000, 3600)
NO_CONTEXT: Any = None


class Own(Container):
    """The product's container with a bus that remembers and a key that is given; `more` stands for other parts."""

    def __init__(self, **more: Any) -> None:
        super().__init__()
        self.__dict__ |= {"bus": FakeBus(), **more}

    @property
    def capability_key(self) -> str:
        """What signs tokens of runs."""
        return KEY


class NoWork:
    """A unit of work that does nothing at once, and its database."""

    @contextmanager
    def transaction(self, tenant_id: UUID | None) -> Iterator[NoWork]:
        """Open nothing."""
        del tenant_id
        yield self

    def execute(self, *_: Any) -> int:
        """Touch one row of nothing."""
        return 1

    def fetch_one(self, *_: Any) -> dict[str, Any]:
        """Return the id of nothing."""
        return {"id": TENANT}

    def execute_many(self, *_: Any) -> None:
        """Do nothing."""

    def announce(self, *_: Any) -> UUID:
        """Tell nobody."""
        return TENANT

    def close(self) -> None:
        """There is nothing to close."""


@contextmanager
def engines() -> Iterator[None]:
    """PostgreSQL and Redis as `make run` has them, migrated, and the environment of the handler."""
    with (
        tempfile.TemporaryDirectory(prefix="robo-bench-") as folder,
        Postgres(Path(folder) / "postgres") as postgres,
        Redis(Path(folder) / "redis") as redis,
        open(os.devnull, "w", encoding="utf-8") as nowhere,
    ):
        environment = {
            "DATABASE_HOST": postgres.host,
            "DATABASE_PORT": str(postgres.port),
            "DATABASE_NAME": DATABASE,
            "DATABASE_USER": APP,
            "DATABASE_OWNER": OWNER,
            "DATABASE_TLS": "disable",
            "DATABASE_LOGIN": "trust",
            "CACHE_URL": redis.url,
            "HOUSE_TENANT_ID": HOUSE_TENANT_ID,
            "INTAKE_PER_HOUR": "1000000",
            "RATE_LIMIT_USER_REQUESTS": "100000",
            "RATE_LIMIT_ENDPOINT_REQUESTS": "100000",
            "BUS_NAME": "agent-analytics",
            "TOKEN_KEY_SECRET": "token-key",
            "CAPABILITY_KEY_SECRET": "capability-key",
            "RUN_BUDGET_MICROUSD": str(BUDGET),
            "POWERTOOLS_TRACE_DISABLED": "true",
        }
        with installed(environment):
            migrate(OwnerDatabaseSettings.load())
            observability.log_to(nowhere)
            yield


def event_of(number: int) -> Event:
    """Return an event of API Gateway (REST) with a form."""
    form = {
        "email": f"person{number}@example.com",
        "idea": "Fishing-quota exchange for small harbours",
        "sector": "other",
        "name": "Ada",
        "constraints": {"eu_only": True, "must_use": ["PostgreSQL"]},
    }
    return {
        "resource": "/v1/intake",
        "path": "/v1/intake",
        "httpMethod": "POST",
        "headers": {"content-type": "application/json", "x-forwarded-for": "203.0.113.7"},
        "multiValueHeaders": {"content-type": ["application/json"], "x-forwarded-for": ["203.0.113.7"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "path": "/v1/intake",
            "httpMethod": "POST",
            "operationName": "create_intake",
            "identity": {"sourceIp": "203.0.113.7"},
        },
        "body": json.dumps(form),
        "isBase64Encoded": False,
    }


def work(intake: IntakeCreate) -> IntakeOut:
    """What every contender does for a form: the limit, the transaction, the token."""
    own = container()
    if not own.limiter.admit([LIMIT]).allowed:
        raise RuntimeError("the limit is too low for this benchmark")
    expires = (own.clock.now() + timedelta(days=30)).replace(microsecond=0)
    with own.database.transaction(TENANT) as unit:
        made = service.create_intake(unit, intake, BUDGET)
    capability = Capability(TENANT, UUID(made["project_id"]), expires)
    return IntakeOut(
        **made,
        expires_at=expires.isoformat(),
        access_token=issue(capability, KEY),
        links=service.run_links(made["run_id"], made["project_id"]),
    )


def ours(event: Event) -> int:
    """The product's handler."""
    return int(api.handler(event, None)["statusCode"])


def bare(event: Event) -> int:
    """The same work without any HTTP: what no framework can go below."""
    work(IntakeCreate.model_validate_json(event["body"])).model_dump_json()
    return 201


def theirs() -> Contender:
    """FastAPI behind Mangum; the route is `async`, so that no request hops to another thread."""
    from fastapi import FastAPI
    from mangum import Mangum

    application = FastAPI()

    @application.post("/v1/intake", status_code=201)
    async def intake(form: IntakeCreate) -> IntakeOut:
        return work(form)

    adapter = Mangum(application, lifespan="off")
    return lambda event: int(adapter(event, NO_CONTEXT)["statusCode"])


@contextmanager
def standing_on(own: Own) -> Iterator[None]:
    """Let every contender find this container."""
    bootstrap._environment.container = own
    try:
        yield
    finally:
        own.database.close()
        del bootstrap._environment.container


def measure(requests: int) -> list[Section]:
    """Return p50 and p99 of each contender, on the real engines and on none."""
    contenders: dict[str, Contender] = {
        "handler": ours,
        "FastAPI + Mangum": theirs(),
        "the work alone": bare,
    }
    nothing = {"database": NoWork(), "limiter": InMemoryLimiter(SystemClock())}
    with engines():
        with standing_on(Own()):
            real = interleaved(contenders, event_of, requests, status=201)
        with standing_on(Own(**nothing)):
            stubbed = interleaved(contenders, event_of, requests, status=201)
    where = f"{requests} requests each, interleaved; API Gateway event in, response out"
    return [
        _section("POST /v1/intake in process, PostgreSQL and Redis real", where, real),
        _section("The same with database and cache stubbed: the way in and out alone", where, stubbed),
    ]


def _section(title: str, note: str, taken: dict[str, list[float]]) -> Section:
    section = Section(title, note, ["", "p50", "p99", "p50 above the work"])
    floor = percentile(taken["the work alone"], 0.5)
    for name, values in taken.items():
        middle, high = percentile(values, 0.5), percentile(values, 0.99)
        section.rows.append([name, milliseconds(middle), milliseconds(high), milliseconds(middle - floor)])
        section.figures |= {f"{name} p50": middle, f"{name} p99": high}
    for share in ("p50", "p99"):
        mine, other = (section.figures[f"{name} {share}"] for name in ("handler", "FastAPI + Mangum"))
        section.ratios[f"FastAPI + Mangum / handler, {share}"] = other / mine
    return section
