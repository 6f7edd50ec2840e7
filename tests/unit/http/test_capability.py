"""Tokens that open one project: nothing else opens it, and they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Unauthorized
from shared.http.capability import Capability, check, issue

KEY = "a-key-of-this-test"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPENS = Capability(
    UUID("00000000-0000-7000-8000-000000000001"),
    UUID("0199c0de-0000-7000-8000-000000000002"),
    NOW + timedelta(days=30),
)
TOKEN = issue(OPENS, KEY)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2100, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC, microsecond=0)
)


@given(st.uuids(), st.uuids(), moments, st.text(st.characters(codec="ascii"), min_size=1))
def test_a_token_says_what_it_was_made_of(tenant: UUID, project: UUID, until: datetime, key: str) -> None:
    made = Capability(tenant, project, until)

    assert check(issue(made, key), key, until - timedelta(seconds=1)) == made


def test_the_same_capability_gives_the_same_token() -> None:
    assert issue(OPENS, KEY) == TOKEN


@given(st.data())
def test_a_token_with_any_character_changed_opens_nothing(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(TOKEN) - 1))
    other = data.draw(st.characters().filter(lambda character: character != TOKEN[place]))

    with pytest.raises(Unauthorized):
        check(TOKEN[:place] + other + TOKEN[place + 1 :], KEY, NOW)


@given(st.integers(0, len(TOKEN) - 1))
def test_a_token_that_was_cut_opens_nothing(length: int) -> None:
    with pytest.raises(Unauthorized):
        check(TOKEN[:length], KEY, NOW)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(TOKEN + "=", id="padding"),
        pytest.param(TOKEN + " ", id="space"),
        pytest.param(TOKEN + ".x", id="a third part"),
        pytest.param(TOKEN.replace(".", "=."), id="padding of the payload"),
        pytest.param(TOKEN.removeprefix("cap_"), id="no prefix"),
        pytest.param("cap_" + TOKEN, id="prefix twice"),
        pytest.param("CAP_" + TOKEN.removeprefix("cap_"), id="prefix in capitals"),
        pytest.param("", id="empty"),
        pytest.param("cap_.", id="empty parts"),
        pytest.param("cap_é.é", id="not ASCII"),
    ],
)
def test_another_spelling_of_a_token_opens_nothing(token: str) -> None:
    with pytest.raises(Unauthorized):
        check(token, KEY, NOW)


@given(st.text(st.characters(codec="ascii"), min_size=1).filter(lambda key: key != KEY))
def test_a_token_of_another_key_opens_nothing(key: str) -> None:
    with pytest.raises(Unauthorized):
        check(issue(OPENS, key), KEY, NOW)


def test_a_token_ends_at_its_second() -> None:
    assert check(TOKEN, KEY, OPENS.expires_at - timedelta(microseconds=1)) == OPENS

    with pytest.raises(Unauthorized, match="expired"):
        check(TOKEN, KEY, OPENS.expires_at)


@given(st.text(max_size=120))
def test_no_text_is_a_token(token: str) -> None:
    with pytest.raises(Unauthorized):
        check(token, KEY, NOW)
