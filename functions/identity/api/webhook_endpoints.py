"""/v1/webhook-endpoints: where a tenant's webhooks go, and what they can be about."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.identity.webhooks import deliveries, endpoints
from shared.http.call import Call
from shared.http.paging import page_of
from shared.http.resource import Resource
from shared.models.base import PageQuery
from shared.models.webhook_delivery import WebhookDeliveryOut, delivery_out
from shared.models.webhook_endpoint import (
    SecretRotation,
    WebhookEndpointCreate,
    WebhookEndpointList,
    WebhookEndpointOut,
    WebhookEndpointPatch,
    WebhookEndpointSecret,
    endpoint_out,
)
from shared.models.webhook_event import WebhookEventTypeList, event_types_out
from shared.settings import WebhookSettings
from shared.webhook_signature import derive_secret

webhook_endpoints = Resource("identity.webhook_endpoints")
handler = webhook_endpoints.handler


def _with_secret(call: Call[Any], kept: dict[str, Any]) -> WebhookEndpointSecret:
    """Return the kept answer with the secret of its version, which nothing keeps."""
    key = call.own.secrets.read(call.own.settings(WebhookSettings).webhook_key_secret)
    return WebhookEndpointSecret(**kept, secret=derive_secret(key, kept["id"], kept["secret_version"]))


def _allows_private(call: Call[Any]) -> bool:
    return call.own.settings(WebhookSettings).webhook_private_addresses == "allow"


@webhook_endpoints.operation(answer=WebhookEventTypeList)
def list_webhook_event_types(call: Call[None]) -> WebhookEventTypeList:
    """List what webhooks can be about, with the JSON Schema of each body.

    `ping` comes on request only. Signatures, ids and timestamps follow Standard Webhooks.
    """
    del call
    return event_types_out()


@webhook_endpoints.operation(
    body=WebhookEndpointCreate,
    answer=WebhookEndpointSecret,
    status=201,
    location="/v1/webhook-endpoints/{id}",
    conflicts=True,
    present=_with_secret,
    example={
        "url": "https://hooks.example.com/roboagency",
        "description": "Tells the team's channel",
        "event_types": ["project_completed", "run_failed"],
    },
)
def create_webhook_endpoint(call: Call[WebhookEndpointCreate]) -> WebhookEndpointOut:
    """Add an endpoint and get its secret.

    The secret is shown here and when it is rotated, and nowhere else. A tenant has at most 20 endpoints.
    """
    made = endpoints.create(
        call.work,
        call.body,
        allow_private=_allows_private(call),
        actor=call.caller,
        request_id=call.request.request_id,
    )
    return endpoint_out(made)


@webhook_endpoints.operation(query=PageQuery, answer=WebhookEndpointList)
def list_webhook_endpoints(call: Call[None]) -> WebhookEndpointList:
    """List the endpoints, newest first."""
    found = page_of(
        call.asked(PageQuery),
        lambda after, limit: endpoints.list_page(call.work, after, limit),
        endpoint_out,
    )
    return WebhookEndpointList(**found)


@webhook_endpoints.operation(answer=WebhookEndpointOut)
def get_webhook_endpoint(call: Call[None]) -> WebhookEndpointOut:
    """Read an endpoint."""
    return endpoint_out(endpoints.find(call.work, call.path_id("endpoint_id")))


@webhook_endpoints.operation(
    body=WebhookEndpointPatch, answer=WebhookEndpointOut, example={"status": "disabled"}
)
def update_webhook_endpoint(call: Call[WebhookEndpointPatch]) -> WebhookEndpointOut:
    """Change an endpoint.

    What is left out stays. Disabling gives up what waits for it; enabling forgets its failures, and what was missed
    can be replayed.
    """
    endpoint = endpoints.find_and_lock(call.work, call.path_id("endpoint_id"))
    call.match(endpoint_out(endpoint))
    changed = endpoints.update(
        call.work,
        endpoint,
        call.body,
        allow_private=_allows_private(call),
        actor=call.caller,
        now=call.now,
        request_id=call.request.request_id,
    )
    return endpoint_out(changed)


@webhook_endpoints.operation()
def delete_webhook_endpoint(call: Call[None]) -> None:
    """Delete an endpoint and give up what waits for it.

    The log of its deliveries stays.
    """
    endpoint_id = call.path_id("endpoint_id")
    call.match(endpoint_out(endpoints.find(call.work, endpoint_id)))
    endpoints.delete(call.work, endpoint_id, call.caller, call.now, call.request.request_id)


@webhook_endpoints.operation(
    body=SecretRotation,
    answer=WebhookEndpointSecret,
    status=201,
    present=_with_secret,
    example={"previous_secret_seconds": 3600},
)
def rotate_webhook_secret(call: Call[SecretRotation]) -> WebhookEndpointOut:
    """Make a new secret of an endpoint.

    The one before signs too for as long as is wanted (24 hours unless said otherwise, at most 7 days): the header
    `webhook-signature` then holds both signatures.
    """
    endpoint_id = call.path_id("endpoint_id")
    rotated = endpoints.rotate_secret(
        call.work, endpoint_id, call.body, call.caller, call.now, call.request.request_id
    )
    return endpoint_out(rotated)


@webhook_endpoints.operation(
    answer=WebhookDeliveryOut, status=202, location="/v1/webhook-deliveries/{id}", conflicts=True
)
def ping_webhook_endpoint(call: Call[None]) -> WebhookDeliveryOut:
    """Send a test to an endpoint."""
    delivery: UUID = endpoints.ping(call.work, call.path_id("endpoint_id"))
    return delivery_out(deliveries.get_delivery(call.work, delivery))
