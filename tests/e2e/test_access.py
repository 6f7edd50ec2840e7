"""Who may see what: tokens open their own project for a while, and an address sends so many ideas an hour."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from roboagency_client.api.projects import get_project, list_assets
from roboagency_client.api.runs import approve_run, cancel_run, fork_run, get_run, retry_run
from roboagency_client.models import AssetList, RunFork, RunOut, RunRetry

from infra.local.chaos.instance import Instance
from shared.http.capability import Capability, check, issue
from tests.e2e.generated import Api, good, problem
from tests.e2e.system import TENANT, Kit, Reply, begin, form, send

LIMIT = 10


def get(system: Instance, path: str, authorization: str | None) -> Reply:
    headers = {} if authorization is None else {"authorization": authorization}
    return send(system.url, "GET", path, None, headers)


def paths_of(kit: Kit) -> list[tuple[str, str]]:
    run, project = kit.run["id"], kit.run["project_id"]
    acts = [("POST", f"/v1/runs/{run}/{act}") for act in ("cancel", "retry", "fork", "approve")]
    reads = [f"/v1/runs/{run}", f"/v1/projects/{project}", f"/v1/projects/{project}/assets?run={run}"]
    return [*acts, *(("GET", path) for path in reads)]


def flipped(token: str, index: int) -> str:
    return token[:index] + ("A" if token[index] != "A" else "B") + token[index + 1 :]


def test_without_a_token_nothing_opens(system: Instance, kit: Kit) -> None:
    token = str(kit.client.token)
    for authorization in (
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {token}",
        token,
        "Bearer cap_",
        "Bearer cap_.",
        "Bearer x.y",
    ):
        for method, path in paths_of(kit):
            headers = {"content-type": "application/json"}
            if authorization is not None:
                headers["authorization"] = authorization
            reply = send(system.url, method, path, b"{}" if method == "POST" else None, headers)
            assert reply.status == 401, (authorization, path)
            assert reply.headers["www-authenticate"] == "Bearer"
            assert reply.headers["content-type"] == "application/problem+json"


def test_an_altered_token_opens_nothing(system: Instance, kit: Kit) -> None:
    token = str(kit.client.token)
    path = f"/v1/runs/{kit.run['id']}"
    assert get(system, path, f"Bearer {token}").status == 200
    altered = [flipped(token, index) for index in range(len(token))]
    altered += [token + "=", token + "A", token[:-1], token.replace(".", ".."), token.swapcase(), "x" + token]
    for each in altered:
        assert get(system, path, f"Bearer {each}").status == 401, each


@pytest.fixture
def key(system: Instance) -> str:
    """The secret that signs tokens on this machine."""
    found: str = json.loads((system.folder / "secrets.json").read_text())["capability-key"]
    return found


def test_a_token_expires(system: Instance, kit: Kit, key: str) -> None:
    now = datetime.now(UTC)
    capability = check(str(kit.client.token), key, now)
    assert timedelta(days=29) < capability.expires_at - now <= timedelta(days=30)
    path = f"/v1/runs/{kit.run['id']}"
    expired = issue(replace(capability, expires_at=now - timedelta(seconds=1)), key)
    reply = get(system, path, f"Bearer {expired}")
    assert (reply.status, reply.json()["detail"]) == (401, "The request carries no valid credentials.")
    fresh = issue(replace(capability, expires_at=now + timedelta(minutes=1)), key)
    assert get(system, path, f"Bearer {fresh}").status == 200


def test_a_token_says_neither_its_key_nor_more_than_it_needs(kit: Kit, key: str) -> None:
    payload = str(kit.client.token).removeprefix("cap_").partition(".")[0]
    data = base64.urlsafe_b64decode(payload + "==")
    assert data[:16] == UUID(TENANT).bytes
    assert data[16:32] == UUID(kit.run["project_id"]).bytes
    assert len(data) == 40


def test_another_projects_token_finds_nothing(system: Instance, api: Api, kit: Kit) -> None:
    other, _ = begin(system, budget_microusd=1)
    client = api.of(str(other.token))
    run, project = UUID(kit.run["id"]), UUID(kit.run["project_id"])
    answers = [
        get_run.sync_detailed(run, client=client),
        cancel_run.sync_detailed(run, client=client),
        retry_run.sync_detailed(run, client=client, body=RunRetry()),
        fork_run.sync_detailed(run, client=client, body=RunFork()),
        approve_run.sync_detailed(run, client=client),
        get_project.sync_detailed(project, client=client),
        list_assets.sync_detailed(project, client=client, run=run),
    ]
    for answer in answers:
        problem(answer, 404)
        assert kit.project["name"] not in answer.content.decode()
    own = good(get_run.sync_detailed(run, client=api.of(str(kit.client.token))), RunOut)
    assert own.status == "completed"


def test_a_token_of_a_tenant_that_is_not_there_opens_nothing(api: Api, kit: Kit, key: str) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    run, project = UUID(kit.run["id"]), UUID(kit.run["project_id"])
    client = api.of(issue(Capability(uuid4(), project, until), key))
    problem(get_run.sync_detailed(run, client=client), 401)
    problem(get_project.sync_detailed(project, client=client), 401)


@pytest.mark.parametrize(
    "run_id", ["0199ffff-0000-7000-8000-00000000dead", "1", "x" * 500, "%00", "..%2f..", "null"]
)
def test_what_is_no_run_of_ours_is_not_found(system: Instance, kit: Kit, run_id: str) -> None:
    reply = get(system, f"/v1/runs/{run_id}", f"Bearer {kit.client.token}")
    assert reply.status == 404


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=1e1", "/limit"),
        ("limit=%D9%A3", "/limit"),
        ("cursor=x", "/cursor"),
        ("cursor=%00", "/cursor"),
        ("cursor=%F0%9F%90%9F", "/cursor"),
        ("run=x", "/run"),
    ],
)
def test_a_query_that_is_wrong_is_pointed_at(system: Instance, kit: Kit, query: str, pointer: str) -> None:
    path = f"/v1/projects/{kit.run['project_id']}/assets?{query}"
    reply = get(system, path, f"Bearer {kit.client.token}")
    assert reply.status == 422
    assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]


def test_pages_of_any_size_hold_each_asset_once(api: Api, kit: Kit) -> None:
    client = api.of(str(kit.client.token))
    run, project = UUID(kit.run["id"]), UUID(kit.run["project_id"])
    for limit in (1, 7, 100):
        found: list[str] = []
        cursor: str | None = None
        while cursor is not None or not found:
            more = {} if cursor is None else {"cursor": cursor}
            page = list_assets.sync_detailed(project, client=client, limit=limit, run=run, **more)
            shown = good(page, AssetList)
            assert 0 < len(shown.data) <= limit
            found += [asset.path for asset in shown.data]
            cursor = shown.next_cursor
        assert sorted(found) == sorted(asset["path"] for asset in kit.assets)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A system with the limit of the documentation."""
    with Instance(tmp_path_factory.mktemp("strict"), {"INTAKE_PER_HOUR": str(LIMIT)}) as running:
        yield running


def test_an_address_may_send_so_many_ideas_an_hour(strict: Instance) -> None:
    def post(**headers: str) -> Reply:
        body = json.dumps(form(budget_microusd=1)).encode()
        return send(strict.url, "POST", "/v1/intake", body, {"content-type": "application/json", **headers})

    taken = [post() for _ in range(LIMIT)]

    assert [reply.status for reply in taken] == [201] * LIMIT
    assert {reply.headers["ratelimit-policy"] for reply in taken} == {f'"intake";q={LIMIT};w=3600'}
    left = [reply.headers["ratelimit"].split(";")[1] for reply in taken]
    assert left == [f"r={number}" for number in range(LIMIT - 1, -1, -1)]
    refused = post()
    assert refused.status == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert str(LIMIT) in refused.json()["detail"]
    assert refused.headers["ratelimit-policy"] == f'"intake";q={LIMIT};w=3600'
    assert refused.headers["ratelimit"].startswith('"intake";r=0;t=')
    # What a client writes there itself is not believed.
    assert post(**{"x-forwarded-for": "203.0.113.9"}).status == 429
    wrong = send(strict.url, "POST", "/v1/intake", b"{}", {"content-type": "application/json"})
    assert wrong.status == 422
