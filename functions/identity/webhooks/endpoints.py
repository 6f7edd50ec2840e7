"""Endpoints: where a tenant's webhooks go. Each function is part of a transaction that its caller opened."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

from functions.identity.audit import service as audit
from functions.identity.webhooks import events
from functions.identity.webhooks.addresses import AddressRefused, check_url
from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, FieldProblem, Invalid, NotFound
from shared.models.caller import Caller
from shared.models.webhook_endpoint import (
    SecretRotation,
    WebhookEndpoint,
    WebhookEndpointCreate,
    WebhookEndpointPatch,
)
from shared.models.webhook_event import PING

_FOLDER = Path(__file__).parent
MOST_ENDPOINTS = 20
"""Of a tenant: what one event costs its transaction is bounded."""


def _record(
    work: UnitOfWork,
    act: str,
    endpoint_id: UUID,
    actor: Caller | None,
    request_id: str | None = None,
    **details: Any,
) -> None:
    audit.record(
        work,
        f"webhook_endpoint.{act}",
        actor=actor,
        subject_type="webhook_endpoint",
        subject_id=endpoint_id,
        request_id=request_id,
        details=details,
    )


def _refuse_url(url: str, allow_private: bool) -> None:
    try:
        check_url(url, allow_private=allow_private)
    except AddressRefused as error:
        raise Invalid(
            "The body has fields that are not valid.", (FieldProblem("/url", str(error)),)
        ) from error


def peek(work: UnitOfWork, endpoint_id: UUID) -> WebhookEndpoint | None:
    """Return an endpoint, None when there is none."""
    row = work.fetch_one(load_queries(_FOLDER)["get_endpoint"], {"id": endpoint_id})
    return None if row is None else WebhookEndpoint.model_validate(row)


def find(work: UnitOfWork, endpoint_id: UUID) -> WebhookEndpoint:
    """Return an endpoint. Raises NotFound."""
    found = peek(work, endpoint_id)
    if found is None:
        raise NotFound("There is no such endpoint.")
    return found


def lock(work: UnitOfWork, endpoint_id: UUID) -> WebhookEndpoint | None:
    """Return an endpoint that nobody else changes before this transaction ends; None when there is none."""
    row = work.fetch_one(load_queries(_FOLDER)["lock_endpoint"], {"id": endpoint_id})
    return None if row is None else WebhookEndpoint.model_validate(row)


def find_and_lock(work: UnitOfWork, endpoint_id: UUID) -> WebhookEndpoint:
    """Return an endpoint that nobody else changes before this transaction ends. Raises NotFound."""
    found = lock(work, endpoint_id)
    if found is None:
        raise NotFound("There is no such endpoint.")
    return found


def list_page(work: UnitOfWork, after: UUID | None, limit: int) -> list[WebhookEndpoint]:
    """Return endpoints, newest first."""
    rows = work.fetch_all(load_queries(_FOLDER)["list_endpoints"], {"after": after, "limit": limit})
    return [WebhookEndpoint.model_validate(row) for row in rows]


def create(
    work: UnitOfWork,
    wanted: WebhookEndpointCreate,
    *,
    allow_private: bool,
    actor: Caller | None = None,
    request_id: str | None = None,
    endpoint_id: UUID | None = None,
) -> WebhookEndpoint:
    """Add an endpoint. endpoint_id: given by whoever sets a machine up; one of that id is brought to what is wanted.

    Raises Invalid for a URL where webhooks may not go, Conflict when the tenant has as many as it may.
    """
    _refuse_url(wanted.url, allow_private)
    sql = load_queries(_FOLDER)
    count = work.fetch_one(sql["count_endpoints"])
    if count is not None and count["found"] >= MOST_ENDPOINTS and endpoint_id is None:
        raise Conflict(f"There can be {MOST_ENDPOINTS} endpoints; delete one first.")
    names = {
        "id": endpoint_id,
        "url": wanted.url,
        "description": wanted.description,
        "event_types": list(wanted.event_types),
        "created_by": None if actor is None else actor.user_id,
    }
    row = work.fetch_one(sql["insert_endpoint"], names)
    if row is None:
        raise Conflict("The endpoint was not written.")
    _record(work, "created", row["id"], actor, request_id, event_types=list(wanted.event_types))
    return find(work, row["id"])


def update(
    work: UnitOfWork,
    endpoint: WebhookEndpoint,
    change: WebhookEndpointPatch,
    *,
    allow_private: bool,
    actor: Caller,
    now: datetime,
    request_id: str | None = None,
) -> WebhookEndpoint:
    """Change a locked endpoint: what is given, the rest stays. Raises Invalid."""
    given = change.model_dump(exclude_none=True)
    status = given.pop("status", endpoint.status)
    if "url" in given:
        _refuse_url(given["url"], allow_private)
    if given:
        names = {**endpoint.model_dump(include={"url", "description", "event_types"}), **given}
        work.execute(load_queries(_FOLDER)["update_endpoint"], {"id": endpoint.id, **names})
        _record(work, "updated", endpoint.id, actor, request_id, fields=sorted(given))
    if status == "disabled" and endpoint.status == "active":
        disable(work, endpoint, "operator", now, actor=actor, request_id=request_id)
    elif status == "active" and endpoint.status == "disabled":
        work.execute(load_queries(_FOLDER)["enable_endpoint"], {"id": endpoint.id})
        _record(work, "enabled", endpoint.id, actor, request_id)
    return find(work, endpoint.id)


def delete(
    work: UnitOfWork, endpoint_id: UUID, actor: Caller, now: datetime, request_id: str | None = None
) -> None:
    """Delete an endpoint and give up what waits for it; the log of its deliveries stays. Raises NotFound."""
    find_and_lock(work, endpoint_id)
    work.execute(load_queries(_FOLDER)["delete_endpoint"], {"id": endpoint_id, "now": now})
    _cancel(work, endpoint_id, "the endpoint was deleted")
    _record(work, "deleted", endpoint_id, actor, request_id)


def rotate_secret(
    work: UnitOfWork,
    endpoint_id: UUID,
    rotation: SecretRotation,
    actor: Caller,
    now: datetime,
    request_id: str | None = None,
) -> WebhookEndpoint:
    """Go on to the next secret; the one before signs too as long as is wanted, and any older one no more.

    Raises NotFound.
    """
    endpoint = find_and_lock(work, endpoint_id)
    expires = now + timedelta(seconds=rotation.previous_secret_seconds)
    work.execute(load_queries(_FOLDER)["rotate_secret"], {"id": endpoint_id, "previous_expires_at": expires})
    _record(
        work, "secret_rotated", endpoint_id, actor, request_id, secret_version=endpoint.secret_version + 1
    )
    return find(work, endpoint_id)


def ping(work: UnitOfWork, endpoint_id: UUID) -> UUID:
    """Send a test to an endpoint; return the id of the delivery. Raises NotFound, Conflict when it is disabled."""
    endpoint = find_and_lock(work, endpoint_id)
    if endpoint.status != "active":
        raise Conflict("The endpoint is disabled; enable it first.")
    data = {"endpoint_id": str(endpoint_id)}
    return events.request_for_one(work, endpoint_id, PING, data, occurrence=str(uuid4()))


def mark_failing(work: UnitOfWork, endpoint_id: UUID, started_at: datetime) -> None:
    """An attempt failed."""
    names = {"id": endpoint_id, "started_at": started_at}
    work.execute(load_queries(_FOLDER)["mark_failing"], names)


def mark_well(work: UnitOfWork, endpoint_id: UUID) -> None:
    """An attempt succeeded."""
    work.execute(load_queries(_FOLDER)["mark_well"], {"id": endpoint_id})


def disable(
    work: UnitOfWork,
    endpoint: WebhookEndpoint,
    because: Literal["operator", "gone", "failing"],
    now: datetime,
    *,
    actor: Caller | None = None,
    request_id: str | None = None,
) -> None:
    """Let a locked endpoint get nothing more and give up what waits for it; tell the others when nobody wanted it."""
    names = {"id": endpoint.id, "because": because, "now": now}
    if not work.execute(load_queries(_FOLDER)["disable_endpoint"], names):
        return
    _cancel(work, endpoint.id, "the endpoint was disabled")
    _record(work, "disabled", endpoint.id, actor, request_id, because=because)
    if because == "operator":
        return
    data = {
        "endpoint_id": str(endpoint.id),
        "disabled_because": because,
        "disabled_at": now.isoformat(),
    }
    work.announce("webhook_endpoint_disabled", data)
    events.request_webhook(work, "webhook_endpoint_disabled", endpoint.id, data, occurrence=now.isoformat())


def _cancel(work: UnitOfWork, endpoint_id: UUID, reason: str) -> None:
    names = {"endpoint_id": endpoint_id, "reason": reason}
    work.execute(load_queries(_FOLDER)["cancel_deliveries"], names)
