"""Outgoing webhooks: endpoints and the log of deliveries."""

from infra.catalog.api.resource import resource
from infra.catalog.model import Function, Route
from infra.catalog.uses import WEBHOOK_KEY


def _endpoints(method: str, below: str, operation: str, act: str) -> Route:
    path = f"/v1/webhook-endpoints{below}"
    return Route(method, path, "identity.webhook_endpoints", operation, f"webhook_endpoint:{act}")


def _deliveries(method: str, below: str, operation: str, act: str) -> Route:
    path = f"/v1/webhook-deliveries{below}"
    return Route(method, path, "identity.webhook_deliveries", operation, f"webhook_delivery:{act}")


FUNCTIONS: tuple[Function, ...] = (
    resource(
        "identity",
        "webhook_endpoints",
        "Endpoints of webhooks: makes, shows, changes, tests and deletes them, rotates their secrets",
        WEBHOOK_KEY,
        settings=("WebhookSettings",),
    ),
    resource("identity", "webhook_deliveries", "Shows what webhooks were sent and sends them again"),
)

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/webhook-event-types",
        "identity.webhook_endpoints",
        "list_webhook_event_types",
        "webhook_endpoint:list",
    ),
    _endpoints("POST", "", "create_webhook_endpoint", "create"),
    _endpoints("GET", "", "list_webhook_endpoints", "list"),
    _endpoints("GET", "/{endpoint_id}", "get_webhook_endpoint", "read"),
    _endpoints("PATCH", "/{endpoint_id}", "update_webhook_endpoint", "update"),
    _endpoints("DELETE", "/{endpoint_id}", "delete_webhook_endpoint", "delete"),
    _endpoints("POST", "/{endpoint_id}/rotate-secret", "rotate_webhook_secret", "update"),
    _endpoints("POST", "/{endpoint_id}/ping", "ping_webhook_endpoint", "update"),
    _deliveries("GET", "", "list_webhook_deliveries", "list"),
    _deliveries("GET", "/{delivery_id}", "get_webhook_delivery", "read"),
    _deliveries("POST", "/{delivery_id}/replay", "replay_webhook_delivery", "replay"),
)
