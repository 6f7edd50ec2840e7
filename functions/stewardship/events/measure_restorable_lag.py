"""Every five minutes: how much would be lost, were the database restored now.

Edge zone: it asks RDS about the instance and sees no table. CloudWatch has no such metric, and the promise is five
minutes (RPO).
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from shared.bootstrap import container
from shared.observability import logger, measure, observed


@observed("stewardship.measure_restorable_lag")
def handler(event: Any, context: Any) -> dict[str, float | None]:
    """Record the metric RestorableLagSeconds; while nothing can be restored none, which the alarm takes for bad."""
    del event, context
    own = container()
    moment = own.database_instance.latest_restorable_time()
    if moment is None:
        logger().error("the database can be restored to no moment")
        return {"seconds": None}
    seconds = max(0.0, (own.clock.now() - moment).total_seconds())
    measure("RestorableLagSeconds", seconds, MetricUnit.Seconds)
    return {"seconds": seconds}
