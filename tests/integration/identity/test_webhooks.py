"""Webhooks: delivered to a real receiver, written down, and never twice as different ones."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid4

import pytest

from functions.identity import service
from functions.identity.webhooks import Attempt, post_webhook
from shared.db.unit_of_work import Database
from shared.webhook_signature import verify
from tests.integration.database.conftest import HOUSE

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = 1_795_000_000


class Receiver:
    """An HTTP server that keeps what it gets and answers what it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200
        self.location = ""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                heads = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append((self.path, heads, body))
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("location", receiver.location)
                self.send_header("content-length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on this machine."""
    made = Receiver()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def post(url: str, *, allow_private: bool = True) -> Attempt:
    payload = {"type": "project_completed", "data": {"name": "Håbør"}}
    return post_webhook(
        url, SECRET, webhook_id="msg_1", timestamp=NOW, payload=payload, allow_private=allow_private
    )


def test_a_receiver_can_verify_what_it_gets(receiver: Receiver) -> None:
    assert post(f"{receiver.url}/hooks/kits?team=7") == Attempt(200, None)

    ((path, headers, body),) = receiver.got
    assert path == "/hooks/kits?team=7"
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == "msg_1"
    assert headers["webhook-timestamp"] == str(NOW)
    assert verify(SECRET, headers, body, NOW)
    assert not verify(SECRET, headers, body + b" ", NOW)
    assert json.loads(body)["data"] == {"name": "Håbør"}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.location = status, f"{receiver.url}/elsewhere"

    attempt = post(receiver.url)

    assert attempt == Attempt(status, None)
    assert not attempt.delivered
    assert [path for path, _, _ in receiver.got] == ["/"]


@pytest.mark.parametrize(
    ("status", "delivered"), [(200, True), (204, True), (299, True), (400, False), (503, False)]
)
def test_any_2xx_is_delivery(receiver: Receiver, status: int, delivered: bool) -> None:
    receiver.status = status

    assert post(receiver.url).delivered is delivered


def test_a_receiver_that_is_not_there_is_told_not_raised(receiver: Receiver) -> None:
    attempt = post("http://127.0.0.1:9/")

    assert attempt.status is None
    assert "ConnectionRefusedError" in str(attempt.error)


def test_an_answer_that_is_not_http_is_told_not_raised(receiver: Receiver) -> None:
    receiver.status = 5

    assert post(receiver.url).status is None


def test_a_private_receiver_gets_nothing_where_that_is_refused(receiver: Receiver) -> None:
    attempt = post(receiver.url.replace("http:", "https:"), allow_private=False)

    assert attempt.status is None
    assert "not public" in str(attempt.error)
    assert receiver.got == []


def request(database: Database, subject: UUID, *, enabled: bool = True) -> None:
    with database.transaction(HOUSE) as work:
        service.request_webhook(work, "project_completed", subject, {"run_id": str(subject)}, enabled=enabled)


def delivery(database: Database, subject: UUID) -> dict[str, Any]:
    with database.transaction(HOUSE) as work:
        found = service.get_delivery(work, "project_completed", subject)
    assert found is not None
    return found


def attempted(
    database: Database, subject: UUID, attempts: int, status: int | None, error: str | None
) -> None:
    with database.transaction(HOUSE) as work:
        service.record_attempt(
            work,
            UUID(delivery(database, subject)["id"]),
            attempts=attempts,
            response_status=status,
            error_message=error,
        )


def announced(database: Database) -> list[dict[str, Any]]:
    with database.transaction(HOUSE) as work:
        rows = work.fetch_all("SELECT detail FROM identity.outbox WHERE event_type = 'webhook_requested'")
    return [row["detail"] for row in rows]


def test_a_webhook_about_a_subject_is_asked_for_once(app: Database) -> None:
    subject = uuid4()
    request(app, subject)
    request(app, subject)

    (detail,) = announced(app)
    assert detail["webhook_type"] == "project_completed"
    assert detail["data"] == {"run_id": str(subject)}
    assert detail["webhook_id"] == delivery(app, subject)["id"]
    assert (delivery(app, subject)["status"], delivery(app, subject)["attempts"]) == ("pending", 0)


def test_where_no_webhook_is_configured_that_is_written_down(app: Database) -> None:
    subject = uuid4()
    request(app, subject, enabled=False)

    assert announced(app) == []
    assert delivery(app, subject)["status"] == "disabled"


def test_a_webhook_goes_from_pending_to_delivered_and_stays_there(app: Database) -> None:
    subject = uuid4()
    request(app, subject)
    attempted(app, subject, 1, None, "OSError: no")
    assert (delivery(app, subject)["status"], delivery(app, subject)["attempts"]) == ("pending", 1)

    attempted(app, subject, 2, 204, None)
    attempted(app, subject, 3, 500, None)

    found = delivery(app, subject)
    assert (found["status"], found["attempts"], found["response_status"]) == ("delivered", 2, 204)
    assert found["delivered_at"] is not None


def test_the_eighth_failure_is_final(app: Database) -> None:
    subject = uuid4()
    request(app, subject)
    for number in range(1, service.MOST_ATTEMPTS + 1):
        assert delivery(app, subject)["status"] == "pending"
        attempted(app, subject, number, 500, None)

    assert delivery(app, subject)["status"] == "failed"


def test_a_report_that_comes_late_takes_no_attempt_back(app: Database) -> None:
    subject = uuid4()
    request(app, subject)
    attempted(app, subject, 2, 500, None)
    attempted(app, subject, 1, 500, None)

    assert delivery(app, subject)["attempts"] == 2


def test_only_the_system_finds_what_stalled_and_only_what_is_pending(app: Database, system: Database) -> None:
    subjects = [uuid4() for _ in range(3)]
    for subject in subjects:
        request(app, subject)
    attempted(app, subjects[1], 1, 200, None)
    request(app, uuid4(), enabled=False)

    with system.transaction(None) as work:
        found = service.find_stalled_deliveries(work, 0)
        assert service.find_stalled_deliveries(work, 3600) == []

    assert {row["payload"]["run_id"] for row in found} == {str(subjects[0]), str(subjects[2])}
