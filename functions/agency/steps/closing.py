"""A run that stopped: why is written down, and what there is becomes a partial kit."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from functions.agency.packing import pack_kit
from functions.agency.pipeline import Brief, load_brief, store
from functions.agency.repository import AgencyRepository
from functions.agents import service as agents
from shared.bootstrap import Container, container
from shared.errors import RunCancelled
from shared.models.run import RunStep
from shared.observability import logger, observed


def reason_of(error: Any) -> tuple[str, str]:
    """Return name and message of what a state machine caught: `{"Error": …, "Cause": …}`."""
    caught = error if isinstance(error, dict) else {}
    name = str(caught.get("Error") or "States.Unknown")
    cause = str(caught.get("Cause") or "")
    try:
        said = json.loads(cause)
        cause = str(said.get("errorMessage") or "") if isinstance(said, dict) else cause
    except ValueError:
        pass
    return name[:100], (cause or "A step failed without a reason.")[:2000]


@observed("agency.close_run")
def close_run(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Fail the run of `{run_id, tenant_id, error}`; nothing changes when it had ended already."""
    del context
    own = container()
    tenant_id, run_id = UUID(event["tenant_id"]), UUID(event["run_id"])
    name, message = reason_of(event.get("error"))
    try:
        with own.database.transaction(tenant_id) as work:
            brief = load_brief(work, run_id)
    except RunCancelled:
        return {"closed": False}
    stopped = [step for step in brief.steps if step.status == "running"]
    archive = _partial_kit(own, brief, name, message)
    with own.database.transaction(tenant_id) as work:
        repository = AgencyRepository(work)
        if not repository.fail_run(run_id, name, message):
            return {"closed": False}
        for step in stopped:
            _fail_step(own, repository, brief, step, name, message)
        if archive is not None:
            repository.put_asset(**archive)
        repository.set_project_status(brief.project.id, "failed")
        for step in stopped:
            detail = {"workflow_id": str(run_id), "agent_id": f"proto_v1_{step.step}", "status": "failed"}
            work.announce("agent_task_failed", {**detail, "error": name})
        work.announce("workflow_finished", {"workflow_id": str(run_id), "status": "failed"})
    return {"closed": True}


def _fail_step(
    own: Container, repository: AgencyRepository, brief: Brief, step: RunStep, name: str, message: str
) -> None:
    run = brief.run
    ledger = agents.read_ledger(own.objects, own.storage.handoff_bucket, run.tenant_id, run.id, step.step)
    cost = agents.cost_of(ledger)
    repository.fail_step(run.id, step.step, name, message, model=None, **cost)


def _partial_kit(own: Container, brief: Brief, name: str, message: str) -> dict[str, Any] | None:
    """Return the columns of an archive that says what is missing and why; None when it cannot be made."""
    done = [step.step for step in brief.steps if step.status == "completed"]
    missing = [step.step for step in brief.steps if step.status != "completed"]
    readme = (
        f"This kit is not complete.\n\nThe run stopped: {name}: {message}\n\n"
        f"Completed steps: {', '.join(done) or 'none'}\nMissing steps: {', '.join(missing)}\n\n"
        f"POST /v1/runs/{brief.run.id}/retry goes on from there; completed steps are not paid again.\n"
    )
    try:
        return store(own, brief.run, pack_kit(own, brief, readme))
    except Exception:
        # A failure must be recorded even when the reason is that S3 cannot be reached.
        logger().exception("no partial kit")
        return None
