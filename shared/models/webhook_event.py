"""What customers are told by webhook: the list of event types, and what each carries.

A webhook's body is that of Standard Webhooks: `{"type": …, "timestamp": …, "data": …}`, with `data` as below.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field

from shared.models.base import IdText, TimeText, WireModel

EventType = Literal[
    "project_completed",
    "run_failed",
    "run_cancelled",
    "run_approval_needed",
    "webhook_endpoint_disabled",
]
"""What an endpoint may ask for."""

PING = "ping"
"""Comes on request only, to the endpoint that was asked for."""


class ProjectCompletedData(WireModel):
    """A run has completed: the launch kit of its project is there."""

    project_id: IdText
    run_id: IdText
    name: str


class RunFailedData(WireModel):
    """A run has stopped with an error; what there is of the kit can be fetched, and the run retried."""

    project_id: IdText
    run_id: IdText
    error_code: str
    step: str | None


class RunCancelledData(WireModel):
    """Somebody has cancelled a run."""

    project_id: IdText
    run_id: IdText


class RunApprovalNeededData(WireModel):
    """A run waits: nothing leaves the house until somebody approves it."""

    project_id: IdText
    run_id: IdText


class WebhookEndpointDisabledData(WireModel):
    """An endpoint gets nothing any more: it answered 410 (`gone`) or took nothing for three days (`failing`)."""

    endpoint_id: IdText
    disabled_because: Literal["gone", "failing"]
    disabled_at: TimeText


class PingData(WireModel):
    """A test that somebody asked for."""

    endpoint_id: IdText


WEBHOOK_EVENTS: dict[str, type[WireModel]] = {
    "project_completed": ProjectCompletedData,
    "run_failed": RunFailedData,
    "run_cancelled": RunCancelledData,
    "run_approval_needed": RunApprovalNeededData,
    "webhook_endpoint_disabled": WebhookEndpointDisabledData,
    PING: PingData,
}
"""Every type of event and the model of its data."""

EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)


class WebhookEventTypeOut(WireModel):
    """A type of event: when it is sent, and the JSON Schema of its body."""

    type: str
    description: str
    body_schema: dict[str, Any] = Field(description="JSON Schema (2020-12) of the body of the webhook")


class WebhookEventTypeList(WireModel):
    """Every type of event."""

    data: list[WebhookEventTypeOut]


def body_schema(event_type: str) -> dict[str, Any]:
    """Return the JSON Schema of the body of a webhook of a type. Raises KeyError for an unknown one."""
    data = WEBHOOK_EVENTS[event_type].model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": event_type,
        "type": "object",
        "properties": {
            "type": {"const": event_type},
            "timestamp": {"type": "string", "format": "date-time", "description": "when it happened"},
            "data": data,
        },
        "required": ["type", "timestamp", "data"],
    }


def event_types_out() -> WebhookEventTypeList:
    """Return the documentation of every type of event."""
    found = [
        WebhookEventTypeOut(
            type=name,
            description=" ".join((model.__doc__ or "").split()),
            body_schema=body_schema(name),
        )
        for name, model in WEBHOOK_EVENTS.items()
    ]
    return WebhookEventTypeList(data=found)
