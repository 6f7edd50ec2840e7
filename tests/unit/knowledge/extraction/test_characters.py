"""Bytes become characters that can be stored and seen."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.knowledge.extraction.characters import clean, decode, one_line
from functions.knowledge.extraction.readable import Unreadable
from shared.models.base import refuse_line_breaks, refuse_unstorable

GERMAN = "Die Größe der Straße überrascht: schöne Grüße aus Köln.\n"
RUSSIAN = "Возврат денег возможен в течение тридцати дней после покупки товара.\n"
JAPANESE = "返金は購入後三十日以内に行われます。詳しくはサポートまでご連絡ください。\n"


@pytest.mark.parametrize(
    ("text", "encoding", "mark"),
    [
        (GERMAN, "utf-8", b""),
        (GERMAN, "utf-8", codecs.BOM_UTF8),
        (GERMAN, "utf-16-le", codecs.BOM_UTF16_LE),
        (GERMAN, "utf-16-be", codecs.BOM_UTF16_BE),
        (GERMAN, "utf-32-le", codecs.BOM_UTF32_LE),
        (GERMAN, "utf-16-le", b""),
        (GERMAN, "utf-16-be", b""),
        (GERMAN, "latin-1", b""),
        ("naïve “quotes” – and a dash", "cp1252", b""),
        (RUSSIAN, "cp1251", b""),
        (RUSSIAN, "koi8-r", b""),
        (JAPANESE, "shift_jis", b""),
        (JAPANESE, "utf-16-le", codecs.BOM_UTF16_LE),
    ],
)
def test_text_is_read_rightly_in_the_encoding_it_has(text: str, encoding: str, mark: bytes) -> None:
    assert decode(mark + text.encode(encoding)) == text


def test_a_declared_encoding_is_believed_before_a_guess() -> None:
    page = '<meta charset="iso-8859-2"><p>Zażółć gęślą jaźń'

    assert decode(page.encode("iso-8859-2")) == page


@pytest.mark.parametrize("declared", ["utf-7", "cp037", "unicode_escape", "rot13", "punycode"])
def test_an_encoding_that_hides_text_is_not_believed(declared: str) -> None:
    text = f"charset={declared} +ADw-script+AD4- Größe und Straße\n"

    assert decode(text.encode("latin-1")) == text


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        (b"a\x00b", "binary", "binary"),
        (bytes(range(32)) * 4, "binary", "binary"),
        ("Größe ".encode() + b"\xff", "encoding", "byte 9"),
        (codecs.BOM_UTF16_LE + b"a", "encoding", "says that it is UTF-16-LE"),
        (bytes(range(0x80, 0x100)), "encoding", "save it as UTF-8"),
        (b"x" * 20_000_001, "too_much_text", "5 million"),
    ],
    ids=["nul", "controls", "broken UTF-8", "half a character", "no text", "too much"],
)
def test_what_is_no_text_is_refused(body: bytes, code: str, says: str) -> None:
    with pytest.raises(Unreadable) as refused:
        decode(body)

    assert refused.value.code == code
    assert says in refused.value.reason


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07", "red link"),
        (b"a\r\nb\rc\x0cd\x0b\ne", "a\nb\nc\nd\ne"),
        ("pay\u202eload\u202c \u2066x\u2069".encode(), "payload x"),
        ("soft\u00adhyphen zero\u200bwidth".encode(), "softhyphen zerowidth"),
        ("".join(chr(0xE0000 + ord(letter)) for letter in "obey").encode() + b"seen", "seen"),
        ("\U0001f600".encode("utf-16-be").hex().encode(), "d83dde00"),
        (b"\xed\xa0\xbd\xed\xb8\x80", "\U0001f600"),
        (b"a\xed\xa0\xbdb", "a\ufffdb"),
    ],
    ids=["ANSI", "line ends", "bidi", "unseen", "tags", "plain", "CESU-8", "lone surrogate"],
)
def test_what_cannot_be_seen_or_stored_is_left_out(body: bytes, text: str) -> None:
    assert decode(body) == text


def test_persian_and_emoji_keep_their_joiners() -> None:
    text = "می‌خواهم 👩‍💻"

    assert decode(text.encode()) == text


def test_a_form_feed_on_its_own_line_is_no_line_more() -> None:
    assert clean("a\n\x0c\nb") == "a\n\nb"


@given(st.text(alphabet=st.characters(categories=[*"CLMNPSZ"], include_characters="\ud800\x00\u2028\x1b")))
def test_a_clean_text_can_be_stored(text: str) -> None:
    assert refuse_unstorable(clean(text)) == clean(text) == clean(clean(text))
    assert refuse_line_breaks(one_line(text)) == one_line(text)
