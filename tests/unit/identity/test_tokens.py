"""Tokens of a session: what is made of them, and that nothing else is."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from functions.identity.accounts import tokens
from functions.identity.accounts.tokens import (
    AUDIENCE,
    AccessToken,
    issue_access_token,
    issue_refresh_token,
    read_access_token,
    read_refresh_token,
)
from shared import base64url
from shared.errors import Unauthorized
from tests.unit.http.events import refusal

ISSUER = "roboagency"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = int(NOW.timestamp())
KEY = "a-key-of-these-tests"
forty = settings(max_examples=40)

uuids = st.uuids(allow_nil=True)
keys = st.text(st.characters(codec="ascii", exclude_categories=["Z", "C"]), min_size=1, max_size=50)
access_tokens = st.builds(
    AccessToken,
    tenant_id=uuids,
    user_id=uuids,
    session_id=uuids,
    version=st.integers(1, 2**31 - 1),
    id=uuids,
    issued_at=st.integers(SECOND - 500, SECOND),
    expires_at=st.integers(SECOND + 1, SECOND + 600),
)


def refused(text: str, key: str = KEY, now: datetime = NOW, issuer: str = ISSUER) -> bool:
    """Whether an access token is refused; anything but a refusal goes on."""
    return isinstance(refusal(lambda: read_access_token(text, key, issuer, now)), Unauthorized)


@forty
@given(access_tokens, keys)
def test_an_access_token_says_what_was_put_into_it(token: AccessToken, key: str) -> None:
    text = issue_access_token(token, key, ISSUER)

    assert read_access_token(text, key, ISSUER, NOW) == token
    claims = jwt.decode(text, options={"verify_signature": False})
    assert claims == {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(token.user_id),
        "tid": str(token.tenant_id),
        "sid": str(token.session_id),
        "ver": token.version,
        "jti": str(token.id),
        "iat": token.issued_at,
        "nbf": token.issued_at - 30,
        "exp": token.expires_at,
    }


@forty
@given(access_tokens, keys, keys)
def test_another_key_refuses_it(token: AccessToken, key: str, other: str) -> None:
    assume(key != other)
    assert refused(issue_access_token(token, key, ISSUER), other)
    assert not refused(issue_access_token(token, key, ISSUER), f"{other} {key}")


@forty
@given(access_tokens, st.timedeltas(timedelta(hours=-2), timedelta(hours=2)))
def test_it_is_valid_from_half_a_minute_before_it_was_made_until_it_expires(
    token: AccessToken, later: timedelta
) -> None:
    now = NOW + later
    valid = token.issued_at - 30 <= now.timestamp() < token.expires_at

    assert refused(issue_access_token(token, KEY, ISSUER), now=now) is not valid


@forty
@given(access_tokens, st.data())
def test_no_character_of_it_can_be_another(token: AccessToken, data: st.DataObject) -> None:
    text = issue_access_token(token, KEY, ISSUER)
    place = data.draw(st.integers(0, len(text)))
    more = data.draw(st.text(max_size=3))
    dropped = data.draw(st.integers(0, 2))
    altered = text[:place] + more + text[place + dropped :]
    assume(altered != text)

    assert refused(altered)


@forty
@given(st.lists(st.binary(min_size=1, max_size=40), min_size=3, max_size=3), st.data())
def test_a_token_has_one_spelling_whatever_the_library_overlooks(
    parts: list[bytes], data: st.DataObject
) -> None:
    text = ".".join(map(base64url.encode, parts))
    assert tokens._is_canonical(text)

    place = data.draw(st.integers(0, len(text)))
    for more in ("=", "\n", " ", "+", "/", "."):
        assert not tokens._is_canonical(text[:place] + more + text[place:])
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    if len(parts[2]) % 3:
        # The lowest bit of the last letter says nothing.
        loose = alphabet[alphabet.index(text[-1]) ^ 1]
        assert not tokens._is_canonical(text[:-1] + loose)


def test_a_library_that_decodes_leniently_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    text = issue_access_token(_any(), KEY, ISSUER)
    claims = jwt.decode(text, options={"verify_signature": False})
    monkeypatch.setattr(jwt, "decode", lambda *_, **__: dict(claims))

    assert not refused(text)
    assert refused(f"{text}=")
    assert refused(f"{text}\n")


@forty
@given(st.text(max_size=100))
def test_rubbish_is_refused(text: str) -> None:
    assert refused(text)
    assert isinstance(refusal(lambda: read_refresh_token(text, KEY)), Unauthorized)


@forty
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_rubbish_with_a_right_signature_is_refused(header: bytes, claims: bytes) -> None:
    text = f"{base64url.encode(header)}.{base64url.encode(claims)}"
    signature = hmac.digest(tokens._key(KEY).value, text.encode(), "sha256")

    assert refused(f"{text}.{base64url.encode(signature)}")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=3,
)


@forty
@given(access_tokens, st.sampled_from(["iss", "aud", "sub", "tid", "sid", "jti"]), json_values)
def test_no_claim_that_names_something_can_be_anything_else(
    token: AccessToken, name: str, value: Any
) -> None:
    key = tokens._key(KEY)
    claims = jwt.decode(issue_access_token(token, KEY, ISSUER), options={"verify_signature": False})
    # An issuer of another kind is an error of the library already when a token is made.
    assume(claims[name] != value and (name != "iss" or isinstance(value, str)))
    made = jwt.encode({**claims, name: value}, key.value, "HS256", headers={"kid": key.id})

    assert refused(made)


def test_keys_of_access_and_refresh_tokens_are_not_the_secret_itself() -> None:
    derived = {
        tokens._derived(KEY, label) for label in ("access-token", "refresh-token", "access-token-key-id")
    }

    assert len(derived | {KEY.encode()}) == 4
    assert "key" not in repr(
        sorted(jwt.get_unverified_header(issue_access_token(_any(), KEY, ISSUER)).values())
    )


def _any() -> AccessToken:
    nil = UUID(int=0)
    return AccessToken(nil, nil, nil, 1, nil, SECOND, SECOND + 600)


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_without_a_key_nothing_is_made_and_nothing_passes(empty: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        issue_access_token(_any(), empty, ISSUER)
    with pytest.raises(ValueError, match="no key"):
        read_access_token(issue_access_token(_any(), KEY, ISSUER), empty, ISSUER, NOW)


@forty
@given(uuids, uuids, keys)
def test_a_refresh_token_names_its_tenant_and_itself_and_is_made_alike_again(
    tenant: UUID, refresh: UUID, key: str
) -> None:
    text = issue_refresh_token(tenant, refresh, key)

    assert read_refresh_token(text, key) == (tenant, refresh)
    assert issue_refresh_token(tenant, refresh, key) == text
    assert read_refresh_token(text, f"newer {key}") == (tenant, refresh)
    assert (text[:3], len(text)) == ("rt_", 89)


@forty
@given(uuids, uuids, st.data())
def test_no_character_of_a_refresh_token_can_be_another(
    tenant: UUID, refresh: UUID, data: st.DataObject
) -> None:
    text = issue_refresh_token(tenant, refresh, KEY)
    place = data.draw(st.integers(0, len(text)))
    altered = text[:place] + data.draw(st.text(max_size=3)) + text[place + data.draw(st.integers(0, 2)) :]
    assume(altered != text)

    assert isinstance(refusal(lambda: read_refresh_token(altered, KEY)), Unauthorized)


@forty
@given(uuids, uuids, keys, keys)
def test_another_key_refuses_a_refresh_token(tenant: UUID, refresh: UUID, key: str, other: str) -> None:
    assume(key != other)
    text = issue_refresh_token(tenant, refresh, key)

    assert isinstance(refusal(lambda: read_refresh_token(text, other)), Unauthorized)
