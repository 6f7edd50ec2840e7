"""Every minute: webhooks whose next attempt is due soon are asked for, once; so are those that were lost."""

from __future__ import annotations

from typing import Any

from functions.identity.webhooks import dispatch
from shared.bootstrap import Container, container
from shared.observability import count, observed
from shared.settings import WebhookDispatchSettings


def request_due(own: Container) -> int:
    """Ask for what is due, each tenant in transactions of its own; return how many attempts were asked for."""
    now = own.clock.now()
    lease = own.settings(WebhookDispatchSettings).webhook_lease_seconds
    with own.system_database.transaction(None) as work:
        tenants = dispatch.find_due_tenants(work, now, lease)
    total = 0
    for tenant in tenants:
        asked = dispatch.BATCH
        while asked == dispatch.BATCH:
            with own.database.transaction(tenant) as work:
                asked = dispatch.ask_for_due(work, now, lease)
            total += asked
    return total


@observed("identity.request_due_webhooks")
def handler(event: Any, context: Any) -> dict[str, int]:
    """Ask for what is due."""
    del event, context
    asked = request_due(container())
    if asked:
        count("WebhooksRequested", asked)
    return {"asked": asked}
