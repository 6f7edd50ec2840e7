"""Receivers that misbehave, on a clock that stands still: the schedule is followed to the second, and nothing private
is ever contacted.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from uuid import UUID

import pytest

from functions.identity.webhooks.addresses import is_public
from functions.identity.webhooks.schedule import MOST_ATTEMPTS, delay_seconds
from tests.integration.identity.webhook_world import (
    PUBLIC,
    Line,
    Outside,
    Receiver,
    World,
    answer,
    dripping,
    resetting,
    silent,
)

METADATA = "169.254.169.254"
REDIRECT = "redirects are not followed"
SILENCE = "there was no answer within 15 s"
CLOSED = "the connection was closed before an answer"
RUBBISH = "the answer is not HTTP"

MISDEEDS: dict[str, tuple[Callable[[World], Receiver], int | None, str | None]] = {
    "302": (lambda _: answer(302, "location: https://elsewhere.example.com/"), 302, REDIRECT),
    "redirect-to-metadata": (lambda _: answer(307, "location: http://169.254.169.254/"), 307, REDIRECT),
    "301-to-nowhere": (lambda _: answer(301), 301, REDIRECT),
    "400-after-100": (lambda _: b"HTTP/1.1 100 Continue\r\n\r\n" + answer(400), 400, None),
    "500-with-a-huge-body": (lambda _: answer(500, body="x" * 100_000), 500, None),
    "silence": (lambda world: silent(world.watch), None, SILENCE),
    "a-byte-a-second": (lambda world: dripping(world.watch, answer(204)), None, SILENCE),
    "rubbish-a-byte-a-second": (lambda world: dripping(world.watch, b"x" * 99), None, SILENCE),
    "reset": (lambda _: resetting, None, CLOSED),
    "closed-without-a-word": (lambda _: b"", None, CLOSED),
    "no-such-status": (lambda _: b"HTTP/1.1 999 What\r\n\r\n", None, RUBBISH),
    "mail-server": (lambda _: b"220 mail.example.com ESMTP\r\n", None, RUBBISH),
    "binary-rubbish": (lambda _: b"\x15\x03\x01\x00\x02\x02\x28" * 100, None, RUBBISH),
    "a-header-without-end": (lambda _: b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000, None, RUBBISH),
    "100-without-end": (lambda _: b"HTTP/1.1 100 Continue\r\n\r\n" * 9000, None, RUBBISH),
    "headers-without-end": (lambda _: b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200, None, RUBBISH),
}


def expected(delivery_id: UUID, first: datetime) -> list[datetime]:
    """When the attempts of a delivery that always fails are made."""
    waits = [delay_seconds(delivery_id, failures) for failures in range(1, MOST_ATTEMPTS)]
    return [first + timedelta(seconds=wait) for wait in itertools.accumulate(waits, initial=0)]


def test_the_schedule_is_followed_to_the_second_and_then_an_endpoint_is_disabled(
    world: World, outside: Outside
) -> None:
    """One receiver of each kind, all told of the same run."""
    endpoints = {world.add_endpoint(url=f"https://{name}.example.com/in").id: name for name in MISDEEDS}
    outside.answers = lambda host: MISDEEDS[host.split(".")[0]][0](world)
    first = world.time.now()

    run = world.complete()
    world.work_off()
    while due := world.next_due():
        assert due > world.time.now()
        world.pass_to(due)

    found = world.deliveries(run)
    assert len(found) == len(MISDEEDS)
    for row in found:
        name = endpoints[row["endpoint_id"]]
        _, status, error = MISDEEDS[name]
        made = [moment for delivery, moment in world.attempts if delivery == str(row["id"])]
        assert made == expected(row["id"], first), name
        assert (row["status"], row["attempts"]) == ("failed", 10), name
        assert (row["response_status"], row["error_message"]) == (status, error), name
        endpoint = world.endpoint(row["endpoint_id"])
        assert (endpoint["status"], endpoint["disabled_because"]) == ("disabled", "failing"), name
        assert endpoint["disabled_at"] == made[-1], name
    assert set(outside.connected) == {(PUBLIC, 443)}
    assert len(outside.connected) == MOST_ATTEMPTS * len(MISDEEDS)
    assert all(line.closed for line in outside.lines)
    logged = world.rows("SELECT delivery_id, started_at FROM identity.webhook_attempts")
    assert sorted((str(entry["delivery_id"]), entry["started_at"]) for entry in logged) == sorted(
        world.attempts
    )


@pytest.mark.parametrize("kind", ["silence", "a byte a second"])
def test_a_post_ends_after_fifteen_seconds_however_it_is_drawn_out(
    world: World, outside: Outside, kind: str
) -> None:
    world.add_endpoint()
    outside.answers = lambda _: (
        silent(world.watch) if kind == "silence" else dripping(world.watch, answer(204))
    )

    run = world.complete()
    world.work_off()

    assert world.watch.seconds == 15
    (attempt,) = world.rows("SELECT * FROM identity.webhook_attempts")
    assert attempt["duration_ms"] == 15_000
    assert attempt["error_message"] == "there was no answer within 15 s"
    assert world.delivery(run)["status"] == "pending"


def test_a_receiver_that_takes_a_byte_a_second_is_cut_off_too(world: World, outside: Outside) -> None:
    class Slow(Line):
        def send(self, data: memoryview) -> int:
            if self.timeout < 1:
                world.watch.seconds += self.timeout
                raise TimeoutError
            world.watch.seconds += 1
            return super().send(data[:1])

    world.add_endpoint()
    outside.make_line = Slow
    world.complete()
    world.work_off()

    assert world.watch.seconds == 15
    assert len(outside.lines[0].sent) == 15


ASKS = {"3600": 3600, "86400": 86_400, "9999999": 86_400, "1": None, "soon": None, "-5": None, "": None}


def test_a_busy_receiver_says_when_to_come_again(world: World, outside: Outside) -> None:
    asks = [(busy, text) for busy in (429, 503) for text in ASKS]
    for number in range(len(asks)):
        world.add_endpoint(url=f"https://busy{number}.example.com/")

    def busy(host: str) -> Receiver:
        status, text = asks[int(host.split(".")[0].removeprefix("busy"))]
        return answer(status, f"retry-after: {text}")

    outside.answers = busy
    first = world.time.now()
    run = world.complete()
    world.work_off()

    dues = {}
    for row in world.deliveries(run):
        status, text = asks[int(row["url"].split(".")[0].removeprefix("https://busy"))]
        due = first + timedelta(seconds=ASKS[text] or delay_seconds(row["id"], 1))
        assert (row["next_attempt_at"], row["response_status"]) == (due, status), text
        dues[str(row["id"])] = due
    outside.answers = lambda _: answer(204)
    for due in sorted(set(dues.values())):
        world.pass_to(due)
    assert dict(world.attempts[len(asks) :]) == dues


def test_a_busy_receiver_may_name_a_date(world: World, outside: Outside) -> None:
    world.add_endpoint()
    wanted = world.time.now() + timedelta(hours=2)
    outside.answers = lambda _: answer(429, f"Retry-After: {format_datetime(wanted, usegmt=True)}")

    run = world.complete()
    world.work_off()

    assert world.delivery(run)["next_attempt_at"] == wanted


def test_only_a_busy_receiver_is_asked_when_to_come_again(world: World, outside: Outside) -> None:
    world.add_endpoint()
    outside.answers = lambda _: answer(500, "retry-after: 7200")
    first = world.time.now()

    run = world.complete()
    world.work_off()

    found = world.delivery(run)
    assert found["next_attempt_at"] == first + timedelta(seconds=delay_seconds(found["id"], 1))


def test_410_disables_the_endpoint_at_once_and_the_others_are_told(world: World, outside: Outside) -> None:
    listener = world.add_endpoint("webhook_endpoint_disabled", url="https://other.example.com/")
    gone = world.add_endpoint()
    waiting = world.complete()
    world.carry()
    moment = world.time.now()
    run = world.complete()
    outside.answers = lambda _: answer(410)
    world.work_off_one()
    outside.answers = lambda _: answer(204)
    world.work_off()

    row = world.endpoint(gone.id)
    assert (row["status"], row["disabled_because"], row["disabled_at"]) == ("disabled", "gone", moment)
    assert world.endpoint(listener.id)["status"] == "active"
    statuses = {world.delivery(waiting)["status"], world.delivery(run)["status"]}
    assert "failed" in statuses
    told = [body for _, _, body in outside.got() if body["type"] == "webhook_endpoint_disabled"]
    assert [body["data"] for body in told] == [
        {"endpoint_id": str(gone.id), "disabled_because": "gone", "disabled_at": moment.isoformat()}
    ]
    assert [
        event.detail["disabled_because"]
        for event in world.wire.published
        if event.detail_type == ("webhook_endpoint_disabled")
    ] == ["gone"]
    acts = world.rows("SELECT action, details FROM identity.audit_log ORDER BY id DESC LIMIT 1")
    assert [(act["action"], act["details"]) for act in acts] == [
        ("webhook_endpoint.disabled", {"because": "gone"})
    ]

    before = len(outside.connected)
    later = world.complete()
    world.run(timedelta(hours=1))
    assert len(outside.connected) == before
    assert (
        world.rows(
            "SELECT 1 FROM identity.webhook_events e JOIN identity.webhook_deliveries d ON d.event_id = e.id "
            "WHERE e.subject_id = %(id)s",
            id=later,
        )
        == []
    )


def test_a_success_forgets_the_failures_before_it(world: World, outside: Outside) -> None:
    endpoint = world.add_endpoint()
    outside.answers = lambda _: answer(500)
    world.complete()
    world.work_off()
    assert world.endpoint(endpoint.id)["first_failure_at"] == world.time.now()

    outside.answers = lambda _: answer(200, body="thank you")
    world.run(timedelta(seconds=10))

    assert world.endpoint(endpoint.id)["first_failure_at"] is None
    (row,) = world.rows("SELECT status, attempts, delivered_at FROM identity.webhook_deliveries")
    assert (row["status"], row["attempts"]) == ("delivered", 2)
    assert row["delivered_at"] == world.attempts[-1][1]


def test_an_endpoint_that_takes_something_in_between_stays(world: World, outside: Outside) -> None:
    endpoint = world.add_endpoint()
    outside.answers = lambda _: answer(500)
    failing = world.complete()
    world.work_off()
    while world.delivery(failing)["status"] == "pending":
        if world.delivery(failing)["attempts"] == 8:
            outside.answers = lambda _: answer(204)
            world.complete()
            world.work_off()
            outside.answers = lambda _: answer(500)
        world.pass_to(world.delivery(failing)["next_attempt_at"])

    assert world.delivery(failing)["status"] == "failed"
    assert world.endpoint(endpoint.id)["status"] == "active"


INSIDE = {
    "metadata": [METADATA],
    "private": ["10.0.0.7"],
    "one-among-public-ones": [PUBLIC, "127.0.0.1"],
    "private-in-v6": ["::ffff:192.168.1.1"],
    "metadata-behind-nat64": ["64:ff9b::a9fe:a9fe"],
    "loopback-behind-6to4": ["2002:7f00:1::"],
    "metadata-v6": ["fd00:ec2::254"],
    "carrier-nat": ["100.64.1.1"],
    "no-address": ["rubbish"],
}


def test_a_name_that_leads_inside_is_never_contacted(world: World, outside: Outside) -> None:
    for name in INSIDE:
        world.add_endpoint(url=f"https://{name}.example.com/")
    outside.addresses = lambda host: INSIDE[host.split(".")[0]]
    run = world.complete()
    world.run(timedelta(minutes=10))

    found = world.deliveries(run)
    assert len(found) == len(INSIDE)
    assert {(row["status"], row["attempts"]) for row in found} == {("pending", 3)}
    assert {row["error_message"] for row in found} == {"the URL must not lead to a private address"}
    assert outside.connected == []
    assert sorted(outside.looked_up) == sorted(f"{name}.example.com" for name in INSIDE for _ in range(3))


def test_a_name_that_changes_its_mind_is_looked_up_once_an_attempt(world: World, outside: Outside) -> None:
    """DNS rebinding: public for the check, private for the connection. There is one look-up and no second."""

    turns = itertools.cycle([[PUBLIC], [METADATA]])
    world.add_endpoint()
    outside.addresses = lambda _: next(turns)
    outside.answers = lambda _: answer(500)
    run = world.complete()
    world.run(timedelta(minutes=10))

    assert world.delivery(run)["attempts"] == 3
    assert len(outside.looked_up) == 3
    assert outside.connected == [(PUBLIC, 443)] * 2
    assert all(is_public(address) for address, _ in outside.connected)
    errors = world.rows("SELECT error_message FROM identity.webhook_attempts ORDER BY number")
    assert [row["error_message"] for row in errors] == [
        None,
        "the URL must not lead to a private address",
        None,
    ]
