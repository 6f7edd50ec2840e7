"""The run waits: its task token is kept until somebody says yes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.agency.repository import AgencyRepository
from functions.identity import service as identity
from shared.bootstrap import container
from shared.observability import observed


@observed("agency.request_approval")
def request_approval(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Keep the token of `{run_id, tenant_id, task_token}`; when the yes was faster, answer it at once."""
    del context
    run_id, token = UUID(event["run_id"]), str(event["task_token"])
    with container().database.transaction(UUID(event["tenant_id"])) as work:
        repository = AgencyRepository(work)
        waits = repository.keep_task_token(run_id, token)
        run = repository.get_run(run_id)
        if not waits:
            work.announce("run_approved", {"run_id": str(run_id), "task_token": token})
        elif run is not None:
            told = {"project_id": str(run.project_id), "run_id": str(run_id)}
            occurrence = str(run.generation)
            identity.request_webhook(work, "run_approval_needed", run_id, told, occurrence=occurrence)
    return {"waits": waits}
