"""A first cloud estimate: what the services of a plan cost a month in dev and in prod."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from functions.planning.prices import PRICES
from shared.models.answers import PlanAnswer, Usage

GROWTH = (1, 10, 100)
_DEV_SHARE = 100  # development sees a hundredth of the use of production


@dataclass(frozen=True)
class Item:
    """A line: what a service costs a month, in cents."""

    service: str
    category: str
    purpose: str
    quantity: Decimal
    unit: str
    monthly_cents: int


@dataclass(frozen=True)
class Estimate:
    """An environment: its lines, the services without a price, and what growth comes to (factor, cents)."""

    environment: str
    items: tuple[Item, ...]
    unpriced: tuple[str, ...]
    projections: tuple[tuple[int, int], ...]
    opportunities: tuple[str, ...]
    confidence: int

    def cents(self, category: str | None = None) -> int:
        """What a category, or everything, comes to a month."""
        return sum(item.monthly_cents for item in self.items if category in (None, item.category))


def _scaled(usage: Usage, factor: Decimal) -> Usage:
    values = {name: int(value * factor) for name, value in usage.model_dump().items()}
    # How often one person asks does not change with how many there are.
    values["requests_per_user"] = usage.requests_per_user
    floors = {"monthly_active_users": 1, "requests_per_user": 1, "storage_gb": 1}
    floored: dict[str, Any] = {name: max(floors.get(name, 0), value) for name, value in values.items()}
    # Grown a hundredfold a figure may pass what an answer may hold: it is ours now, not the model's.
    return Usage.model_construct(**floored)


def _items(plan: PlanAnswer, usage: Usage, environment: str) -> list[Item]:
    items = []
    for entry in plan.services:
        price = PRICES.get(entry.service)
        if price is None:
            continue
        fixed = price.fixed_prod if environment == "prod" else price.fixed_dev
        quantity = price.quantity(usage)
        cents = ((fixed + price.per_unit * quantity) * 100).quantize(Decimal(1), ROUND_HALF_UP)
        items.append(Item(entry.service, price.category, entry.purpose, quantity, price.unit, int(cents)))
    return items


def _opportunities(items: list[Item]) -> tuple[str, ...]:
    total = sum(item.monthly_cents for item in items) or 1
    found = []
    for item in sorted(items, key=lambda one: -one.monthly_cents)[:2]:
        if item.monthly_cents * 100 >= total * 30:
            share = round(item.monthly_cents * 100 / total)
            found.append(f"{item.service} is {share} % of the month: look there first.")
    if any(item.service == "rds_postgres" for item in items):
        found.append("A reserved database instance for a year costs about a third less.")
    return tuple(found)


def estimate_cloud(plan: PlanAnswer) -> tuple[Estimate, ...]:
    """Return the estimates of dev and prod. Each unpriced service costs confidence, never nothing."""
    unpriced = tuple(entry.service for entry in plan.services if entry.service not in PRICES)
    confidence = max(10, 70 - 10 * len(unpriced))
    estimates = []
    for environment, factor in (("dev", Decimal(1) / _DEV_SHARE), ("prod", Decimal(1))):
        usage = _scaled(plan.usage, factor)
        items = _items(plan, usage, environment)
        projections = tuple(
            (
                growth,
                sum(i.monthly_cents for i in _items(plan, _scaled(usage, Decimal(growth)), environment)),
            )
            for growth in GROWTH
        )
        estimates.append(
            Estimate(environment, tuple(items), unpriced, projections, _opportunities(items), confidence)
        )
    return tuple(estimates)
