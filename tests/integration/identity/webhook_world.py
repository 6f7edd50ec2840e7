"""A world for webhooks: a clock that stands still, a bus and a queue that deliver, receivers that do as told.

Everything between is the product: what is announced goes over the bus into the queue, the edge zone's function posts
it or lets it wait, its report is recorded, and a tick a minute asks for what is due.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from functions.identity import service
from functions.identity.events.deliver_webhook import deliver, seconds_early
from functions.identity.events.record_delivery import record
from functions.identity.events.request_due_webhooks import request_due
from shared.adapters.bus import FakeBus
from shared.adapters.clock import FakeClock
from shared.adapters.secrets import FakeSecrets
from shared.bootstrap import Container
from shared.db.outbox import publish
from shared.db.unit_of_work import Database, UnitOfWork
from shared.models.webhook_endpoint import WebhookEndpoint, WebhookEndpointCreate
from shared.models.webhook_event import EventType
from shared.webhook_signature import derive_secret, verify
from tests.integration.database.conftest import HOUSE

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLIC = "93.184.215.14"
MINUTE = timedelta(minutes=1)


def answer(status: int, *headers: str, body: str = "") -> bytes:
    """Return an answer of HTTP/1.1."""
    head = [f"HTTP/1.1 {status} Told", *headers, f"content-length: {len(body)}"]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


class Line:
    """A connection as the poster sees it. What it does when it is read is up to `read`."""

    def __init__(self, read: Callable[[Line, memoryview], int]) -> None:
        self._read = read
        self.sent = b""
        self.timeout: float = 0
        self.closed = False

    def settimeout(self, seconds: float) -> None:
        """Keep how long the next operation may take."""
        self.timeout = seconds

    def send(self, data: memoryview) -> int:
        """Take everything."""
        self.sent += bytes(data)
        return len(data)

    def recv_into(self, buffer: memoryview) -> int:
        """Do what the receiver does."""
        return self._read(self, buffer)

    def close(self) -> None:
        """Remember it."""
        self.closed = True


def saying(data: bytes) -> Callable[[Line, memoryview], int]:
    """A receiver that answers this and closes."""
    rest = [data]

    def read(_: Line, buffer: memoryview) -> int:
        part = rest[0][: len(buffer)]
        rest[0] = rest[0][len(part) :]
        buffer[: len(part)] = part
        return len(part)

    return read


class Stopwatch:
    """The clock of deadlines, which receivers move."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def silent(watch: Stopwatch) -> Callable[[Line, memoryview], int]:
    """A receiver that says nothing for as long as anybody waits."""

    def read(line: Line, _: memoryview) -> int:
        watch.seconds += line.timeout
        raise TimeoutError

    return read


def dripping(watch: Stopwatch, data: bytes) -> Callable[[Line, memoryview], int]:
    """A receiver that sends a byte a second."""
    rest = iter(data)

    def read(line: Line, buffer: memoryview) -> int:
        if line.timeout < 1:
            watch.seconds += line.timeout
            raise TimeoutError
        watch.seconds += 1
        buffer[0] = next(rest)
        return 1

    return read


def resetting(_: Line, __: memoryview) -> int:
    """A receiver that resets the connection."""
    raise ConnectionResetError(104, "Connection reset by peer")


Receiver = Callable[[Line, memoryview], int] | bytes
"""What reads a connection, or what it says before it closes."""


@dataclass
class Outside:
    """The network: what a name resolves to at each look-up, and what answers there. Remembers who was contacted."""

    addresses: Callable[[str], list[str]] = lambda _: [PUBLIC]
    answers: Callable[[str], Receiver] = lambda _: answer(204)
    looked_up: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    make_line: type[Line] = Line

    def resolve(self, host: str, port: int, seconds: float) -> list[str]:
        """Return what the name resolves to now."""
        del port, seconds
        self.looked_up.append(host)
        return self.addresses(host)

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        """Return a line to whatever answers now."""
        del seconds
        self.connected.append((address, port))
        told = self.answers(self.looked_up[-1])
        self.lines.append(self.make_line(saying(told) if isinstance(told, bytes) else told))
        return cast(socket.socket, self.lines[-1])

    def wrap_socket(self, line: Any, *, server_hostname: str) -> Any:
        """Stand for TLS: the line as it is, and the name that was asked for."""
        self.names.append(server_hostname)
        return line

    @property
    def context(self) -> ssl.SSLContext:
        """This, as what TLS is asked of."""
        return cast(ssl.SSLContext, self)

    def got(self) -> list[tuple[str, dict[str, str], dict[str, Any]]]:
        """Return every request: its first line, its headers in lower case, its body."""
        found = []
        for line in self.lines:
            head, _, body = line.sent.partition(b"\r\n\r\n")
            first, *rest = head.decode().split("\r\n")
            headers = {name.lower(): value for name, value in (text.split(": ", 1) for text in rest)}
            found.append((first, headers, json.loads(body)))
        return found


class World(Container):
    """The product on the test's database, and what carries its messages."""

    def __init__(self, outside: Outside) -> None:
        super().__init__()
        self.outside = outside
        self.watch = Stopwatch()
        # The database stamps what happens by its own clock; ours is ahead of it, so that nothing is early.
        self.time = FakeClock(datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1))
        self.wire = FakeBus()
        self.__dict__ |= {
            "clock": self.time,
            "bus": self.wire,
            "secrets": FakeSecrets({"webhook-key": KEY}),
        }
        self.queue: list[tuple[datetime, dict[str, Any]]] = []
        self.attempts: list[tuple[str, datetime]] = []
        self.asked: list[tuple[str, int]] = []
        self._seen = 0
        self._last_tick = self.time.now()

    def close(self) -> None:
        """Close the connections."""
        self.database.close()
        self.system_database.close()

    def add_endpoint(
        self, *types: EventType, url: str = "https://hooks.example.com/in", tenant: UUID = HOUSE
    ) -> WebhookEndpoint:
        """Add an endpoint."""
        wanted = WebhookEndpointCreate(url=url, event_types=list(types) or ["project_completed"])
        with self.database.transaction(tenant) as work:
            return service.create_webhook_endpoint(work, wanted, allow_private=False)

    def add_other(self, work: UnitOfWork, url: str) -> UUID:
        """Add an endpoint in somebody's transaction; return its id."""
        wanted = WebhookEndpointCreate(url=url, event_types=["project_completed"])
        return service.create_webhook_endpoint(work, wanted, allow_private=False).id

    def complete(self, tenant: UUID = HOUSE, **options: Any) -> UUID:
        """Have a run complete; return its id."""
        run = uuid4()
        data = {"project_id": str(uuid4()), "run_id": str(run), "name": "Quayside"}
        with self.database.transaction(tenant) as work:
            service.request_webhook(work, "project_completed", run, data, **options)
        return run

    def carry(self) -> None:
        """Bring what is on the bus to where it goes: requests into the queue, reports into the database."""
        while self._seen < len(self.wire.published):
            event = self.wire.published[self._seen]
            self._seen += 1
            if event.detail_type == "webhook_requested":
                self.asked.append((event.detail["delivery_id"], event.detail["number"]))
                self.queue.append((self.time.now(), event.detail))
            elif event.detail_type == "webhook_attempted":
                record(self, event.detail)

    def pass_to(self, moment: datetime) -> None:
        """Let time pass until just after a moment; only the last two minutes before it are looked at."""
        quiet = moment - self.time.now() - 2 * MINUTE
        if quiet > timedelta(0):
            self.time.advance(quiet)
            self._last_tick = self.time.now() - MINUTE
        self.run(moment - self.time.now() + timedelta(seconds=1))

    def work_off_one(self) -> None:
        """Hand the oldest message to the edge zone and bring its report home."""
        self._hand_over(self.queue.pop(0)[1])
        self.carry()

    def work_off(self) -> None:
        """Hand visible messages to the edge zone until none is left; it hides what comes early."""
        self.carry()
        while visible := [entry for entry in self.queue if entry[0] <= self.time.now()]:
            for entry in visible:
                self.queue.remove(entry)
                self._hand_over(entry[1])
            self.carry()

    def _hand_over(self, detail: dict[str, Any]) -> None:
        early = seconds_early({"body": json.dumps({"detail": detail})}, self.time.now())
        if early:
            self.queue.append((self.time.now() + timedelta(seconds=early), detail))
            return
        self.attempts.append((detail["delivery_id"], self.time.now()))
        deliver(self, detail, self.outside, context=self.outside.context, monotonic=self.watch)

    def tick(self) -> int:
        """Run the schedule once; return how many attempts it asked for."""
        asked = request_due(self)
        self.carry()
        return asked

    def run(self, duration: timedelta) -> None:
        """Let time pass: from message to message and tick to tick."""
        end = self.time.now() + duration
        self.work_off()
        while True:
            moments = [self._last_tick + MINUTE, *(moment for moment, _ in self.queue)]
            until = min(moments)
            if until > end:
                break
            self.time.advance(max(timedelta(0), until - self.time.now()))
            if until == self._last_tick + MINUTE:
                self._last_tick = until
                self.tick()
            self.work_off()
        self.time.advance(end - self.time.now())

    def rows(self, query: str, tenant: UUID = HOUSE, **names: Any) -> list[dict[str, Any]]:
        """Return rows as the tenant sees them."""
        with self.database.transaction(tenant) as work:
            return work.fetch_all(query, names)

    def deliveries(self, subject: UUID) -> list[dict[str, Any]]:
        """Return the deliveries about a subject with the addresses that they go to."""
        return self.rows(
            "SELECT d.*, e.event_type, p.url FROM identity.webhook_deliveries d "
            "JOIN identity.webhook_events e ON e.id = d.event_id "
            "JOIN identity.webhook_endpoints p ON p.id = d.endpoint_id "
            "WHERE e.subject_id = %(subject)s ORDER BY d.id",
            subject=subject,
        )

    def delivery(self, subject: UUID) -> dict[str, Any]:
        """Return the one delivery about a subject."""
        (row,) = self.deliveries(subject)
        return row

    def next_due(self) -> datetime | None:
        """Return when the next attempt is due, None when nothing waits."""
        (row,) = self.rows("SELECT min(next_attempt_at) AS due FROM identity.webhook_deliveries")
        due: datetime | None = row["due"]
        return due

    def endpoint(self, endpoint_id: UUID) -> dict[str, Any]:
        """Return an endpoint's row."""
        (row,) = self.rows("SELECT * FROM identity.webhook_endpoints WHERE id = %(id)s", id=endpoint_id)
        return row

    def relay(self, database: Database) -> int:
        """Publish what lies in the outbox, as the relay does; return how many events."""
        with database.transaction(None) as work:
            rows = work.fetch_all(
                "SELECT id, tenant_id, event_type, detail, created_at FROM identity.outbox "
                "WHERE published_at IS NULL ORDER BY id"
            )
            work.execute("UPDATE identity.outbox SET published_at = now() WHERE published_at IS NULL")
        return len(publish(self.wire, rows))

    def verifies(self, number: int, endpoint_id: UUID, version: int) -> bool:
        """Whether the request of that number verifies with a version of an endpoint's secret, just now."""
        line = self.outside.lines[number]
        _, headers, _ = self.outside.got()[number]
        body = line.sent.partition(b"\r\n\r\n")[2]
        stamp = int(headers["webhook-timestamp"])
        return verify(derive_secret(KEY, endpoint_id, version), headers, body, stamp)
