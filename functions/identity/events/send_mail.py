"""Writes and sends the letters that the data zone asks for. Edge zone: it sees no table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions.identity.people.writing import write
from shared.adapters.mail import MailMessage
from shared.batch import each_message
from shared.bootstrap import container
from shared.observability import logger, observed
from shared.settings import MailSettings

# RFC 3834: no holiday notice answers it.
_HEADERS = {"Auto-Submitted": "auto-generated"}


def _send(detail: dict[str, Any]) -> None:
    own = container()
    expires_at = detail["expires_at"]
    if expires_at is not None and own.clock.now() >= datetime.fromisoformat(expires_at):
        logger().warning("a letter came too late: its token opens nothing any more")
        return
    settings = own.settings(MailSettings)
    letter = write(detail, own.mail_key, settings.portal_url)
    message = MailMessage(
        to=detail["recipient"],
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        headers=_HEADERS,
        message_id=detail["event_id"],
    )
    own.mailer.send(message)


@observed("identity.send_mail")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Send a letter for each message of the batch."""
    del context
    return each_message(event, _send)
