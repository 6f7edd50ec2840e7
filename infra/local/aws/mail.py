"""Amazon SES on one machine: what would be sent lands in a folder, a file a mail, to be read there.

API: docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html, with raw content, as the product sends it.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from infra.local.aws.wsgi import Answer, Environ, aws_error, json_answer, read_json

PATH = "/v2/email/outbound-emails"
"""Where SES takes mail."""
_DOMAIN = "roboagency.localhost"
_SHOWN = 50


class MailFolder:
    """Takes mail into `folder` as `<time>-<id>.eml`. now: the time, in UTC."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder = folder
        self._now = now

    def answer(self, environ: Environ) -> Answer:
        """Answer a SendEmail request: keep the mail, with the two headers that SES adds, and give it an id."""
        asked = read_json(environ)
        try:
            raw = base64.b64decode(asked["Content"]["Raw"]["Data"], validate=True)
            receivers = asked["Destination"]["ToAddresses"]
        except (KeyError, TypeError, ValueError):
            return aws_error(400, "BadRequestException", "a mail needs a destination and raw content")
        if not receivers:
            return aws_error(400, "BadRequestException", "a mail needs somebody who gets it")
        now, name = self._now(), uuid.uuid4().hex
        head = f"Date: {format_datetime(now)}\r\nMessage-ID: <{name}@{_DOMAIN}>\r\n"
        self._keep(f"{now:%Y%m%dT%H%M%S.%f}-{name}.eml", head.encode() + raw)
        return json_answer(200, {"MessageId": name})

    def received(self) -> list[dict[str, Any]]:
        """The last fifty mails, newest first: id, time, from, to, subject, text, and the file."""
        files = sorted(self._folder.glob("*.eml"), reverse=True)[:_SHOWN]
        return [_shown(path) for path in files]

    def _keep(self, name: str, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._folder / f"{name}.part"
        part.write_bytes(data)
        part.rename(self._folder / name)


def _shown(path: Path) -> dict[str, Any]:
    message = message_from_bytes(path.read_bytes(), policy=default)
    text = message.get_body(("plain",))
    return {
        "id": path.stem.rpartition("-")[2],
        "time": message["Date"].datetime.isoformat(),
        "from": str(message["From"]),
        "to": str(message["To"]),
        "subject": str(message["Subject"]),
        "text": text.get_content().replace("\r\n", "\n") if text is not None else "",
        "file": str(path),
    }
