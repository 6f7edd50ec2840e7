"""The one spelling of base64url."""

from __future__ import annotations

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import base64url


@given(st.binary(max_size=100))
def test_what_is_encoded_decodes_to_itself(data: bytes) -> None:
    assert base64url.decode(base64url.encode(data)) == data


@given(st.text(max_size=40))
def test_a_text_decodes_only_from_the_spelling_that_encoding_gives(text: str) -> None:
    try:
        found = base64url.decode(text)
    except ValueError:
        return
    assert base64url.encode(found) == text


@pytest.mark.parametrize("length", [1, 2, 4, 5])
def test_loose_bits_and_padding_are_refused(length: int) -> None:
    data = b"\xff" * length
    text = base64url.encode(data)
    padded = base64.urlsafe_b64encode(data).decode()
    # The last character carries bits that belong to no byte; a lenient decoder ignores them.
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    loose = text[:-1] + alphabet[alphabet.index(text[-1]) + 1]
    assert base64.urlsafe_b64decode(loose + "=" * (-len(loose) % 4)) == data

    for spelling in (padded, loose, text + "\n", f" {text}", text + "="):
        with pytest.raises(ValueError, match=r"base64url|canonical"):
            base64url.decode(spelling)


@pytest.mark.parametrize("text", ["a", "ab+/", "ä", "\x00\x00", "ab==", "\ud800"])
def test_what_is_not_base64url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64url|canonical"):
        base64url.decode(text)
