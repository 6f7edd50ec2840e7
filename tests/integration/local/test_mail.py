"""Mail on one machine: SES's door, the folder behind it, and the page that shows it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws.mail import PATH, MailFolder
from infra.local.aws.wsgi import Answer
from infra.local.local_pages import LocalPages
from infra.local.webhook_sink import WebhookSink
from shared.adapters.mail import MailMessage, mime
from shared.errors import Forbidden, MethodNotAllowed

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
HOSTILE = MailMessage(
    "ada@example.com",
    "<script>alert('é')</script>",
    "Hello <b>you</b>,\n\n    a token & more",
    "<p>Hello</p>",
)


def sending(message: MailMessage) -> dict[str, Any]:
    """The body of a SendEmail request, as boto3 writes it."""
    raw = base64.b64encode(mime(message, "RoboAgency <no-reply@example.com>")).decode()
    return {
        "FromEmailAddress": "no-reply@example.com",
        "Destination": {"ToAddresses": [message.to]},
        "Content": {"Raw": {"Data": raw}},
    }


def request(body: Any) -> dict[str, Any]:
    """A request to SES."""
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "wsgi.input": io.BytesIO(json.dumps(body).encode()),
    }


@pytest.fixture
def folder(tmp_path: Path) -> MailFolder:
    """A folder for mail whose clock goes on by a second a mail."""
    times = iter(NOW + timedelta(seconds=number) for number in range(1000))
    return MailFolder(tmp_path / "mail", now=lambda: next(times))


@pytest.fixture
def show(folder: MailFolder, tmp_path: Path) -> Callable[..., Answer]:
    """Asks for a page of this machine."""
    pages = LocalPages(list, list, WebhookSink(tmp_path / "webhooks.jsonl", ""), folder)

    def ask(path: str, host: str = "127.0.0.1:8000", method: str = "GET") -> Answer:
        answer = pages.answer({"REQUEST_METHOD": method, "HTTP_HOST": host}, path)
        assert answer is not None
        return answer

    return ask


def test_a_mail_lands_in_the_folder_with_what_ses_adds(folder: MailFolder, tmp_path: Path) -> None:
    answer = folder.answer(request(sending(HOSTILE)))

    name = json.loads(answer.body)["MessageId"]
    (file,) = (tmp_path / "mail").iterdir()
    parsed = message_from_bytes(file.read_bytes(), policy=default)
    assert answer.status == 200
    assert file.name == f"20261122T123000.000000-{name}.eml"
    assert parsed["Message-ID"] == f"<{name}@roboagency.localhost>"
    assert parsed["Date"].datetime == NOW
    assert (parsed["To"], parsed["Subject"]) == (HOSTILE.to, HOSTILE.subject)
    assert parsed.defects == []
    (mail,) = folder.received()
    assert mail == {
        "id": name,
        "time": NOW.isoformat(),
        "from": "RoboAgency <no-reply@example.com>",
        "to": HOSTILE.to,
        "subject": HOSTILE.subject,
        "text": f"{HOSTILE.text}\n",
        "file": str(file),
    }


def test_the_newest_fifty_are_shown_newest_first(folder: MailFolder) -> None:
    assert folder.received() == []
    for number in range(55):
        folder.answer(request(sending(MailMessage("ada@example.com", f"Mail {number}", "Text"))))

    assert [mail["subject"] for mail in folder.received()] == [
        f"Mail {number}" for number in range(54, 4, -1)
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"Content": {"Raw": {"Data": "é"}}, "Destination": {"ToAddresses": ["a@example.com"]}},
        {"Content": {"Simple": {}}, "Destination": {"ToAddresses": ["a@example.com"]}},
        {"Content": {"Raw": {"Data": ""}}, "Destination": {"ToAddresses": []}},
        {"Content": {"Raw": {"Data": ""}}},
    ],
    ids=str,
)
def test_what_is_no_mail_is_refused_as_ses_does(folder: MailFolder, body: Any) -> None:
    answer = folder.answer(request(body))

    assert (answer.status, json.loads(answer.body)["__type"]) == (400, "BadRequestException")
    assert folder.received() == []


def test_the_page_shows_mails_as_text_and_nothing_of_them_runs(
    folder: MailFolder, show: Callable[..., Answer]
) -> None:
    assert b"No mail yet" in show("/_local/mail").body
    folder.answer(request(sending(HOSTILE)))

    answer = show("/_local/mail", "localhost:8000")

    page = answer.body.decode()
    assert dict(answer.headers)["Content-Security-Policy"].startswith("default-src 'none'")
    assert "&lt;script&gt;alert(&#x27;é&#x27;)&lt;/script&gt;" in page
    assert "Hello &lt;b&gt;you&lt;/b&gt;" in page
    assert "<script" not in page
    listed = json.loads(show("/_local/mail.json").body)["data"]
    assert [mail["subject"] for mail in listed] == [HOSTILE.subject]
    assert b'href="/_local/mail"' in show("/_local/").body


@pytest.mark.parametrize("host", ["evil.example.com", "evil.example.com:8000", "", "127.0.0.1.evil.com"])
@pytest.mark.parametrize("path", ["/_local/mail", "/_local/mail.json"])
def test_a_page_of_the_internet_that_points_here_reads_no_mail(
    show: Callable[..., Answer], path: str, host: str
) -> None:
    with pytest.raises(Forbidden):
        show(path, host)


def test_mail_is_only_read(show: Callable[..., Answer]) -> None:
    with pytest.raises(MethodNotAllowed):
        show("/_local/mail", method="POST")
