"""/v1/webhook-endpoints and /v1/webhook-deliveries as clients meet them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from functions.identity.api.webhook_deliveries import handler as deliveries_handler
from functions.identity.api.webhook_endpoints import handler as endpoints_handler
from functions.identity.webhooks.endpoints import MOST_ENDPOINTS
from shared import bootstrap
from shared.adapters.limiter import InMemoryLimiter
from shared.models.caller import Caller, CallerKind, Role
from shared.webhook_signature import derive_secret
from tests.integration.database.conftest import HOUSE
from tests.integration.identity.webhook_world import KEY, Outside, World, answer
from tests.unit.http.events import event

ENDPOINT = {"url": "https://hooks.example.com/in", "event_types": ["project_completed"]}


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    headers: dict[str, str]
    json: Any


class Api:
    """The two handlers as API Gateway calls them, for an administrator of a tenant."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.caller = Caller(HOUSE, CallerKind.USER, uuid4(), role=Role.ADMIN)

    def send(
        self, operation: str, body: Any = None, *, method: str = "POST", path: str = "/v1/x", **more: Any
    ) -> Reply:
        """Call an operation. more: parameters of the path, `headers`, `query`, `caller`."""
        headers = {"content-type": "application/json", **more.pop("headers", {})}
        asked = event(
            body,
            method=method,
            path=path,
            operation=operation,
            headers=headers,
            query=more.pop("query", None),
            caller=more.pop("caller", self.caller),
            path_parameters={name: str(value) for name, value in more.items()},
        )
        handler = deliveries_handler if "deliver" in operation else endpoints_handler
        found = handler(asked, None)
        text = found["body"]
        return Reply(found["statusCode"], found["headers"], json.loads(text) if text else None)

    def create(self, key: str | None = None, **changes: Any) -> Reply:
        """Add an endpoint."""
        headers = {} if key is None else {"idempotency-key": key}
        return self.send("create_webhook_endpoint", {**ENDPOINT, **changes}, headers=headers)

    def actions(self) -> list[str]:
        """Return what the audit log holds, oldest first."""
        return [row["action"] for row in self.world.rows("SELECT action FROM identity.audit_log ORDER BY id")]


@pytest.fixture
def api(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The API of the world."""
    monkeypatch.setenv("CACHE_URL", "redis://127.0.0.1:1/0")
    world.__dict__["limiter"] = InMemoryLimiter(world.time)
    environment = threading.local()
    environment.container = world
    monkeypatch.setattr(bootstrap, "_environment", environment)
    return Api(world)


def test_an_endpoint_is_made_with_its_secret_and_shown_without_it(api: Api) -> None:
    made = api.create(description="Ours")
    endpoint = made.json["id"]
    read = api.send("get_webhook_endpoint", method="GET", endpoint_id=endpoint)
    listed = api.send("list_webhook_endpoints", method="GET")

    assert made.status == 201
    assert made.headers["location"] == f"/v1/webhook-endpoints/{endpoint}"
    assert made.json["secret"] == derive_secret(KEY, endpoint, 1)
    assert (made.json["status"], made.json["description"]) == ("active", "Ours")
    assert read.json == {name: value for name, value in made.json.items() if name != "secret"}
    assert listed.json == {"data": [read.json], "next_cursor": None}
    assert api.actions() == ["webhook_endpoint.created"]


def test_the_secret_is_shown_again_under_the_same_key_and_kept_nowhere(api: Api) -> None:
    first, again = api.create("k1"), api.create("k1")

    assert first.json == again.json
    assert len(api.send("list_webhook_endpoints", method="GET").json["data"]) == 1
    (kept,) = api.world.rows("SELECT response::text AS text FROM identity.idempotency_keys")
    assert "secret_version" in kept["text"]
    assert "whsec_" not in kept["text"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"url": "http://hooks.example.com/"}, "/url"),
    ({"url": "https://169.254.169.254/latest"}, "/url"),
    ({"url": "https://user:hunter2@hooks.example.com/"}, "/url"),
    ({"url": "https://localhost/"}, "/url"),
    ({"url": "https://hooks.example.com:25/"}, "/url"),
    ({"url": ""}, "/url"),
    ({"url": "https://h.example.com/" + "x" * 2048}, "/url"),
    ({"event_types": []}, "/event_types"),
    ({"event_types": ["project_completed", "project_completed"]}, "/event_types"),
    ({"event_types": ["ping"]}, "/event_types/0"),
    ({"event_types": ["*"]}, "/event_types/0"),
    ({"description": "x" * 501}, "/description"),
    ({"secret": "mine"}, "/secret"),
]


def test_what_cannot_be_an_endpoint_is_refused_with_its_place(api: Api) -> None:
    for changes, pointer in REFUSED:
        refused = api.create(**changes)

        assert refused.status == 422, changes
        assert [item["pointer"] for item in refused.json["errors"]] == [pointer], changes
        assert "hunter2" not in json.dumps(refused.json)
    assert api.send("list_webhook_endpoints", method="GET").json["data"] == []


def test_a_tenant_has_so_many_endpoints_at_most(api: Api) -> None:
    made = [api.create() for _ in range(MOST_ENDPOINTS)]
    assert {reply.status for reply in made} == {201}
    assert api.create().status == 409

    endpoint = made[0].json["id"]
    assert api.send("delete_webhook_endpoint", method="DELETE", endpoint_id=endpoint).status == 204
    assert api.create().status == 201


def test_endpoints_are_listed_by_pages_newest_first(api: Api) -> None:
    made = [api.create().json["id"] for _ in range(5)]
    seen: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = api.send("list_webhook_endpoints", method="GET", query=query).json
        seen += [row["id"] for row in page["data"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert seen == made[::-1]


def test_an_endpoint_is_changed_only_as_it_was_seen(api: Api) -> None:
    endpoint = api.create().json["id"]
    seen = api.send("get_webhook_endpoint", method="GET", endpoint_id=endpoint).headers["etag"]
    change = {"url": "https://other.example.com/", "event_types": ["run_failed"], "description": ""}

    def patch(body: dict[str, Any], **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return api.send("update_webhook_endpoint", body, method="PATCH", endpoint_id=endpoint, headers=named)

    changed = patch(change, if_match=seen)
    assert changed.status == 200
    assert changed.json["event_types"] == ["run_failed"]
    assert changed.json["url"] == change["url"]
    assert patch(change, if_match=seen).status == 412
    assert patch({"url": "https://10.0.0.1/"}).status == 422
    assert patch({}, if_match=changed.headers["etag"]).json == changed.json
    assert api.actions() == ["webhook_endpoint.created", "webhook_endpoint.updated"]


def test_an_endpoint_is_disabled_and_enabled(api: Api, outside: Outside) -> None:
    endpoint = api.create().json["id"]
    outside.answers = lambda _: answer(500)
    run = api.world.complete()
    api.world.work_off()

    def patch(status: str) -> Reply:
        return api.send("update_webhook_endpoint", {"status": status}, method="PATCH", endpoint_id=endpoint)

    off = patch("disabled").json
    assert (off["status"], off["disabled_because"]) == ("disabled", "operator")
    assert off["disabled_at"] == api.world.time.now().isoformat()
    assert off["first_failure_at"] is not None
    delivery = str(api.world.delivery(run)["id"])
    assert api.world.delivery(run)["status"] == "cancelled"
    assert api.send("ping_webhook_endpoint", endpoint_id=endpoint).status == 409
    assert api.send("replay_webhook_delivery", delivery_id=delivery).status == 409
    assert patch("disabled").json == off

    on = patch("active").json
    assert (on["status"], on["disabled_because"], on["first_failure_at"]) == ("active", None, None)
    outside.answers = lambda _: answer(204)
    assert api.send("replay_webhook_delivery", delivery_id=delivery).status == 202
    api.world.work_off()
    assert api.world.delivery(run)["status"] == "delivered"
    assert api.actions() == [
        "webhook_endpoint.created",
        "webhook_endpoint.disabled",
        "webhook_endpoint.enabled",
        "webhook_delivery.replayed",
    ]


def test_a_deleted_endpoint_is_not_there_and_its_log_is(api: Api) -> None:
    endpoint = api.create().json["id"]
    api.world.complete()
    api.world.work_off()
    assert api.send("delete_webhook_endpoint", method="DELETE", endpoint_id=endpoint).status == 204

    for operation, method in (
        ("get_webhook_endpoint", "GET"),
        ("delete_webhook_endpoint", "DELETE"),
        ("ping_webhook_endpoint", "POST"),
        ("rotate_webhook_secret", "POST"),
    ):
        assert api.send(operation, method=method, endpoint_id=endpoint).status == 404
    log = api.send("list_webhook_deliveries", method="GET", query={"endpoint": endpoint}).json["data"]
    assert [row["status"] for row in log] == ["delivered"]
    assert api.actions()[-1] == "webhook_endpoint.deleted"


def test_a_secret_is_rotated_once_for_a_key(api: Api) -> None:
    endpoint = api.create().json["id"]
    headers = {"idempotency-key": "r1"}
    first, again = (
        api.send("rotate_webhook_secret", endpoint_id=endpoint, headers=headers) for _ in range(2)
    )
    now = api.world.time.now().timestamp()

    assert first.status == again.status == 201
    assert first.json == again.json
    assert (first.json["secret_version"], first.json["secret"]) == (2, derive_secret(KEY, endpoint, 2))
    until = api.world.endpoint(UUID(endpoint))["previous_secret_expires_at"]
    assert until.timestamp() - now == 86_400
    for seconds in (-1, 604_801, 1.5, "60"):
        body = {"previous_secret_seconds": seconds}
        assert api.send("rotate_webhook_secret", body, endpoint_id=endpoint).status == 422
    assert api.actions().count("webhook_endpoint.secret_rotated") == 1


def test_a_ping_goes_to_one_endpoint_whatever_it_asked_for(api: Api, outside: Outside) -> None:
    endpoint = api.create(event_types=["run_failed"]).json["id"]
    api.create(url="https://other.example.com/")
    pinged = [api.send("ping_webhook_endpoint", endpoint_id=endpoint) for _ in range(2)]
    api.world.work_off()

    assert [reply.status for reply in pinged] == [202, 202]
    assert pinged[0].headers["location"] == f"/v1/webhook-deliveries/{pinged[0].json['id']}"
    assert outside.names == ["hooks.example.com"] * 2
    assert [body["type"] for _, _, body in outside.got()] == ["ping", "ping"]
    assert outside.got()[0][2]["data"] == {"endpoint_id": endpoint}
    assert len({headers["webhook-id"] for _, headers, _ in outside.got()}) == 2


def test_deliveries_are_listed_and_shown_with_every_attempt(api: Api, outside: Outside) -> None:
    endpoints = [api.create(url=f"https://{name}.example.com/").json["id"] for name in ("good", "bad")]
    outside.answers = lambda host: answer(204 if host.startswith("good") else 302)
    api.world.complete()
    api.world.work_off()

    def listed(**query: str) -> list[dict[str, Any]]:
        found = api.send("list_webhook_deliveries", method="GET", query=query).json["data"]
        return list(found)

    assert [row["endpoint_id"] for row in listed()] == endpoints[::-1]
    assert [row["status"] for row in listed(endpoint=endpoints[0])] == ["delivered"]
    assert [row["endpoint_id"] for row in listed(status="pending")] == [endpoints[1]]
    assert listed(endpoint=endpoints[0], status="pending") == []
    refused = api.send("list_webhook_deliveries", method="GET", query={"status": "anything"})
    assert refused.status == 422

    (bad,) = listed(status="pending")
    shown = api.send("get_webhook_delivery", method="GET", delivery_id=bad["id"]).json
    assert {name: shown[name] for name in bad} == bad
    assert shown["webhook_id"] == outside.got()[0][1]["webhook-id"]
    assert shown["body"] == outside.got()[0][2]
    assert [
        (entry["number"], entry["response_status"], entry["error_message"]) for entry in shown["log"]
    ] == [(1, 302, "redirects are not followed")]
    assert api.send("replay_webhook_delivery", delivery_id=bad["id"]).status == 409


def test_a_stranger_finds_nothing(api: Api, other_tenant: UUID) -> None:
    endpoint = api.create().json["id"]
    delivery = api.send("ping_webhook_endpoint", endpoint_id=endpoint).json["id"]
    api.caller = Caller(other_tenant, CallerKind.USER, uuid4(), role=Role.ADMIN)

    assert api.send("list_webhook_endpoints", method="GET").json["data"] == []
    assert api.send("list_webhook_deliveries", method="GET").json["data"] == []
    assert api.send("get_webhook_endpoint", method="GET", endpoint_id=endpoint).status == 404
    assert api.send("get_webhook_delivery", method="GET", delivery_id=delivery).status == 404
    assert api.send("replay_webhook_delivery", delivery_id=delivery).status == 404
    change = {"status": "disabled"}
    assert api.send("update_webhook_endpoint", change, method="PATCH", endpoint_id=endpoint).status == 404


def test_the_types_of_events_are_documented(api: Api) -> None:
    found = api.send("list_webhook_event_types", method="GET").json["data"]

    assert found[0]["type"] == "project_completed"
    assert all(row["description"] and row["body_schema"]["title"] == row["type"] for row in found)
