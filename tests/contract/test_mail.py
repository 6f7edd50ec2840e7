"""What every mailer promises: one message to one person, and nothing slipped in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from email import message_from_bytes, message_from_string
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.mail import Mailer, MailMessage, Outbox, SesMailer, mime
from shared.errors import AppError, DependencyUnavailable, Invalid

_SENDER = "RoboAgency <hello@example.com>"
_MESSAGE = MailMessage(
    to="ada@example.org",
    subject="Ihr Paket ist fertig – très bien",
    text="Grüße,\nRoboAgency",
    html="<p>Grüße</p>",
    headers={
        "List-Unsubscribe": "<https://example.com/u/1>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
    message_id="mail_0198.c3-1",
)


@dataclass
class Subject:
    """A mailer and how many messages left it."""

    mailer: Mailer
    count: Callable[[], int]


@pytest.fixture(params=["fake", "aws"])
def subject(request: pytest.FixtureRequest) -> Subject:
    if request.param == "fake":
        outbox = Outbox()
        return Subject(outbox, lambda: len(outbox.sent))
    request.getfixturevalue("aws")
    client = _ses()
    return Subject(SesMailer(client, _SENDER), lambda: len(_sent()))


def _ses() -> Any:
    import boto3

    client = boto3.client("sesv2")
    client.create_email_identity(EmailIdentity="hello@example.com")
    return client


def _sent() -> list[Any]:
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.ses.models import ses_backends

    return list(ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages)


def test_a_message_leaves_and_has_an_id(subject: Subject) -> None:
    first, second = subject.mailer.send(_MESSAGE), subject.mailer.send(replace(_MESSAGE, html=None))

    assert first
    assert first != second
    assert subject.count() == 2


@pytest.mark.parametrize(
    "change",
    [
        {"to": "ada@example.org\r\nBcc: eve@example.org"},
        {"to": "ada@example.org, eve@example.org"},
        {"to": "Ada <ada@example.org>"},
        {"to": "ada@localhost"},
        {"to": "a..da@example.org"},
        {"to": "adä@example.org"},
        {"to": ""},
        {"subject": "Hello\r\nBcc: eve@example.org"},
        {"subject": "Hello\nworld"},
        {"subject": "Hello\x00"},
        {"subject": "Hello\x85Bcc: eve@example.org"},
        {"subject": "\ud800"},
        {"text": "\ud800"},
        {"headers": {"Bcc": "eve@example.org"}},
        {"headers": {"reply-to": "eve@example.org"}},
        {"headers": {"Content-Type": "text/html"}},
        {"headers": {"X-SES-CONFIGURATION-SET": "other"}},
        {"headers": {"List-Unsubscribe": "<https://example.com>\r\nBcc: eve@example.org"}},
        {"headers": {"X Y": "value"}},
        {"headers": {"X-Y\r\nBcc": "value"}},
        {"headers": {"X-Y:": "value"}},
        {"message_id": "a b"},
    ],
    ids=str,
)
def test_what_could_smuggle_anything_in_is_refused(subject: Subject, change: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        subject.mailer.send(replace(_MESSAGE, **change))

    assert subject.count() == 0


@pytest.mark.usefixtures("aws")
def test_ses_gets_the_whole_message() -> None:
    SesMailer(_ses(), _SENDER).send(_MESSAGE)

    (sent,) = _sent()
    parsed = message_from_string(sent.raw_data, policy=default)
    assert set(sent.destinations) == {"ada@example.org"}
    assert isinstance(parsed, EmailMessage)
    assert parsed["From"] == _SENDER
    assert parsed["To"] == "ada@example.org"
    assert parsed["Subject"] == _MESSAGE.subject
    assert parsed["List-Unsubscribe"] == "<https://example.com/u/1>"
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in parsed.iter_parts())
    assert text.replace("\r\n", "\n").strip() == _MESSAGE.text
    assert html.strip() == _MESSAGE.html


def test_our_id_and_the_configuration_set_travel_beside_the_message() -> None:
    class Client:
        def send_email(self, **request: Any) -> dict[str, str]:
            self.request = request
            return {"MessageId": "ses-1"}

    client = Client()

    assert SesMailer(client, _SENDER, configuration_set="robo").send(_MESSAGE) == "ses-1"
    assert client.request["EmailTags"] == [{"Name": "message_id", "Value": "mail_0198.c3-1"}]
    assert client.request["ConfigurationSetName"] == "robo"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("MessageRejected", Invalid),
        ("BadRequestException", Invalid),
        ("TooManyRequestsException", DependencyUnavailable),
        ("LimitExceededException", DependencyUnavailable),
        ("SendingPausedException", AppError),
        ("AccountSuspendedException", AppError),
    ],
)
def test_refusals_of_ses_are_told_apart(code: str, expected: type[AppError]) -> None:
    from botocore.exceptions import ClientError

    class Refusing:
        def send_email(self, **_: Any) -> None:
            answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            raise ClientError(answer, "SendEmail")

    with pytest.raises(AppError) as caught:
        SesMailer(Refusing(), _SENDER).send(_MESSAGE)

    assert type(caught.value) is expected


_anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(subject=_anything, text=_anything, value=_anything)
def test_whatever_is_accepted_adds_no_header_and_changes_no_receiver(
    subject: str, text: str, value: str
) -> None:
    message = MailMessage("ada@example.org", subject, text, headers={"X-Note": value})
    try:
        raw = mime(message, _SENDER)
    except Invalid:
        return

    parsed = message_from_bytes(raw, policy=default)
    assert raw.isascii()
    added = {name.lower() for name in parsed} - {"content-transfer-encoding"}
    assert added == {"from", "to", "subject", "x-note", "content-type", "mime-version"}
    assert parsed["To"] == "ada@example.org"
    assert "bcc" not in added
