"""/v1/webhook-deliveries: the log of what was sent, and sending it again."""

from __future__ import annotations

from functions.identity.webhooks import deliveries
from shared.http.call import Call
from shared.http.paging import page_of
from shared.http.resource import Resource
from shared.models.webhook_delivery import (
    DeliveryQuery,
    WebhookDeliveryDetail,
    WebhookDeliveryList,
    WebhookDeliveryOut,
    delivery_detail,
    delivery_out,
)

webhook_deliveries = Resource("identity.webhook_deliveries")
handler = webhook_deliveries.handler


@webhook_deliveries.operation(query=DeliveryQuery, answer=WebhookDeliveryList)
def list_webhook_deliveries(call: Call[None]) -> WebhookDeliveryList:
    """List deliveries, newest first."""
    query = call.asked(DeliveryQuery)
    found = page_of(
        query,
        lambda after, limit: deliveries.list_deliveries(call.work, query, after, limit),
        delivery_out,
    )
    return WebhookDeliveryList(**found)


@webhook_deliveries.operation(answer=WebhookDeliveryDetail)
def get_webhook_delivery(call: Call[None]) -> WebhookDeliveryDetail:
    """Read a delivery with its body and every attempt."""
    delivery = deliveries.get_delivery(call.work, call.path_id("delivery_id"))
    return delivery_detail(delivery, deliveries.list_attempts(call.work, delivery.id))


@webhook_deliveries.operation(
    answer=WebhookDeliveryOut, status=202, location="/v1/webhook-deliveries/{id}", conflicts=True
)
def replay_webhook_delivery(call: Call[None]) -> WebhookDeliveryOut:
    """Send a delivery again.

    At once, and on a whole schedule of its own. It keeps its `webhook-id`, by which a receiver that has taken it
    already knows it.
    """
    replayed = deliveries.replay(
        call.work,
        call.path_id("delivery_id"),
        call.caller,
        call.now,
        call.request.request_id,
    )
    return delivery_out(replayed)
