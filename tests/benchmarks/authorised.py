"""A request with a session's access token, beside FastAPI with the same checks.

Both do the same on the same PostgreSQL and Redis: the token's signature and claims, the query whether the session
still lives, the policies, the limits, then a page of projects in a transaction of the tenant. Ours is two
invocations, of the authorizer and of the resource, as on AWS; the alternative is one. What differs is how a request
becomes a call and a result an answer.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from functions.agency import service
from functions.agency.api import projects
from functions.identity.access import authorize
from functions.identity.access.authentication import authenticate, bearer
from functions.identity.access.policies import may
from functions.identity.accounts.passwords import hash_password
from functions.identity.accounts.sessions import Origin, begin_session
from shared import bootstrap
from shared.bootstrap import Container, container
from shared.errors import Forbidden
from shared.http.limits import admit_caller
from shared.http.paging import page_of
from shared.models.base import PageQuery
from shared.models.caller import Caller, CallerKind
from shared.models.lead import IntakeCreate
from shared.models.project import ProjectList
from tests.benchmarks.intake import BUDGET, KEY, NO_CONTEXT, TENANT, engines
from tests.benchmarks.report import Section, milliseconds, percentile
from tests.benchmarks.timing import Contender, Event, interleaved

PROJECTS = 20
PATH = "/v1/projects"
METHOD_ARN = "arn:aws:execute-api:eu-central-1:123456789012:api/bench/GET/v1/projects"
_ADD_USER = """
INSERT INTO identity.users (tenant_id, email, username, password_hash, role)
VALUES (%(tenant_id)s, 'ada@example.com', 'ada', %(password_hash)s, 'developer') RETURNING id
"""


class Own(Container):
    """The product's container with keys that are given."""

    @property
    def capability_key(self) -> str:
        """What signs tokens of runs."""
        return KEY

    @property
    def token_key(self) -> str:
        """What access tokens are derived from."""
        return KEY


@contextmanager
def standing() -> Iterator[str]:
    """Have engines, a user with a session and some projects; give the access token."""
    with engines():
        own = Own()
        bootstrap._environment.container = own
        own.__dict__["bus"] = None
        try:
            with own.database.transaction(TENANT) as work:
                row = work.fetch_one(
                    _ADD_USER, {"password_hash": hash_password("a long sentence of its own")}
                )
                assert row is not None
                user = Caller(TENANT, CallerKind.USER, row["id"], user_id=row["id"])
                origin = Origin("203.0.113.7", "benchmark", "request-1")
                token = begin_session(own, work, user, 1, origin).access_token
                for number in range(PROJECTS):
                    form = {"email": f"p{number}@example.com", "idea": "Quota exchange", "sector": "other"}
                    service.create_intake(work, IntakeCreate.model_validate(form), BUDGET)
            yield token
        finally:
            own.database.close()
            del bootstrap._environment.container


def event_of(token: str) -> Event:
    """Return what API Gateway makes of `GET /v1/projects?limit=20`."""
    headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
    return {
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "resource": PATH,
        "path": PATH,
        "httpMethod": "GET",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {"limit": str(PROJECTS)},
        "multiValueQueryStringParameters": {"limit": [str(PROJECTS)]},
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "path": PATH,
            "httpMethod": "GET",
            "operationName": "list_projects",
            "identity": {"sourceIp": "203.0.113.7"},
        },
        "body": None,
        "isBase64Encoded": False,
    }


def ours(event: Event) -> int:
    """The authorizer, then the resource with what it found, as the gateway calls them."""
    verdict = authorize.handler(event, None)
    about = {**event["requestContext"], "authorizer": verdict["context"]}
    return int(projects.handler({**event, "requestContext": about}, None)["statusCode"])


def authorizer_alone(event: Event) -> int:
    """The authorizer and nothing else."""
    return (
        200 if authorize.handler(event, None)["policyDocument"]["Statement"][0]["Effect"] == "Allow" else 403
    )


def allowed(authorization: str | None) -> tuple[Caller, dict[str, str]]:
    """What the alternative does before its route: who it is, whether they may, how often."""
    own = container()
    caller = authenticate(own, bearer(authorization))
    if not may(own, caller, "project:list"):
        raise Forbidden
    return caller, admit_caller(own, caller, "list_projects")


def page(caller: Caller, query: PageQuery) -> ProjectList:
    """What both do for the page."""
    with container().database.transaction(caller.tenant_id) as work:
        found = page_of(
            query,
            lambda after, limit: service.list_projects(work, only=None, after=after, limit=limit),
            service.project_summary,
        )
    return ProjectList(**found)


def application(*, threads: bool = False) -> Any:
    """FastAPI with the same checks as a dependency; `async` unless `threads`, so that no request hops to another."""
    from fastapi import Depends, FastAPI, Header, Query, Response

    app = FastAPI()

    def who(response: Response, authorization: str | None = None) -> Caller:
        caller, told = allowed(authorization)
        response.headers.update(told)
        return caller

    async def who_async(response: Response, authorization: str | None = None) -> Caller:
        return who(response, authorization)

    def shown(caller: Caller, query: PageQuery) -> ProjectList:
        return page(caller, query)

    async def shown_async(caller: Caller, query: PageQuery) -> ProjectList:
        return page(caller, query)

    dependency, route = (who, shown) if threads else (who_async, shown_async)
    # Said here, since FastAPI looks names up in the module and these are known in this function only.
    dependency.__annotations__ = {
        "response": Response,
        "authorization": Annotated[str | None, Header()],
        "return": Caller,
    }
    route.__annotations__ = {
        "caller": Annotated[Caller, Depends(dependency)],
        "query": Annotated[PageQuery, Query()],
        "return": ProjectList,
    }
    app.get(PATH)(route)
    return app


def theirs() -> Contender:
    """FastAPI behind Mangum."""
    from mangum import Mangum

    adapter = Mangum(application(), lifespan="off")
    return lambda event: int(adapter(event, NO_CONTEXT)["statusCode"])


def bare(event: Event) -> int:
    """The same work without any HTTP: what no framework can go below."""
    caller, _ = allowed(event["headers"]["authorization"])
    page(caller, PageQuery.model_validate(event["queryStringParameters"])).model_dump_json()
    return 200


def measure(requests: int) -> Section:
    """Return p50 and p99 of each contender in process."""
    contenders: dict[str, Callable[[Event], int]] = {
        "authorizer + resource": ours,
        "FastAPI + Mangum": theirs(),
        "the work alone": bare,
        "authorizer alone": authorizer_alone,
    }
    with standing() as token:
        taken = interleaved(contenders, lambda _: event_of(token), requests, status=200)
    section = Section(
        "GET /v1/projects with an access token, in process, PostgreSQL and Redis real",
        f"{requests} requests each, interleaved; {PROJECTS} projects a page",
        ["", "p50", "p99", "requests/s"],
    )
    for name, values in taken.items():
        middle, high = percentile(values, 0.5), percentile(values, 0.99)
        section.rows.append(
            [name, milliseconds(middle), milliseconds(high), f"{len(values) / sum(values):,.0f}"]
        )
        section.figures |= {f"{name} p50": middle, f"{name} p99": high}
    for share in ("p50", "p99"):
        mine, other = (
            section.figures[f"{name} {share}"] for name in ("authorizer + resource", "FastAPI + Mangum")
        )
        section.ratios[f"FastAPI + Mangum / authorizer + resource, {share}"] = other / mine
    return section
