"""Writes letters: a template of `letters/` becomes a subject, a plain text and the same as HTML.

Names that people chose for themselves stand in letters to others. They are made harmless first: one line, nothing
that turns text around, and nothing that a mail program would make a link of.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from uuid import UUID

from functions.identity.people.mail import LetterKind
from functions.identity.people.mail_token import Claim, Purpose, issue

_FOLDER = Path(__file__).parent / "letters"
_LONGEST_NAME = 100
# The receiver's own, by which they are greeted; everything else was named by somebody else.
_OWN_NAME = "username"
_PARAGRAPH = '<p style="margin:0 0 1rem">{}</p>'
_CODE = (
    '<pre style="margin:0 0 1rem;padding:.75rem;background:#f4f5f8;border-radius:.25rem;white-space:pre-wrap;'
    'overflow-wrap:anywhere;font:.8125rem/1.4 ui-monospace,monospace">{}</pre>'
)
_BUTTON = (
    '<p style="margin:0 0 1rem"><a href="{0}" style="display:inline-block;padding:.6rem 1.1rem;background:#2447d8;'
    'color:#ffffff;border-radius:.25rem;text-decoration:none">{1}</a></p>'
    '<p style="margin:0 0 1rem;color:#5a6274;font-size:.8125rem;overflow-wrap:anywhere">{0}</p>'
)


@dataclass(frozen=True)
class _Way:
    """What to do with a token: a page of the portal, or a request to the API with more fields than the token."""

    purpose: Purpose
    page: str
    invitation: str
    operation: str
    more: dict[str, str]


_WAYS = {
    LetterKind.INVITATION: _Way(
        Purpose.ACCEPT_INVITATION,
        "accept-invitation",
        "Choose a username and a password",
        "POST /v1/invitations/accept",
        {"username": "a name of your choice", "password": "a password of your choice"},
    ),
    LetterKind.VERIFY_EMAIL: _Way(
        Purpose.VERIFY_EMAIL, "verify-email", "Confirm this address", "POST /v1/email-verifications", {}
    ),
    LetterKind.RESET_PASSWORD: _Way(
        Purpose.RESET_PASSWORD,
        "reset-password",
        "Choose a new password",
        "POST /v1/password-resets/confirm",
        {"password": "a password of your choice"},
    ),
}


@dataclass(frozen=True)
class Letter:
    """A letter, written."""

    subject: str
    text: str
    html: str


def one_line(name: str) -> str:
    """Return a name without control, format and line characters, which break lines or turn text around.

    At most 100 characters.
    """
    plain = "".join(
        " " if unicodedata.category(character)[0] in "CZ" else character
        for character in unicodedata.normalize("NFC", name)
    )
    plain = " ".join(plain.split())
    return plain[: _LONGEST_NAME - 1] + "…" if len(plain) > _LONGEST_NAME else plain


def harmless(name: str) -> str:
    """Return a name that somebody chose, fit for a letter to somebody else.

    As `one_line` has it; and `://`, `@` and dots within a word become other signs: mail programs make links of them.
    """
    plain = one_line(name).replace("://", " ").replace("@", "(at)")
    return re.sub(r"(?<=\w)\.(?=\w)", "·", plain)


@cache
def _template(kind: LetterKind) -> tuple[str, Template]:
    """Return the subject and the text of a template."""
    head, _, text = (_FOLDER / f"{kind.value}.txt").read_text(encoding="utf-8").partition("\n\n")
    return head.removeprefix("Subject: ").strip(), Template(text.strip() + "\n")


@cache
def _layout() -> Template:
    return Template((_FOLDER / "layout.html").read_text(encoding="utf-8"))


def write(detail: dict[str, Any], mail_key: str, portal_url: str) -> Letter:
    """Write the letter of a `mail_requested` event.

    mail_key: the secret that the letter's token is derived with. portal_url: where the portal is; empty: the letter
    tells the request to send. Raises KeyError for names that the template wants and the event lacks.
    """
    kind = LetterKind(detail["kind"])
    names = {
        name: one_line(str(value)) if name == _OWN_NAME else harmless(str(value))
        for name, value in detail["names"].items()
    }
    way = _WAYS.get(kind)
    link, how = "", ""
    if way is not None:
        claim = Claim(UUID(detail["tenant_id"]), UUID(detail["token_id"]))
        token = issue(claim, way.purpose, mail_key)
        link = f"{portal_url.rstrip('/')}/{way.page}#token={token}" if portal_url else ""
        how = _how(way, token, link)
        until = datetime.fromisoformat(detail["expires_at"]).astimezone(UTC)
        names["until"] = f"{until.day} {until:%B %Y, %H:%M} UTC"
    subject, template = _template(kind)
    text = template.substitute(names, how=how)
    body = "\n".join(_html(block, link, way) for block in text.strip().split("\n\n"))
    return Letter(subject, text, _layout().substitute(title=escape(subject), body=body))


def _how(way: _Way, token: str, link: str) -> str:
    if link:
        return f"{way.invitation} here:\n\n    {link}"
    body = json.dumps({"token": token, **way.more}, indent=2).replace("\n", "\n    ")
    return f"{way.invitation} by this request:\n\n    {way.operation}\n    {body}"


def _html(block: str, link: str, way: _Way | None) -> str:
    """Return a paragraph as HTML; one that is indented is something to press or to copy."""
    if not block.startswith("    "):
        return _PARAGRAPH.format(escape(" ".join(block.split())))
    if link and way is not None:
        return _BUTTON.format(escape(link), escape(way.invitation))
    return _CODE.format(escape("\n".join(line.removeprefix("    ") for line in block.split("\n"))))
