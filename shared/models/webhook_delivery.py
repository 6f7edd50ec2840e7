"""A delivery: an event on its way to an endpoint, and the attempts that were made."""

from __future__ import annotations

from typing import Annotated, Literal, NewType
from uuid import UUID

from pydantic import AwareDatetime, JsonValue

from shared.models.base import Entity, IdText, PageQuery, TimeText, WireModel

WebhookDeliveryId = NewType("WebhookDeliveryId", UUID)

DeliveryStatus = Literal["pending", "delivered", "failed", "cancelled"]
"""`failed`: no attempt of the schedule was taken. `cancelled`: the endpoint was disabled or deleted before."""


class WebhookDelivery(Entity):
    """A row of identity.webhook_deliveries with its event. endpoint_id: null in deliveries from before endpoints."""

    id: WebhookDeliveryId
    endpoint_id: UUID | None
    event_id: UUID
    event_type: str
    data: dict[str, JsonValue]
    happened_at: AwareDatetime
    status: DeliveryStatus
    attempts: int
    response_status: int | None
    error_message: str | None
    next_attempt_at: AwareDatetime | None
    delivered_at: AwareDatetime | None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class WebhookAttempt(Entity):
    """A row of identity.webhook_attempts."""

    number: int
    started_at: AwareDatetime
    duration_ms: int
    response_status: int | None
    error_message: str | None


class DeliveryQuery(PageQuery):
    """Which deliveries."""

    endpoint: Annotated[UUID | None, "the id of an endpoint"] = None
    status: DeliveryStatus | None = None


class WebhookDeliveryOut(WireModel):
    """A delivery as lists show it. webhook_id: what the receiver knows it by, the header of that name."""

    id: IdText
    webhook_id: IdText
    endpoint_id: IdText | None
    event_type: str
    status: DeliveryStatus
    attempts: int
    response_status: int | None
    error_message: str | None
    next_attempt_at: TimeText | None
    delivered_at: TimeText | None
    created_at: TimeText
    updated_at: TimeText


class WebhookAttemptOut(WireModel):
    """An attempt: what came back, or why nothing did."""

    number: int
    started_at: TimeText
    duration_ms: int
    response_status: int | None
    error_message: str | None


class WebhookDeliveryDetail(WebhookDeliveryOut):
    """A delivery with its body and every attempt, the first one first."""

    body: dict[str, JsonValue]
    log: list[WebhookAttemptOut]


class WebhookDeliveryList(WireModel):
    """A page of deliveries."""

    data: list[WebhookDeliveryOut]
    next_cursor: str | None


def _moment(value: AwareDatetime | None) -> str | None:
    return None if value is None else value.isoformat()


def delivery_out(delivery: WebhookDelivery) -> WebhookDeliveryOut:
    """Return a delivery as lists show it."""
    return WebhookDeliveryOut(
        id=str(delivery.id),
        webhook_id=str(delivery.event_id),
        endpoint_id=None if delivery.endpoint_id is None else str(delivery.endpoint_id),
        event_type=delivery.event_type,
        status=delivery.status,
        attempts=delivery.attempts,
        response_status=delivery.response_status,
        error_message=delivery.error_message,
        next_attempt_at=_moment(delivery.next_attempt_at),
        delivered_at=_moment(delivery.delivered_at),
        created_at=delivery.created_at.isoformat(),
        updated_at=delivery.updated_at.isoformat(),
    )


def delivery_detail(delivery: WebhookDelivery, attempts: list[WebhookAttempt]) -> WebhookDeliveryDetail:
    """Return a delivery with its body and its attempts."""
    log = [
        WebhookAttemptOut(
            number=attempt.number,
            started_at=attempt.started_at.isoformat(),
            duration_ms=attempt.duration_ms,
            response_status=attempt.response_status,
            error_message=attempt.error_message,
        )
        for attempt in attempts
    ]
    body: dict[str, JsonValue] = {
        "type": delivery.event_type,
        "timestamp": delivery.happened_at.isoformat(),
        "data": delivery.data,
    }
    return WebhookDeliveryDetail(**delivery_out(delivery).model_dump(), body=body, log=log)
