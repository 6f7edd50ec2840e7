"""Money in minor units: sums are exact, and shares add up to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MINOR_DIGITS = {"EUR": 2, "USD": 2, "GBP": 2, "JPY": 0, "KWD": 3}


@dataclass(frozen=True)
class Money:
    """An amount of a currency (ISO 4217), in its smallest unit: cents, yen."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        """Return the sum. Raises ValueError for two currencies."""
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up.")
        return Money(self.minor + other.minor, self.currency)

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Return shares in proportion to `weights`, together exactly this amount; the first get what is left over.

        Raises ValueError for weights that are negative or all zero.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("Weights are zero or more, and one is more than zero.")
        shares = [self.minor * weight // total for weight in weights]
        for place in range(self.minor - sum(shares)):
            shares[place] += 1
        return [Money(share, self.currency) for share in shares]

    def __str__(self) -> str:
        digits = MINOR_DIGITS[self.currency]
        whole, part = divmod(abs(self.minor), 10**digits)
        sign = "-" if self.minor < 0 else ""
        return (
            f"{sign}{whole}.{part:0{digits}} {self.currency}" if digits else f"{sign}{whole} {self.currency}"
        )
