"""An endpoint: where a tenant's webhooks go."""

from __future__ import annotations

from typing import Annotated, Literal, NewType
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from shared.models.base import Entity, IdText, TimeText, WireModel, line, text
from shared.models.webhook_event import EventType

WebhookEndpointId = NewType("WebhookEndpointId", UUID)

EndpointStatus = Literal["active", "disabled"]
Reason = Literal["operator", "gone", "failing"]
"""Why an endpoint is disabled: somebody wanted it, it answered 410, it took nothing for three days."""


def _once_each(types: list[EventType]) -> list[EventType]:
    if len(set(types)) != len(types):
        raise ValueError("must name each type once")
    return types


EventTypes = Annotated[
    list[EventType],
    Field(min_length=1, max_length=50, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_once_each),
]
Url = Annotated[str, line(2048)]


class WebhookEndpoint(Entity):
    """A row of identity.webhook_endpoints."""

    id: WebhookEndpointId
    tenant_id: UUID
    url: str = Field(repr=False)
    description: str
    event_types: list[str]
    status: EndpointStatus
    disabled_because: Reason | None
    disabled_at: AwareDatetime | None
    secret_version: int
    previous_secret_expires_at: AwareDatetime | None
    first_failure_at: AwareDatetime | None
    created_by: UUID | None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class WebhookEndpointCreate(WireModel):
    """What makes an endpoint. url: https, without credentials, on a public host."""

    url: Url
    description: Annotated[str, text(500, min_length=0)] = ""
    event_types: EventTypes


class WebhookEndpointPatch(WireModel):
    """What may be changed of an endpoint; what is left out stays. An active endpoint's failures are forgotten."""

    url: Url | None = None
    description: Annotated[str, text(500, min_length=0)] | None = None
    event_types: EventTypes | None = None
    status: EndpointStatus | None = None


class SecretRotation(WireModel):
    """How long the secret before still signs beside the new one: by default 24 hours, at most 7 days."""

    previous_secret_seconds: Annotated[int, Field(ge=0, le=7 * 86_400)] = 86_400


class WebhookEndpointOut(WireModel):
    """An endpoint as the API shows it. first_failure_at: since when it has taken nothing; null: it takes all."""

    id: IdText
    url: str
    description: str
    event_types: list[str]
    status: EndpointStatus
    disabled_because: Reason | None
    disabled_at: TimeText | None
    secret_version: int
    previous_secret_expires_at: TimeText | None
    first_failure_at: TimeText | None
    created_at: TimeText
    updated_at: TimeText


class WebhookEndpointSecret(WebhookEndpointOut):
    """An endpoint with its secret: shown when it is made and when it is rotated, and nowhere else."""

    secret: str = Field(description="whsec_…: what verifies the header webhook-signature (Standard Webhooks)")


class WebhookEndpointList(WireModel):
    """A page of endpoints."""

    data: list[WebhookEndpointOut]
    next_cursor: str | None


def endpoint_out(endpoint: WebhookEndpoint) -> WebhookEndpointOut:
    """Return an endpoint as the API shows it."""

    def moment(value: AwareDatetime | None) -> str | None:
        return None if value is None else value.isoformat()

    return WebhookEndpointOut(
        id=str(endpoint.id),
        url=endpoint.url,
        description=endpoint.description,
        event_types=endpoint.event_types,
        status=endpoint.status,
        disabled_because=endpoint.disabled_because,
        disabled_at=moment(endpoint.disabled_at),
        secret_version=endpoint.secret_version,
        previous_secret_expires_at=moment(endpoint.previous_secret_expires_at),
        first_failure_at=moment(endpoint.first_failure_at),
        created_at=endpoint.created_at.isoformat(),
        updated_at=endpoint.updated_at.isoformat(),
    )
