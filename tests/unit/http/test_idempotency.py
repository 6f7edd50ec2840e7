"""What counts as the same request."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.http.idempotency import fingerprint, key_of
from shared.http.request import Request
from tests.unit.http.events import event

bodies = st.dictionaries(
    st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(max_size=5), max_size=5
)


@given(bodies)
def test_the_order_of_fields_does_not_matter(body: dict[str, Any]) -> None:
    turned = dict(reversed(body.items()))

    assert fingerprint("POST", "/v1/intake", body) == fingerprint("POST", "/v1/intake", turned)


@given(bodies, bodies)
def test_other_bodies_have_other_fingerprints(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = repr(sorted(one.items())) == repr(sorted(other.items()))

    assert (fingerprint("POST", "/", one) == fingerprint("POST", "/", other)) == same


def test_method_and_path_count() -> None:
    asked = {fingerprint(method, path, {}) for method in ("POST", "PUT") for path in ("/a", "/b")}

    assert len(asked) == 4
    assert all(len(one) == 64 and set(one) <= set(string.hexdigits) for one in asked)


@pytest.mark.parametrize("key", ["k", "x" * 255, "a key with spaces", "ключ"])
def test_a_key_is_taken_as_it_is(key: str) -> None:
    assert key_of(Request(event(headers={"Idempotency-Key": key}))) == key


def test_no_key_is_no_key() -> None:
    assert key_of(Request(event())) is None


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "a\x00b", "a\u202eb", "\ud800"])
def test_a_key_that_cannot_be_kept_is_422(key: str) -> None:
    with pytest.raises(Invalid) as refused:
        key_of(Request(event(headers={"idempotency-key": key})))

    assert refused.value.problems[0].pointer == "/headers/Idempotency-Key"
