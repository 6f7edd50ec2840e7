"""Every minute: what a function could not publish right after its commit."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.identity import service
from shared.bootstrap import container
from shared.observability import measure, observed

# A request publishes its own events within this time; the relay takes what is older.
_AGE_SECONDS = 5


@observed("identity.relay_outbox")
def handler(event: Any, context: Any) -> dict[str, int]:
    """Publish waiting events; the metric OutboxAgeSeconds tells for how long the oldest of the rest has waited."""
    del event, context
    own = container()
    published = service.relay_outbox(own, _AGE_SECONDS)
    measure("OutboxAgeSeconds", service.get_outbox_age(own), MetricUnit.Seconds)
    return {"published": published}
