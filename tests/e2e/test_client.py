"""What integrators do, with the typed client that is generated from the OpenAPI document."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from roboagency_client.api.api_keys import create_api_key, revoke_api_key, rotate_api_key
from roboagency_client.api.health import get_health
from roboagency_client.api.intake import create_intake
from roboagency_client.api.openapi import get_openapi
from roboagency_client.api.projects import get_project, list_assets, list_projects
from roboagency_client.api.runs import cancel_run, get_run, retry_run
from roboagency_client.api.sessions import create_session, refresh_session, revoke_current_session
from roboagency_client.api.teams import create_team, get_team, update_team
from roboagency_client.models import (
    ApiKeyCreate,
    ApiKeyMade,
    ApiKeyRotate,
    AssetList,
    AssetOut,
    HealthOut,
    IntakeCreate,
    IntakeOut,
    OpenApiDocument,
    ProjectList,
    ProjectOut,
    RunOut,
    RunRetry,
    RunSummary,
    SessionCreate,
    SessionRefresh,
    SessionTokens,
    TeamCreate,
    TeamOut,
    TeamPatch,
)

from infra.local.chaos.instance import await_value
from infra.local.run.client import fetch
from tests.e2e.generated import Api, good, problem
from tests.e2e.people import ADMIN, PASSWORD, Person
from tests.e2e.system import PATIENCE, Kit, form


def test_an_idea_goes_in_and_its_run_is_steered(api: Api) -> None:
    body = IntakeCreate.from_dict(form(budget_microusd=1))
    key = str(uuid4())
    sent = create_intake.sync_detailed(client=api.stranger(), body=body, idempotency_key=key)
    made = good(sent, IntakeOut)
    again = create_intake.sync_detailed(client=api.stranger(), body=body, idempotency_key=key)
    assert again.content == sent.content
    assert sent.headers["location"] == f"/v1/runs/{made.run_id}"
    client = api.of(made.access_token)

    def ended() -> RunOut | None:
        run = good(get_run.sync_detailed(made.run_id, client=client), RunOut)
        return run if run.completed_at is not None else None

    run = await_value(ended, PATIENCE, "the run does not end")
    assert (run.status, run.error_code, run.project_id) == ("failed", "BudgetExceeded", made.project_id)
    assert run.created_at <= run.completed_at
    project = good(get_project.sync_detailed(run.project_id, client=client), ProjectOut)
    assert project.idea == body.idea
    assert project.runs == [run.id]

    retried = retry_run.sync_detailed(run.id, client=client, body=RunRetry(budget_microusd=2))
    assert good(retried, RunSummary).run_id == run.id
    good(cancel_run.sync_detailed(run.id, client=client), RunSummary)


def test_a_kit_is_fetched_page_by_page(api: Api, kit: Kit) -> None:
    client = api.of(str(kit.client.token))
    project_id, run_id = UUID(kit.run["project_id"]), UUID(kit.run["id"])
    found: list[AssetOut] = []
    more: dict[str, str] = {}
    while True:
        page = good(
            list_assets.sync_detailed(project_id, client=client, run=run_id, limit=7, **more), AssetList
        )
        assert len(page.data) <= 7
        found += page.data
        if page.next_cursor is None:
            break
        more = {"cursor": page.next_cursor}

    assert sorted(asset.path for asset in found) == sorted(asset["path"] for asset in kit.assets)
    smallest = min(found, key=lambda asset: asset.size_bytes)
    assert hashlib.sha256(fetch(smallest.url)).hexdigest() == smallest.sha256
    assert smallest.url_expires_at > datetime.now(UTC)


def test_what_goes_wrong_is_a_typed_problem(api: Api, kit: Kit) -> None:
    visitor = api.of(str(kit.client.token))
    assert problem(get_run.sync_detailed(uuid4(), client=visitor), 404).title == "Not found"
    assert problem(list_projects.sync_detailed(client=visitor), 403).detail.endswith("project:list.")
    problem(get_run.sync_detailed(uuid4(), client=api.of("x.y.z")), 401)
    bad = problem(list_assets.sync_detailed(uuid4(), client=visitor, limit=101), 422)
    assert [error.pointer for error in bad.errors or []] == ["/limit"]


def test_a_person_logs_in_and_lets_a_program_in(api: Api, administrator: Person) -> None:
    assert administrator.client.token
    login = SessionCreate(email=ADMIN, password=PASSWORD)
    opened = good(create_session.sync_detailed(client=api.stranger(), body=login), SessionTokens)
    carried = refresh_session.sync_detailed(
        client=api.stranger(), body=SessionRefresh(refresh_token=opened.refresh_token)
    )
    person = api.of(good(carried, SessionTokens).access_token)
    wanted = ApiKeyCreate(
        name="Reader", scopes=["project:list"], expires_at=datetime.now(UTC) + timedelta(hours=1)
    )

    made = good(create_api_key.sync_detailed(client=person, body=wanted), ApiKeyMade)
    program = api.of(made.key)
    assert isinstance(good(list_projects.sync_detailed(client=program), ProjectList).data, list)
    problem(create_team.sync_detailed(client=program, body=TeamCreate(name="Not by a program")), 403)
    second = good(
        rotate_api_key.sync_detailed(made.id, client=person, body=ApiKeyRotate(overlap_seconds=0)), ApiKeyMade
    )
    problem(list_projects.sync_detailed(client=program), 401)
    other = api.of(second.key)
    good(list_projects.sync_detailed(client=other), ProjectList)
    assert revoke_api_key.sync_detailed(second.id, client=person).status_code == 204
    problem(list_projects.sync_detailed(client=other), 401)

    assert revoke_current_session.sync_detailed(client=person).status_code == 204
    problem(list_projects.sync_detailed(client=person), 401)


def test_two_people_do_not_overwrite_each_other(api: Api, administrator: Person) -> None:
    client = api.of(str(administrator.client.token))
    made = good(create_team.sync_detailed(client=client, body=TeamCreate(name=f"Pilots {uuid4()}")), TeamOut)
    seen = get_team.sync_detailed(made.id, client=client).headers["etag"]
    unchanged = get_team.sync_detailed(made.id, client=client, if_none_match=seen)
    assert (unchanged.status_code, unchanged.content) == (304, b"")

    first = TeamPatch(description="Bring ships in")
    good(update_team.sync_detailed(made.id, client=client, body=first, if_match=seen), TeamOut)
    second = update_team.sync_detailed(made.id, client=client, body=first, if_match=seen)
    problem(second, 412)


@pytest.mark.parametrize("token", [None, "x.y.z"])
def test_what_is_public_is_so_for_everybody(api: Api, token: str | None) -> None:
    client = api.stranger() if token is None else api.of(token)
    answer = get_openapi.sync_detailed(client=client)
    served = good(answer, OpenApiDocument).to_dict()

    assert served == json.loads(answer.content)
    assert "/v1/intake" in served["paths"]
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert good(get_health.sync_detailed(client=client), HealthOut).status == "ok"
