"""Looks up who asked for a new password, once nobody waits for the answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.identity.accounts.login import find_tenant
from functions.identity.people.account import prepare_reset
from functions.identity.people.act import Act
from shared.batch import each_message
from shared.bootstrap import container
from shared.observability import observed
from shared.settings import MailTokenSettings


def _prepare(detail: dict[str, Any]) -> None:
    own = container()
    tenant_id = find_tenant(own.database, detail["tenant"])
    if tenant_id is None:
        return
    minutes = own.settings(MailTokenSettings).reset_minutes
    with own.database.transaction(tenant_id) as work:
        act = Act(work, None, detail["event_id"], own.clock.now())
        # The event's id is the token's: an event that comes twice makes one.
        prepare_reset(act, detail["email"], UUID(detail["event_id"]), minutes)


@observed("identity.prepare_reset")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Prepare each message of the batch."""
    del context
    return each_message(event, _prepare)
