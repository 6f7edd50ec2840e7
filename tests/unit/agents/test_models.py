"""Names of models and what their calls cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.agents.models import ALIASES, PRICES, PRICES_AS_OF, Price, price_of, resolve
from shared.errors import Invalid

tokens = st.integers(0, 10**9)


@pytest.mark.parametrize("name", [*PRICES, *ALIASES])
def test_every_known_name_runs_as_a_model_with_a_price(name: str) -> None:
    price = price_of(resolve(name))

    assert price.input > 0
    assert price.output > price.input


def test_a_retired_model_runs_as_its_successor() -> None:
    assert resolve("claude-3-5-sonnet-20241022") == "claude-sonnet-5-5"


@pytest.mark.parametrize("name", ["", "gpt", "Opus", "claude-opus-5-5 "])
def test_an_unknown_model_is_refused_with_those_that_are_known(name: str) -> None:
    with pytest.raises(Invalid, match="claude-haiku-5-5"):
        resolve(name)


def test_a_resolved_model_without_a_price_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError):
        price_of("opus")


@pytest.mark.parametrize("alias", ALIASES.values(), ids=ALIASES)
def test_an_alias_says_since_when_and_why(alias: object) -> None:
    assert getattr(alias, "since", date.max) <= date(2026, 11, 22)
    assert getattr(alias, "reason", "")


def test_prices_are_dated() -> None:
    assert date(2026, 1, 1) < PRICES_AS_OF <= date(2026, 11, 22)


@given(tokens, tokens)
def test_a_call_never_costs_less_than_its_price_and_less_than_a_millionth_more(
    given_: int, made: int
) -> None:
    price = Price(Decimal("0.10"), Decimal("0.50"))
    exact = Decimal("0.10") * given_ + Decimal("0.50") * made

    assert exact <= price.microusd(given_, made) < exact + 1


@given(tokens, tokens, tokens)
def test_more_tokens_never_cost_less(one: int, other: int, made: int) -> None:
    price = price_of("claude-haiku-5-5")
    low, high = sorted((one, other))

    assert price.microusd(low, made) <= price.microusd(high, made)


def test_a_million_tokens_cost_their_price() -> None:
    assert price_of("claude-opus-5-5").microusd(1_000_000, 1_000_000) == 24_000_000
