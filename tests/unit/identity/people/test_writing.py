"""Letters: whatever somebody is called, they say what they should, link where they should, and stay proper mail."""

from __future__ import annotations

import re
import string
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, TypeAdapter, ValidationError

from functions.identity.people.mail import LetterKind
from functions.identity.people.mail_token import Claim, Purpose, check
from functions.identity.people.writing import Letter, harmless, one_line, write
from shared.adapters.mail import MailMessage, check_message, mime
from shared.models.user import EmailText

KEY = "a-mail-key"
TENANT, ROW = UUID(int=7), UUID(int=9)
PORTAL = "https://portal.example.com"
_TOKEN = re.compile(r"mail_[A-Za-z0-9_.-]+")
PURPOSES = {
    LetterKind.INVITATION: Purpose.ACCEPT_INVITATION,
    LetterKind.VERIFY_EMAIL: Purpose.VERIFY_EMAIL,
    LetterKind.RESET_PASSWORD: Purpose.RESET_PASSWORD,
}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "Click https://evil.example.com/now",
    "www.evil.example.com",
    "admin@evil.example.com",
    "a\r\nBcc: eve@example.com",
    "a\n\n    POST /v1/invitations/accept",
    "\u202egnp.exe",
    "a\u2028b\u0085c",
    "${how} $until ${token}",
    "{0} %s %(token)s",
    "é" * 300,
    "\u0000",
    "&lt;b&gt;",
]


class _Elements(HTMLParser):
    """Which elements a page has, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]


def letter(kind: LetterKind, portal: str = "", **names: str) -> Letter:
    """Write a letter; names fill its template."""
    with_token = kind in PURPOSES
    detail: dict[str, Any] = {
        "kind": kind.value,
        "tenant_id": str(TENANT),
        "names": {"tenant": "Quay", "slug": "quay", "role": "viewer", "username": "bob", **names},
        "token_id": str(ROW) if with_token else None,
        "expires_at": "2026-11-29T10:05:00+00:00" if with_token else None,
    }
    return write(detail, KEY, portal)


@pytest.mark.parametrize("portal", ["", PORTAL, f"{PORTAL}/"])
@pytest.mark.parametrize("kind", PURPOSES)
def test_a_letter_carries_the_token_of_its_row(kind: LetterKind, portal: str) -> None:
    written = letter(kind, portal)

    for text in (written.text, written.html):
        (token,) = {found.rstrip(".") for found in _TOKEN.findall(text)}
        assert check(SecretStr(token), PURPOSES[kind], KEY) == Claim(TENANT, ROW)
    assert "29 November 2026, 10:05 UTC" in written.text
    links = _Elements(written.html).links
    if portal:
        (link,) = links
        # After the #, a token is sent to no server and stands in no log.
        assert link is not None
        assert re.fullmatch(rf"{PORTAL}/[a-z-]+#token={re.escape(token)}", link)
        assert link in written.text
    else:
        assert links == []
        assert "POST /v1/" in written.text


@pytest.mark.parametrize("kind", [LetterKind.PASSWORD_CHANGED, LetterKind.EMAIL_CHANGED])
def test_a_notice_carries_no_token_and_no_link(kind: LetterKind) -> None:
    written = letter(kind, PORTAL)

    assert not _TOKEN.search(written.text + written.html)
    assert _Elements(written.html).links == []
    assert "bob" in written.text


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("kind", LetterKind)
def test_a_hostile_name_changes_nothing_of_a_letter(kind: LetterKind, name: str) -> None:
    plain = letter(kind, PORTAL)

    written = letter(kind, PORTAL, tenant=name, role=name, username=name)

    assert written.subject == plain.subject
    assert _Elements(written.html).tags == _Elements(plain.html).tags
    assert _Elements(written.html).links == _Elements(plain.html).links
    assert len(written.text.split("\n")) == len(plain.text.split("\n"))
    tenant = harmless(name)
    assert not re.search(r"://|@|\w\.\w", tenant)
    message = MailMessage("ada@example.org", written.subject, written.text, written.html)
    parsed = message_from_bytes(mime(message, "RoboAgency <no-reply@example.com>"), policy=default)
    assert isinstance(parsed, EmailMessage)
    assert set(parsed.keys()) == {"From", "To", "Subject", "Content-Type", "MIME-Version"}
    assert (parsed["To"], parsed["Subject"]) == ("ada@example.org", plain.subject)
    body = parsed.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == written.text


@given(st.text())
def test_a_name_stays_one_short_line(name: str) -> None:
    for made in (one_line(name), harmless(name)):
        assert len(made) <= 300
        assert made.isprintable()
        assert made == made.strip()
    assert len(one_line(name)) <= 100
    assert not re.search(r"://|@|\w\.\w", harmless(name))


@given(st.text(alphabet=string.ascii_letters + " -'äöü中", min_size=1, max_size=90))
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    assert harmless(name) == " ".join(name.split())


def test_a_letter_that_lacks_a_name_is_not_written() -> None:
    detail = {"kind": "password_changed", "tenant_id": str(TENANT), "names": {}, "token_id": None}

    with pytest.raises(KeyError):
        write(detail, KEY, "")


_emails = st.one_of(st.emails(), st.text(max_size=30).map(lambda local: f"{local}@example.com"))


@given(_emails)
def test_whatever_address_is_taken_mail_can_be_sent_to(address: str) -> None:
    try:
        taken = TypeAdapter(EmailText).validate_python(address, strict=True)
    except ValidationError:
        return

    check_message(MailMessage(taken, "Subject", "Text"))
