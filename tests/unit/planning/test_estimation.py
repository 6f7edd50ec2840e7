"""Cloud estimates: what has a price is added up, what has none is named, and nothing is free by mistake."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.planning.estimation import GROWTH, Estimate, estimate_cloud
from functions.planning.prices import PRICES, PRICES_AS_OF
from functions.planning.service import estimate_document
from shared.models.answers import CloudService, Usage
from tests.samples.harbour_plan import PLAN

USAGE = Usage(
    monthly_active_users=1000,
    requests_per_user=100,
    storage_gb=200,
    egress_gb=50,
    emails=5000,
    background_jobs=10_000,
)


def estimates(*services: str, usage: Usage = USAGE) -> dict[str, Estimate]:
    chosen = [CloudService(service=name, purpose="for it") for name in services]
    plan = PLAN.model_copy(update={"services": chosen, "usage": usage})
    return {estimate.environment: estimate for estimate in estimate_cloud(plan)}


usages = st.builds(
    Usage,
    monthly_active_users=st.integers(1, 100_000_000),
    requests_per_user=st.integers(1, 100_000),
    storage_gb=st.integers(1, 1_000_000),
    egress_gb=st.integers(0, 1_000_000),
    emails=st.integers(0, 1_000_000_000),
    background_jobs=st.integers(0, 1_000_000_000),
)


@pytest.mark.parametrize(
    ("service", "prod", "dev"),
    [
        ("s3", 460, 5),  # 200 and 2 GB at 0.023, half a cent rounded up
        ("lambda", 10, 0),  # 0.1 million requests at 1.00; in dev 0.001
        ("api_gateway", 35, 0),  # 0.1 million at 3.50; in dev a third of a cent
        ("cloudfront", 425, 0),  # 50 GB at 0.085
        ("rds_postgres", 5247, 1398),  # 46.72 + 50 GB at 0.115; 11.68 + the least of 20 GB
        ("ses", 50, 1),  # 5 thousand at 0.10
        ("cognito", 550, 6),  # 1000 people at 0.0055; 10 are 5.5 cents
        ("elasticache", 613, 613),  # its minimum
        ("step_functions", 250, 3),  # 100 thousand transitions at 0.025
        ("sqs", 1, 0),  # 0.03 million at 0.40
        ("eventbridge", 1, 0),  # 0.01 million at 1.00
    ],
)
def test_a_service_costs_its_price(service: str, prod: int, dev: int) -> None:
    found = estimates(service)

    assert (found["prod"].cents(), found["dev"].cents()) == (prod, dev)


def test_a_service_without_a_price_is_named_and_costs_confidence_not_nothing() -> None:
    found = estimates("s3", "Bedrock", "lambda", "Textract")["prod"]

    assert found.unpriced == ("Bedrock", "Textract")
    assert [item.service for item in found.items] == ["s3", "lambda"]
    assert found.confidence == 50
    assert estimates("s3")["prod"].confidence == 70
    assert estimates(*(f"unknown {n}" for n in range(9)))["prod"].confidence == 10


@given(usages)
def test_sums_are_exact_and_growth_never_makes_it_cheaper(usage: Usage) -> None:
    for found in estimates(*PRICES, usage=usage).values():
        assert found.cents() == sum(found.cents(kind) for kind in ("compute", "storage", "network"))
        assert len(found.items) == len(PRICES)
        factors, costs = zip(*found.projections, strict=True)
        assert factors == GROWTH
        assert costs[0] == found.cents()
        assert list(costs) == sorted(costs)
        assert all(item.monthly_cents >= 0 for item in found.items)


@given(usages)
def test_each_line_is_within_half_a_cent_of_its_exact_price(usage: Usage) -> None:
    for item in estimates(*PRICES, usage=usage)["prod"].items:
        price = PRICES[item.service]
        exact = (price.fixed_prod + price.per_unit * price.quantity(usage)) * 100

        assert abs(exact - item.monthly_cents) <= Decimal("0.5")


@given(usages)
def test_development_never_costs_more_than_production(usage: Usage) -> None:
    found = estimates(*PRICES, usage=usage)

    assert found["dev"].cents() <= found["prod"].cents()


def test_a_hundredfold_growth_passes_what_an_answer_may_hold() -> None:
    most = USAGE.model_copy(update={"monthly_active_users": 100_000_000})

    assert dict(estimates("cognito", usage=most)["prod"].projections)[100] == 100_000_000 * 55


def test_what_weighs_most_is_pointed_at() -> None:
    found = estimates("rds_postgres", "s3", "sqs")["prod"].opportunities

    assert found[0].startswith("rds_postgres is 92 % of the month")
    assert found[-1].startswith("A reserved database instance")


def test_nothing_priced_is_an_estimate_that_says_so() -> None:
    found = estimates("Bedrock")["prod"]

    assert (found.items, found.cents(), found.opportunities) == ((), 0, ())
    assert found.unpriced == ("Bedrock",)


def test_the_document_says_currency_unit_and_date() -> None:
    document = estimate_document(estimate_cloud(PLAN), "a drafter")

    assert document["kind"] == "cloud_estimate"
    assert (document["currency"], document["minor_units"]) == ("USD", "cents")
    assert document["prices_as_of"] == PRICES_AS_OF.isoformat()
    assert document["drafted_by"] == "a drafter"
    for found in document["environments"]:
        assert found["monthly_cost"] == sum(item["monthly_cents"] for item in found["items"])
        assert found["monthly_cost"] == sum(
            found[f"{kind}_cost"] for kind in ("compute", "storage", "network")
        )
        assert all(Decimal(item["quantity"]) >= 0 for item in found["items"])
        assert {item["growth"] for item in found["projections"]} == set(GROWTH)
