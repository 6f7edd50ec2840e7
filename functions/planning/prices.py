"""Prices of AWS services: US dollars, us-east-1, list price without free tier, as of November 2026.

`fixed` is what an hour-billed part costs a month in each environment; `per_unit` is what a unit of use costs.
A service that is not in this table is listed as unpriced and never counted as 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.models.answers import Usage

PRICES_AS_OF = date(2026, 11, 1)


@dataclass(frozen=True)
class ServicePrice:
    """How a service is priced. `quantity` counts units of `unit` a month from the usage."""

    category: str
    unit: str
    per_unit: Decimal
    quantity: Callable[[Usage], Decimal]
    fixed_dev: Decimal = Decimal(0)
    fixed_prod: Decimal = Decimal(0)


def _requests(usage: Usage) -> Decimal:
    return Decimal(usage.monthly_active_users * usage.requests_per_user)


def _millions(count: Decimal) -> Decimal:
    return count / 1_000_000


PRICES: dict[str, ServicePrice] = {
    "api_gateway": ServicePrice(
        "network", "million requests", Decimal("3.50"), lambda u: _millions(_requests(u))
    ),
    # 512 MiB of arm64 for 120 ms a request, and the request itself.
    "lambda": ServicePrice(
        "compute", "million requests", Decimal("0.20") + Decimal("0.80"), lambda u: _millions(_requests(u))
    ),
    "rds_postgres": ServicePrice(
        "storage",
        "GB",
        Decimal("0.115"),
        lambda u: Decimal(max(20, u.storage_gb // 4)),
        fixed_dev=Decimal("11.68"),
        fixed_prod=Decimal("46.72"),
    ),
    "s3": ServicePrice("storage", "GB", Decimal("0.023"), lambda u: Decimal(u.storage_gb)),
    "cloudfront": ServicePrice("network", "GB out", Decimal("0.085"), lambda u: Decimal(u.egress_gb)),
    "sqs": ServicePrice(
        "network", "million requests", Decimal("0.40"), lambda u: _millions(Decimal(u.background_jobs * 3))
    ),
    "eventbridge": ServicePrice(
        "network", "million events", Decimal("1.00"), lambda u: _millions(Decimal(u.background_jobs))
    ),
    "cognito": ServicePrice(
        "compute", "active user", Decimal("0.0055"), lambda u: Decimal(u.monthly_active_users)
    ),
    "ses": ServicePrice("network", "thousand mails", Decimal("0.10"), lambda u: Decimal(u.emails) / 1000),
    "elasticache": ServicePrice(
        "compute",
        "GB-month over the minimum",
        Decimal("61.32"),
        lambda u: Decimal(u.monthly_active_users // 100_000),
        fixed_dev=Decimal("6.13"),
        fixed_prod=Decimal("6.13"),
    ),
    "step_functions": ServicePrice(
        "compute", "thousand transitions", Decimal("0.025"), lambda u: Decimal(u.background_jobs * 10) / 1000
    ),
}
