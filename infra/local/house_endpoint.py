"""The endpoint of the house that leads to this machine's own receiver."""

from __future__ import annotations

from uuid import UUID

from functions.identity import service as identity
from infra.local.webhook_sink import ENDPOINT_ID, EVENT_TYPES
from shared.db.unit_of_work import Database
from shared.models.webhook_endpoint import WebhookEndpointCreate
from shared.settings import DatabaseSettings, HouseSettings


def ensure_endpoint(url: str) -> None:
    """Make sure of the endpoint, with this machine's address; one that is there and leads here stays as it is.

    The environment of the handlers must be installed and the database migrated.
    """
    wanted = WebhookEndpointCreate(
        url=url,
        description="This machine's own receiver: see /_local/webhooks",
        event_types=list(EVENT_TYPES),
    )
    database = Database(DatabaseSettings.load())
    try:
        with database.transaction(UUID(HouseSettings.load().house_tenant_id)) as work:
            found = identity.find_webhook_endpoint(work, ENDPOINT_ID)
            if found is None or found.url != url:
                identity.create_webhook_endpoint(work, wanted, allow_private=True, endpoint_id=ENDPOINT_ID)
    finally:
        database.close()
