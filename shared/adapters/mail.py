"""Mail: one message to one person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Protocol

from shared.adapters.aws_errors import translated
from shared.errors import AppError, Invalid

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# SES accepts ASCII addresses only; quoted local parts and comments are refused with everything else unusual.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
_TAG_VALUE = re.compile(r"[A-Za-z0-9_.@-]{1,256}")
# Text in quoted-printable or base64: no relay on the way has to understand more than ASCII.
_SEVEN_BIT = SMTP.clone(cte_type="7bit")
# Written from the fields of the message, by SES, or able to change who gets it.
_RESERVED = frozenset(
    {
        *("from", "to", "cc", "bcc", "sender", "reply-to", "return-path", "subject", "date", "message-id"),
        *("mime-version", "received", "dkim-signature"),
    }
)


@dataclass(frozen=True)
class MailMessage:
    """A message. `to`: one ASCII address. headers: more of them, such as List-Unsubscribe. message_id: ours,
    of letters, digits and `_.@-`; SES gives the mail another and reports this one with every event about it.
    """

    to: str
    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    message_id: str | None = None


class Mailer(Protocol):
    """What sends mail."""

    def send(self, message: MailMessage) -> str:
        """Send a message; return the provider's id of it.

        Raises Invalid when the message cannot be sent as it is, DependencyUnavailable when it is worth another
        attempt, AppError when sending is switched off or not permitted.
        """
        ...


def check_message(message: MailMessage) -> None:
    """Raise Invalid unless every part of a message stays where it belongs."""
    if not _ADDRESS.fullmatch(message.to) or ".." in message.to or ".@" in message.to or message.to[0] == ".":
        raise Invalid("The address of a mail is not valid.")
    if _UNSAFE.search(message.subject):
        raise Invalid("The subject of a mail must be one line.")
    if message.message_id is not None and not _TAG_VALUE.fullmatch(message.message_id):
        raise Invalid("The id of a mail holds letters, digits and _.@- only.")
    for name, value in message.headers.items():
        reserved = name.lower() in _RESERVED or name.lower().startswith(("content-", "x-ses-"))
        if not _HEADER_NAME.fullmatch(name) or reserved:
            raise Invalid(f"The header {name!r} of a mail cannot be set.")
        if _UNSAFE.search(value) or not value.isascii():
            raise Invalid(f"The header {name} of a mail must be one line of ASCII.")


def mime(message: MailMessage, sender: str) -> bytes:
    """Return the message as MIME (RFC 5322), ASCII only, text first and HTML as its alternative. Raises Invalid."""
    check_message(message)
    built = EmailMessage(policy=_SEVEN_BIT)
    built["From"] = sender
    built["To"] = message.to
    built["Subject"] = message.subject
    for name, value in message.headers.items():
        built[name] = value
    try:
        built.set_content(message.text)
        if message.html is not None:
            built.add_alternative(message.html, subtype="html")
        return built.as_bytes()
    except UnicodeEncodeError as error:
        raise Invalid("The text of a mail must be valid Unicode.") from error


class SesMailer:
    """Amazon SES. client: boto3's `sesv2`; sender: an address, or `Name <address>`, that SES has verified.

    configuration_set: what publishes bounces, complaints and opens; None: the default one of the sender.
    """

    def __init__(self, client: Any, sender: str, configuration_set: str | None = None) -> None:
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set

    def send(self, message: MailMessage) -> str:
        """Send a message; return SES's id of it. Raises Invalid, DependencyUnavailable, AppError."""
        raw = mime(message, self._sender)
        options: dict[str, Any] = {}
        if self._configuration_set is not None:
            options["ConfigurationSetName"] = self._configuration_set
        if message.message_id is not None:
            options["EmailTags"] = [{"Name": "message_id", "Value": message.message_id}]
        rejected: AppError = Invalid("The mail was rejected.")
        with translated("SES", {"MessageRejected": rejected, "BadRequestException": rejected}):
            answer = self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [message.to]},
                Content={"Raw": {"Data": raw}},
                **options,
            )
        return str(answer["MessageId"])


class Outbox:
    """Keeps what would have been sent."""

    def __init__(self) -> None:
        self.sent: list[MailMessage] = []

    def send(self, message: MailMessage) -> str:
        """Keep a message; return an id for it. Raises Invalid."""
        mime(message, "outbox@example.com")
        self.sent.append(message)
        return f"outbox-{len(self.sent)}"
