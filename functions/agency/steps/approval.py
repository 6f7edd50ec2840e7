"""The run waits: its task token is kept until somebody says yes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.agency.repository import AgencyRepository
from shared.bootstrap import container
from shared.observability import observed


@observed("agency.request_approval")
def request_approval(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Keep the token of `{run_id, tenant_id, task_token}`; when the yes was faster, answer it at once."""
    del context
    run_id, token = UUID(event["run_id"]), str(event["task_token"])
    with container().database.transaction(UUID(event["tenant_id"])) as work:
        waits = AgencyRepository(work).keep_task_token(run_id, token)
        if not waits:
            work.announce("run_approved", {"run_id": str(run_id), "task_token": token})
    return {"waits": waits}
