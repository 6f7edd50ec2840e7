"""Models: aliases with dates, prices, in one file.

Prices: US dollars per million tokens in / out as published in November 2026; millionths of a dollar per token are
the same figure. A retired or shortened name resolves to what runs today; the answer says what was requested.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from shared.errors import Invalid

PRICES_AS_OF = date(2026, 11, 1)


@dataclass(frozen=True)
class Price:
    """What a model costs: US dollars per million tokens."""

    input: Decimal
    output: Decimal

    def microusd(self, input_tokens: int, output_tokens: int) -> int:
        """Return the price of a call in millionths of a US dollar, rounded up."""
        exact = self.input * input_tokens + self.output * output_tokens
        return int(exact.to_integral_value(rounding=ROUND_CEILING))


PRICES = {
    "claude-opus-5-5": Price(Decimal("4"), Decimal("20")),
    "claude-sonnet-5-5": Price(Decimal("2"), Decimal("10")),
    "claude-haiku-5-5": Price(Decimal("0.10"), Decimal("0.50")),
}


@dataclass(frozen=True)
class Alias:
    """A name that stands for another since a day."""

    target: str
    since: date
    reason: str


ALIASES = {
    "opus": Alias("claude-opus-5-5", date(2026, 11, 1), "newest of its family"),
    "sonnet": Alias("claude-sonnet-5-5", date(2026, 11, 1), "newest of its family"),
    "haiku": Alias("claude-haiku-5-5", date(2026, 11, 1), "newest of its family"),
    "claude-3-5-sonnet-20241022": Alias("claude-sonnet-5-5", date(2026, 11, 1), "retired"),
    "claude-3-5-haiku-20241022": Alias("claude-haiku-5-5", date(2026, 11, 1), "retired"),
    "claude-3-opus-20240229": Alias("claude-opus-5-5", date(2026, 11, 1), "retired"),
}


def resolve(name: str) -> str:
    """Return the model that runs for a requested name. Raises Invalid for a name nobody knows."""
    model = ALIASES[name].target if name in ALIASES else name
    if model not in PRICES:
        known = ", ".join(sorted([*PRICES, *ALIASES]))
        raise Invalid(f"The model {name} is not known; known are {known}.")
    return model


def price_of(model: str) -> Price:
    """Return the price of a resolved model; KeyError when there is none."""
    return PRICES[model]
