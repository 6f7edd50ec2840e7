"""An event goes to whoever asked for it, once; what is due is asked for once; nothing is lost on the way."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from functions.identity import service
from functions.identity.events import deliver_webhook, request_due_webhooks
from functions.identity.webhooks import deliveries, dispatch, endpoints
from functions.identity.webhooks.deliveries import Report, record_attempt
from shared.adapters.queues import FakeQueues
from shared.db.unit_of_work import Database
from shared.errors import Conflict
from shared.models.caller import Caller, CallerKind, Role
from shared.models.webhook_endpoint import SecretRotation
from shared.models.webhook_event import EVENT_TYPES, WEBHOOK_EVENTS, body_schema
from shared.webhook_signature import derive_secret
from tests.integration.database.conftest import HOUSE
from tests.integration.identity.webhook_world import KEY, MINUTE, Outside, World, answer

ADMIN = Caller(HOUSE, CallerKind.USER, uuid4(), role=Role.ADMIN)


def test_a_receiver_can_verify_what_it_gets(world: World, outside: Outside) -> None:
    endpoint = world.add_endpoint(url="https://hooks.example.com:8443/in?team=7")
    run = world.complete()
    world.work_off()

    ((first, headers, body),) = outside.got()
    (event,) = world.rows("SELECT * FROM identity.webhook_events")
    assert first == "POST /in?team=7 HTTP/1.1"
    assert headers["host"] == "hooks.example.com:8443"
    assert outside.names == ["hooks.example.com"]
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == str(event["id"])
    assert headers["webhook-timestamp"] == str(int(world.time.now().timestamp()))
    assert body == {
        "type": "project_completed",
        "timestamp": event["created_at"].isoformat(),
        "data": event["data"],
    }
    assert body["data"]["run_id"] == str(run)
    assert world.verifies(0, endpoint.id, 1)
    assert not world.verifies(0, endpoint.id, 2)
    found = world.delivery(run)
    assert (found["status"], found["attempts"], found["response_status"]) == ("delivered", 1, 204)
    assert found["delivered_at"] == world.time.now()


def test_an_event_goes_once_to_every_endpoint_that_asked_for_it_and_to_no_other(
    world: World, outside: Outside, other_tenant: UUID
) -> None:
    wanted = [world.add_endpoint(url=f"https://{name}.example.com/") for name in ("one", "two")]
    world.add_endpoint("run_failed", url="https://failures.example.com/")
    world.add_endpoint(tenant=other_tenant, url="https://stranger.example.com/")
    with world.database.transaction(HOUSE) as work:
        off = endpoints.find_and_lock(work, world.add_other(work, "https://off.example.com/"))
        endpoints.disable(work, off, "operator", world.time.now(), actor=ADMIN)

    run = uuid4()
    data = {"project_id": str(uuid4()), "run_id": str(run), "name": "Quayside"}
    for expected in (2, 0):
        with world.database.transaction(HOUSE) as work:
            assert service.request_webhook(work, "project_completed", run, data) == expected
    world.run(timedelta(minutes=10))

    assert sorted(outside.names) == ["one.example.com", "two.example.com"]
    assert {row["endpoint_id"] for row in world.deliveries(run)} == {each.id for each in wanted}
    assert len({headers["webhook-id"] for _, headers, _ in outside.got()}) == 1
    with world.database.transaction(HOUSE) as work:
        told = service.get_webhook_outcome(work, "project_completed", run)
    assert told is not None
    assert (told["status"], told["deliveries"], told["attempts"]) == ("delivered", 2, 2)
    assert told["id"] == outside.got()[0][1]["webhook-id"]


def test_what_happens_again_is_told_again(world: World, outside: Outside) -> None:
    world.add_endpoint("run_failed")
    run = uuid4()
    data = {"project_id": str(uuid4()), "run_id": str(run), "error_code": "ModelRefused", "step": None}
    for occurrence in ("1", "2", "2"):
        with world.database.transaction(HOUSE) as work:
            service.request_webhook(work, "run_failed", run, data, occurrence=occurrence)
    world.work_off()

    assert len(outside.got()) == 2
    assert len({headers["webhook-id"] for _, headers, _ in outside.got()}) == 2


def test_where_nobody_listens_that_can_be_read(world: World) -> None:
    run = world.complete()

    with world.database.transaction(HOUSE) as work:
        told = service.get_webhook_outcome(work, "project_completed", run)
        assert service.get_webhook_outcome(work, "project_completed", uuid4()) is None
    assert told is not None
    assert (told["status"], told["deliveries"], told["delivered_at"]) == ("not_configured", 0, None)
    assert world.wire.published == []


def test_the_outcome_is_that_of_all_deliveries(world: World, outside: Outside) -> None:
    for name in ("good", "bad"):
        world.add_endpoint(url=f"https://{name}.example.com/")
    outside.answers = lambda host: answer(204 if host.startswith("good") else 410)
    run = world.complete()
    with world.database.transaction(HOUSE) as work:
        before = service.get_webhook_outcome(work, "project_completed", run)
    world.work_off()
    with world.database.transaction(HOUSE) as work:
        after = service.get_webhook_outcome(work, "project_completed", run)

    assert before is not None
    assert after is not None
    assert (before["status"], after["status"]) == ("pending", "failed")
    assert after["delivered_at"] == world.time.now().isoformat()


def test_only_what_is_documented_is_told(world: World) -> None:
    with world.database.transaction(HOUSE) as work:
        with pytest.raises(KeyError):
            service.request_webhook(work, "anything", uuid4(), {})
        with pytest.raises(ValidationError):
            service.request_webhook(work, "run_cancelled", uuid4(), {"run_id": "x", "secret": "y"})

    assert set(EVENT_TYPES) | {"ping"} == set(WEBHOOK_EVENTS)
    for name in WEBHOOK_EVENTS:
        schema = body_schema(name)
        assert schema["properties"]["type"] == {"const": name}
        assert schema["properties"]["data"]["additionalProperties"] is False


def test_no_secret_is_in_a_message_or_a_row(world: World, outside: Outside) -> None:
    endpoint = world.add_endpoint()
    world.complete()
    world.work_off()

    secrets = (KEY, derive_secret(KEY, endpoint.id, 1).removeprefix("whsec_"))
    told = [event.detail for event in world.wire.published]
    rows = world.rows("SELECT to_jsonb(o)::text AS row FROM identity.outbox o") + world.rows(
        "SELECT to_jsonb(e)::text AS row FROM identity.webhook_endpoints e"
    )
    assert told
    assert not [secret for secret in secrets if secret in repr(told) + repr(rows)]


def test_both_secrets_verify_during_a_rotation_and_the_old_one_no_more_after_it(
    world: World, outside: Outside
) -> None:
    endpoint = world.add_endpoint()

    def signed_by() -> list[int]:
        world.complete()
        world.work_off()
        return [version for version in (1, 2, 3) if world.verifies(-1, endpoint.id, version)]

    def rotate(seconds: int) -> None:
        with world.database.transaction(HOUSE) as work:
            rotation = SecretRotation(previous_secret_seconds=seconds)
            endpoints.rotate_secret(work, endpoint.id, rotation, ADMIN, world.time.now())

    assert signed_by() == [1]
    rotate(86_400)
    assert signed_by() == [1, 2]
    assert len(outside.got()[-1][1]["webhook-signature"].split(" ")) == 2
    world.time.advance(86_399)
    assert signed_by() == [1, 2]
    world.time.advance(1)
    assert signed_by() == [2]
    rotate(0)
    assert signed_by() == [3]
    rotate(60)
    with world.database.transaction(HOUSE) as work:
        assert endpoints.find(work, endpoint.id).secret_version == 4


def test_an_attempt_that_waits_in_the_queue_is_signed_with_what_holds_when_it_is_made(world: World) -> None:
    endpoint = world.add_endpoint()
    with world.database.transaction(HOUSE) as work:
        rotation = SecretRotation(previous_secret_seconds=60)
        endpoints.rotate_secret(work, endpoint.id, rotation, ADMIN, world.time.now())
    world.complete()
    world.time.advance(60)
    world.work_off()

    assert [world.verifies(0, endpoint.id, version) for version in (1, 2)] == [False, True]


def test_a_near_retry_waits_in_the_queue_and_needs_no_tick(world: World, outside: Outside) -> None:
    world.add_endpoint()
    outside.answers = lambda _: answer(500)
    run = world.complete()
    world.work_off()
    due = world.delivery(run)["next_attempt_at"]

    assert [moment for moment, _ in world.queue] == [due]
    assert [number for _, number in world.asked] == [1, 2]
    assert due - world.time.now() <= timedelta(seconds=6)


def test_the_edge_zone_hides_what_comes_early(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    queues = FakeQueues()
    world.__dict__["queues"] = queues
    monkeypatch.setattr(deliver_webhook, "container", lambda: world)
    detail = {"due_at": (world.time.now() + timedelta(seconds=4.2)).isoformat()}
    record = {"messageId": "m1", "body": json.dumps({"detail": detail})}

    answered = deliver_webhook.handler({"Records": [record]}, None)

    assert answered == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert queues.hidden == [("m1", 5)]
    assert world.attempts == []


def test_two_ticks_at_once_ask_for_each_attempt_once(world: World, outside: Outside) -> None:
    for number in range(15):
        world.add_endpoint(url=f"https://r{number}.example.com/")
    outside.answers = lambda _: answer(500)
    for _ in range(8):
        world.complete()
    world.work_off()
    while world.queue:
        world.time.advance(10)
        world.work_off()
    world.time.advance(400)
    before = len(world.asked)

    others = [World(Outside()) for _ in range(3)]
    counts: list[int] = []

    def tick(other: World) -> None:
        other.time.advance(max(timedelta(0), world.time.now() - other.time.now()))
        counts.append(request_due_webhooks.request_due(other))
        other.close()

    threads = [threading.Thread(target=tick, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    asked = [
        (event.detail["delivery_id"], event.detail["number"])
        for other in others
        for event in other.wire.published
        if event.detail_type == "webhook_requested"
    ]
    assert before == 15 * 8 * 2
    assert sum(counts) == len(asked) == 15 * 8
    assert len(set(asked)) == len(asked)
    assert {number for _, number in asked} == {3}
    assert world.tick() == 0


def test_what_was_committed_and_never_announced_is_relayed(
    world: World, system: Database, app: Database
) -> None:
    """The process dies between the commit and the bus."""
    world.add_endpoint()
    run = uuid4()
    data = {"project_id": str(uuid4()), "run_id": str(run), "name": "Quayside"}
    with app.transaction(HOUSE) as work:
        service.request_webhook(work, "project_completed", run, data)
    world.work_off()
    assert world.attempts == []

    world.relay(system)
    world.work_off()

    assert world.delivery(run)["status"] == "delivered"


def test_a_tick_that_dies_before_its_commit_has_asked_for_nothing(world: World, outside: Outside) -> None:
    world.add_endpoint()
    outside.answers = lambda _: answer(503, "retry-after: 600")
    world.complete()
    world.work_off()
    world.time.advance(600)

    def die() -> None:
        with world.database.transaction(HOUSE) as work:
            assert dispatch.ask_for_due(work, world.time.now(), 900) == 1
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="the power went"):
        die()

    assert world.tick() == 1
    assert world.tick() == 0


def test_a_message_that_is_lost_is_asked_for_again_after_its_lease(world: World, outside: Outside) -> None:
    world.add_endpoint()
    outside.answers = lambda _: answer(500)
    run = world.complete()
    world.work_off()
    outside.answers = lambda _: answer(204)
    world.queue.clear()

    world.time.advance(world.delivery(run)["next_attempt_at"] + timedelta(seconds=899) - world.time.now())
    assert world.tick() == 0
    world.time.advance(1)
    assert world.tick() == 1
    assert world.tick() == 0
    world.work_off()
    assert (world.delivery(run)["status"], world.delivery(run)["attempts"]) == ("delivered", 2)


def report(number: int, status: int | None, world: World, **more: Any) -> Report:
    return Report(
        number, world.time.now(), 5, status, None if status else "the connection was refused", **more
    )


def recorded(world: World, run: UUID, *reports: Report) -> dict[str, Any]:
    for each in reports:
        with world.database.transaction(HOUSE) as work:
            record_attempt(work, world.delivery(run)["id"], each)
    return world.delivery(run)


def test_a_report_that_comes_twice_counts_once(world: World) -> None:
    world.add_endpoint()
    run = world.complete()
    found = recorded(world, run, report(1, 500, world), report(1, 500, world), report(1, None, world))

    assert (found["attempts"], found["schedule_position"], found["response_status"]) == (1, 1, 500)
    assert len(world.rows("SELECT 1 FROM identity.webhook_attempts")) == 1


def test_the_attempt_that_ends_a_schedule_says_that_the_delivery_is_given_up(world: World) -> None:
    world.add_endpoint()
    run = world.complete()
    told = []
    for number in (1, 2, 2):
        status = 410 if number == 2 else 500
        with world.database.transaction(HOUSE) as work:
            told.append(record_attempt(work, world.delivery(run)["id"], report(number, status, world)))

    assert told == [False, True, False]
    assert world.delivery(run)["status"] == "failed"


def test_of_an_attempt_that_was_made_twice_the_success_counts(world: World) -> None:
    world.add_endpoint()
    run = world.complete()
    found = recorded(world, run, report(1, None, world), report(1, 204, world), report(2, 500, world))

    assert (found["status"], found["response_status"]) == ("delivered", 204)
    log = world.rows(
        "SELECT number, response_status, error_message FROM identity.webhook_attempts ORDER BY 1"
    )
    assert [(row["number"], row["response_status"], row["error_message"]) for row in log] == [
        (1, 204, None),
        (2, 500, None),
    ]


def test_a_report_about_nothing_is_nothing(world: World) -> None:
    with world.database.transaction(HOUSE) as work:
        record_attempt(work, uuid4(), report(1, 204, world))

    assert world.rows("SELECT 1 FROM identity.webhook_attempts") == []


def test_what_waits_for_an_endpoint_is_given_up_with_it(world: World, outside: Outside) -> None:
    endpoint = world.add_endpoint()
    outside.answers = lambda _: answer(500)
    run = world.complete()
    world.work_off()
    world.queue.clear()
    with world.database.transaction(HOUSE) as work:
        endpoints.delete(work, endpoint.id, ADMIN, world.time.now())

    found = world.delivery(run)
    assert (found["status"], found["next_attempt_at"]) == ("cancelled", None)
    assert found["error_message"] == "the endpoint was deleted"
    world.run(timedelta(minutes=30))
    assert len(outside.got()) == 1
    with world.database.transaction(HOUSE) as work, pytest.raises(Conflict, match="deleted"):
        deliveries.replay(work, found["id"], ADMIN, world.time.now())


def test_a_replay_is_the_same_webhook_on_a_schedule_of_its_own(world: World, outside: Outside) -> None:
    world.add_endpoint()
    run = world.complete()
    world.work_off()
    outside.answers = lambda _: answer(500)
    world.time.advance(3600)
    delivery = world.delivery(run)["id"]

    with world.database.transaction(HOUSE) as work:
        replayed = deliveries.replay(work, delivery, ADMIN, world.time.now())
    assert (replayed.status, replayed.attempts, replayed.delivered_at) == ("pending", 1, None)
    with world.database.transaction(HOUSE) as work, pytest.raises(Conflict, match="under way"):
        deliveries.replay(work, delivery, ADMIN, world.time.now())
    world.work_off()
    outside.answers = lambda _: answer(204)
    world.run(MINUTE)

    assert world.delivery(run)["status"] == "delivered"
    assert [headers["webhook-id"] for _, headers, _ in outside.got()] == [
        outside.got()[0][1]["webhook-id"]
    ] * 3
    assert len({headers["webhook-timestamp"] for _, headers, _ in outside.got()}) == 3
    log = world.rows("SELECT number, response_status FROM identity.webhook_attempts ORDER BY number")
    assert [(row["number"], row["response_status"]) for row in log] == [(1, 204), (2, 500), (3, 204)]
    acts = world.rows("SELECT action FROM identity.audit_log WHERE action = 'webhook_delivery.replayed'")
    assert len(acts) == 1
