"""Signatures of Standard Webhooks."""

from __future__ import annotations

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.webhook_signature import TOLERANCE_SECONDS, derive_secret, sign, sign_with_all, verify

# From the specification's own libraries: their test secret, message and signature.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIME = 1_614_265_330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def headers(**changes: str) -> dict[str, str]:
    return {"webhook-id": ID, "webhook-timestamp": str(TIME), "webhook-signature": SIGNATURE, **changes}


def test_the_signature_is_the_one_of_the_specification() -> None:
    assert sign(SECRET, ID, TIME, BODY) == SIGNATURE
    assert sign(SECRET.removeprefix("whsec_"), ID, TIME, BODY) == SIGNATURE
    assert verify(SECRET, headers(), BODY, TIME)


@given(st.binary(max_size=200), st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1))
def test_what_is_signed_verifies(body: bytes, identity: str) -> None:
    given_ = {
        "webhook-id": identity,
        "webhook-timestamp": str(TIME),
        "webhook-signature": sign(SECRET, identity, TIME, body),
    }

    assert verify(SECRET, given_, body, TIME)
    assert not verify(SECRET, given_, body + b"\x00", TIME)
    assert not verify(SECRET, {**given_, "webhook-id": identity + "x"}, body, TIME)
    assert not verify("whsec_" + "AAAA" * 8, given_, body, TIME)


def test_while_a_secret_is_changed_one_of_two_signatures_is_enough() -> None:
    other = sign("whsec_" + "AAAA" * 8, ID, TIME, BODY)

    assert verify(SECRET, headers(**{"webhook-signature": f"{other} {SIGNATURE}"}), BODY, TIME)
    assert verify(SECRET, headers(**{"webhook-signature": f"{SIGNATURE} {other}"}), BODY, TIME)
    assert not verify(SECRET, headers(**{"webhook-signature": f"{other} {other}"}), BODY, TIME)


@pytest.mark.parametrize("seconds", [-TOLERANCE_SECONDS, 0, TOLERANCE_SECONDS])
def test_a_fresh_webhook_is_taken(seconds: int) -> None:
    assert verify(SECRET, headers(), BODY, TIME + seconds)


@pytest.mark.parametrize("seconds", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1])
def test_a_webhook_from_another_time_is_refused(seconds: int) -> None:
    assert not verify(SECRET, headers(), BODY, TIME + seconds)


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": str(TIME + 1)},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": SIGNATURE.replace("v1,", "v2,")},
        {"webhook-signature": SIGNATURE.removeprefix("v1,")},
        {"webhook-signature": "v1,é"},
    ],
)
def test_a_header_that_is_not_ours_is_refused(changes: dict[str, str]) -> None:
    assert not verify(SECRET, headers(**changes), BODY, TIME)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused(name: str) -> None:
    given_ = headers()
    del given_[name]

    assert not verify(SECRET, given_, BODY, TIME)


@given(st.uuids(), st.integers(1, 10**6), st.uuids(), st.integers(1, 10**6))
def test_a_secret_is_of_one_endpoint_and_one_version(a: UUID, m: int, b: UUID, n: int) -> None:
    first, second = derive_secret(SECRET, a, m), derive_secret(SECRET, b, n)

    assert (first == second) == ((a, m) == (b, n))
    assert first == derive_secret(SECRET, str(a), m)
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == 32
    assert first != derive_secret("whsec_" + base64.b64encode(b"x" * 32).decode(), a, m)


def test_either_secret_verifies_what_both_have_signed() -> None:
    endpoint = UUID(int=1)
    old, new, other = (derive_secret(SECRET, endpoint, version) for version in (1, 2, 3))
    signed = headers(**{"webhook-signature": sign_with_all([new, old], ID, TIME, BODY)})

    assert signed["webhook-signature"].count("v1,") == 2
    assert verify(old, signed, BODY, TIME)
    assert verify(new, signed, BODY, TIME)
    assert not verify(other, signed, BODY, TIME)
