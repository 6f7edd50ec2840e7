"""Tokens that leave by mail: they say one thing, to who has the key, in one spelling."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from functions.identity.people.mail_token import PREFIX, Claim, Purpose, check, issue
from shared.errors import Invalid

KEY = "a-key"
CLAIM = Claim(UUID(int=1), UUID(int=2))
claims = st.builds(Claim, st.uuids(), st.uuids())
purposes = st.sampled_from(Purpose)


@given(claims, purposes)
def test_a_token_says_what_it_was_made_of(claim: Claim, purpose: Purpose) -> None:
    token = issue(claim, purpose, KEY)

    assert token.startswith(PREFIX)
    assert token == issue(claim, purpose, KEY)
    assert check(SecretStr(token), purpose, KEY) == claim


@given(claims, purposes, purposes)
def test_a_token_is_for_one_purpose(claim: Claim, purpose: Purpose, other: Purpose) -> None:
    token = SecretStr(issue(claim, purpose, KEY))

    if purpose is other:
        assert check(token, other, KEY) == claim
    else:
        with pytest.raises(Invalid):
            check(token, other, KEY)


def test_a_changed_character_makes_it_worthless() -> None:
    token = issue(CLAIM, Purpose.VERIFY_EMAIL, KEY)
    flipped = [
        token[:index] + ("A" if character != "A" else "B") + token[index + 1 :]
        for index, character in enumerate(token)
    ]
    respelt = [token + "=", token + "A", token[:-1], token.replace(".", ".."), "x" + token, token + "\n", ""]

    for altered in [*flipped, *respelt, token.swapcase(), token.removeprefix(PREFIX)]:
        with pytest.raises(Invalid) as caught:
            check(SecretStr(altered), Purpose.VERIFY_EMAIL, KEY)
        assert [problem.pointer for problem in caught.value.problems] == ["/token"]


def test_another_key_makes_another_token() -> None:
    token = issue(CLAIM, Purpose.RESET_PASSWORD, KEY)

    assert token != issue(CLAIM, Purpose.RESET_PASSWORD, "another-key")
    with pytest.raises(Invalid):
        check(SecretStr(token), Purpose.RESET_PASSWORD, "another-key")


@given(st.text(max_size=120))
def test_whatever_somebody_sends_is_refused_in_the_same_words(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(SecretStr(PREFIX + text), Purpose.ACCEPT_INVITATION, KEY)

    assert str(caught.value) == "The token is not valid."
