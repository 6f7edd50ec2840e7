"""Asking for mail: what the data zone knows of a letter leaves for the edge zone, which writes and sends it.

The event `mail_requested` holds the receiver, names to greet with and the id of a token's row; never the token, which
the sender derives from the secret `mail-key`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.db.unit_of_work import UnitOfWork


class LetterKind(StrEnum):
    """What a letter is about; its template has the same name."""

    INVITATION = "invitation"
    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105  # the name of a letter
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # the name of a letter
    EMAIL_CHANGED = "email_changed"


def request_mail(
    work: UnitOfWork,
    kind: LetterKind,
    recipient: str,
    *,
    names: dict[str, str] | None = None,
    token_id: UUID | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Ask for a letter once this transaction is committed.

    names: what fills the template. token_id: the row whose token the letter carries, worthless from `expires_at` on.
    """
    detail = {
        "kind": kind.value,
        "recipient": recipient,
        "names": names or {},
        "token_id": None if token_id is None else str(token_id),
        "expires_at": None if expires_at is None else expires_at.isoformat(),
    }
    work.announce("mail_requested", detail)
