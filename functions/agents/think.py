"""The one function that talks to the model, for all steps. Edge zone: it sees no table."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.agents.gateway import Gateway
from shared.bootstrap import container
from shared.observability import measure, observed


def _report_spend(microusd: int) -> None:
    # Without a unit: CloudWatch knows none for money.
    measure("ModelSpendMicrousd", microusd, MetricUnit.NoUnit)


@observed("agents.think")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer the question of `{run_id, tenant_id, step}`: `{"outcome": "answered"}` or `{"outcome": "later",
    "seconds": n}`."""
    del context
    own = container()
    gateway = Gateway(own.model, own.objects, own.storage.handoff_bucket, own.clock, _report_spend)
    outcome = gateway.think(event["tenant_id"], event["run_id"], event["step"])
    return {"outcome": outcome.outcome, "seconds": outcome.seconds}
