"""Every minute: what a function could not publish right after its commit."""

from __future__ import annotations

from typing import Any

from functions.identity import service
from shared.bootstrap import container
from shared.observability import observed

# A request publishes its own events within this time; the relay takes what is older.
_AGE_SECONDS = 5


@observed("identity.relay_outbox")
def handler(event: Any, context: Any) -> dict[str, int]:
    """Publish waiting events."""
    del event, context
    return {"published": service.relay_outbox(container(), _AGE_SECONDS)}
