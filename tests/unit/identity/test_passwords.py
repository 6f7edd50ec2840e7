"""What may be a password, and how it is kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

import bcrypt
import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.identity.accounts import passwords
from functions.identity.accounts.passwords import (
    check_password_rules,
    hash_password,
    needs_rehash,
    verify_password,
)
from shared.errors import Invalid
from tests.unit.http.events import refusal

EMAIL, NAME = "ada.lovelace@example.com", "countess.of.lovelace"


@contextmanager
def cheap_hashes() -> Iterator[None]:
    """Hashes that cost a thousandth, for properties of many examples."""
    kept = (passwords._hasher, passwords._nobodys_hash)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(passwords, "MEMORY_KIB", 8)
            patch.setattr(passwords, "PASSES", 1)
            for each in kept:
                each.cache_clear()
            yield
    finally:
        for each in kept:
            each.cache_clear()


def test_a_hash_has_the_parameters_that_owasp_names_and_a_salt_of_its_own() -> None:
    first, second = hash_password("shoals of herring"), hash_password("shoals of herring")

    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert len(first) <= 255
    assert [verify_password(each, "shoals of herring") for each in (first, second)] == [True, True]
    assert not verify_password(first, "shoals of Herring")
    assert not needs_rehash(first)


def test_nobodys_hash_costs_what_others_cost_and_is_of_no_password() -> None:
    dear = re.compile(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]{22}\$[^$]{43}")

    assert dear.fullmatch(passwords._nobodys_hash())
    assert dear.fullmatch(hash_password("x"))
    assert not needs_rehash(passwords._nobodys_hash())
    assert not verify_password(None, "shoals of herring")


def test_a_hash_with_other_parameters_is_replaced() -> None:
    weaker = PasswordHasher(1, 8192, 1).hash("shoals of herring")

    assert verify_password(weaker, "shoals of herring")
    assert needs_rehash(weaker)


@given(st.text(st.characters(), min_size=1, max_size=40), st.text(st.characters(), max_size=40))
@settings(max_examples=60)
def test_a_hash_is_of_one_password_however_it_is_typed(text: str, other: str) -> None:
    """Any text at all, surrogates and control characters too: what cannot be a password is refused elsewhere."""
    same = unicodedata.normalize("NFKC", text) == unicodedata.normalize("NFKC", other)
    with cheap_hashes():
        made = hash_password(text)

        assert verify_password(made, text)
        assert verify_password(made, unicodedata.normalize("NFD", text))
        assert verify_password(made, other) == same
        assert not verify_password(None, text)


@pytest.mark.parametrize("kind", ["2a", "2b", "2y"])
@pytest.mark.parametrize("text", ["pässwörd", "x" * 72, "x" * 73, "ä" * 36, "a" + "ä" * 200], ids=len)
def test_a_bcrypt_hash_is_verified_as_those_who_made_it_did(kind: str, text: str) -> None:
    made = bcrypt.hashpw(text.encode()[:72], bcrypt.gensalt(4)).decode()
    brought_along = f"${kind}{made[3:]}"

    assert verify_password(brought_along, text)
    assert not verify_password(brought_along, f"!{text}")
    assert not verify_password(brought_along, "")
    assert needs_rehash(brought_along)


@pytest.mark.parametrize(
    "rubbish",
    [
        "",
        "none",
        "!",
        "$",
        "$2",
        "$2b$04$",
        "$2x$04$" + "a" * 53,
        "$2b$31$" + "a" * 53,
        "$2b$99$" + "a" * 53,
        "$2b$04$" + "é" * 53,
        "$1$salt$hash",
        "$argon2id$v=19$m=19456,t=2,p=1$$",
        "$argon2id$v=19$m=1,t=0,p=0$AAAA$AAAA",
        "plain text",
    ],
)
def test_what_is_no_hash_is_of_no_password(rubbish: str) -> None:
    assert not verify_password(rubbish, rubbish)
    assert not verify_password(rubbish, "shoals of herring")


def test_a_password_with_nul_is_no_bcrypt_password() -> None:
    made = bcrypt.hashpw(b"short", bcrypt.gensalt(4)).decode()

    assert not verify_password(made, "short\0 and more")


def told(text: str) -> list[tuple[str, str]]:
    """What is wrong with a new password, as pointers and sentences."""
    error = refusal(lambda: check_password_rules(text, email=EMAIL, username=NAME))
    assert error is None or isinstance(error, Invalid)
    return [] if error is None else [(problem.pointer, problem.detail) for problem in error.problems]


@pytest.mark.parametrize(
    "text",
    [
        "correct horse",
        "            ",
        "aaaaaaaaaaab",
        "пароль длинный",
        "漢字かな漢字かな漢字かな",
        "x" * 127 + "y",
        "\N{ZERO WIDTH JOINER}" * 12,
        "🦞🦀🦐🐙🦑🐟🐠🐡🦈🐬🐳🐋",
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_any_characters_make_a_password_if_there_are_enough(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must have at least 12 characters"),
        ("elevenchars", "must have at least 12 characters"),
        ("x" * 129, "must have at most 128 characters"),
        (EMAIL, "must not be your e-mail address or your name"),
        (EMAIL.upper(), "must not be your e-mail address or your name"),
        ("Ada.Lovelace", "must not be your e-mail address or your name"),
        (NAME.title(), "must not be your e-mail address or your name"),
        ("ｃｏｕｎｔｅｓｓ．ｏｆ．ｌｏｖｅｌａｃｅ", "must not be your e-mail address or your name"),
        ("password1234", "is one of the passwords that are tried first; choose another"),
        ("QWERTY123456", "is one of the passwords that are tried first; choose another"),
        ("１２３４５６７８９１２３", "is one of the passwords that are tried first; choose another"),
    ],
)
def test_what_no_password_may_be(text: str, sentence: str) -> None:
    assert told(text) == [("/password", sentence)]


def test_length_is_that_of_what_is_hashed() -> None:
    ligatures = "ﬃ" * 5
    assert (len(ligatures), told(ligatures)) == (5, [])
    assert told("é" * 12) == told("e\N{COMBINING ACUTE ACCENT}" * 12) == []
    assert told("e\N{COMBINING ACUTE ACCENT}" * 11) == [("/password", "must have at least 12 characters")]


def test_every_common_password_is_one_that_the_other_rules_let_through() -> None:
    common = passwords._common_passwords()

    assert len(common) > 150
    assert all(
        12 <= len(each) <= 128 and each == unicodedata.normalize("NFKC", each).casefold() for each in common
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=140))
def test_a_rule_never_fails_and_never_tells_the_password(text: str) -> None:
    error = refusal(lambda: check_password_rules(text, email=EMAIL, username=NAME))

    if error is not None and len(text) > 11:
        assert text not in f"{error} {error.problems}"
