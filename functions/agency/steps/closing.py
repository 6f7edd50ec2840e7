"""A run that stopped: why is written down, and what there is becomes a partial kit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from functions.agency.packing import pack_kit
from functions.agency.pipeline import Brief, load_brief, refuse_ended, store
from functions.agency.repository import AgencyRepository
from functions.agents import service as agents
from functions.identity import service as identity
from shared.bootstrap import Container, container
from shared.db.unit_of_work import UnitOfWork
from shared.errors import RunCancelled
from shared.models.run import Run, RunStep
from shared.observability import logger, observed


@dataclass(frozen=True)
class Reason:
    """Why a run stopped: the step that failed (None: no step), the name of its error, its message."""

    step: str | None
    name: str
    message: str


def _as_object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def reason_of(error: Any) -> Reason:
    """Return what a state machine caught: `{"Error": …, "Cause": …}`, the cause of a step naming the step."""
    caught = error if isinstance(error, dict) else {}
    name, cause = str(caught.get("Error") or "States.Unknown"), str(caught.get("Cause") or "")
    failure = _as_object(cause)
    step = failure.get("step")
    if step is not None:
        cause = str(failure.get("Cause") or "")
    message = str(_as_object(cause).get("errorMessage") or cause or "A step failed without a reason.")
    return Reason(None if step is None else str(step), name[:100], message[:2000])


def _has_failed(step: RunStep, reason: Reason) -> bool:
    if reason.step is None:
        return step.status == "running"
    return step.step == reason.step and step.status != "completed"


@observed("agency.close_run")
def close_run(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Fail the run of `{run_id, tenant_id, error}`; nothing changes when it had ended already."""
    del context
    own = container()
    tenant_id, run_id = UUID(event["tenant_id"]), UUID(event["run_id"])
    reason = reason_of(event.get("error"))
    try:
        with own.database.transaction(tenant_id) as work:
            brief = load_brief(work, run_id)
            refuse_ended(brief.run)
    except RunCancelled:
        return {"closed": False}
    # A step of the other branch was stopped, not failed: it is pending again for a retry.
    stopped = [step for step in brief.steps if _has_failed(step, reason)]
    archive = _partial_kit(own, brief, reason)
    with own.database.transaction(tenant_id) as work:
        repository = AgencyRepository(work)
        if not repository.fail_run(run_id, reason.name, reason.message):
            return {"closed": False}
        for step in stopped:
            _fail_step(own, repository, brief, step, reason)
        repository.release_stopped_steps(run_id)
        if archive is not None:
            repository.put_asset(**archive)
        repository.set_project_status(brief.project.id, "failed")
        for step in stopped:
            detail = {"workflow_id": str(run_id), "agent_id": f"proto_v1_{step.step}", "status": "failed"}
            work.announce("agent_task_failed", {**detail, "error": reason.name})
        work.announce("workflow_finished", {"workflow_id": str(run_id), "status": "failed"})
        _tell(work, brief.run, reason)
    return {"closed": True}


def _tell(work: UnitOfWork, run: Run, reason: Reason) -> None:
    data = {
        "project_id": str(run.project_id),
        "run_id": str(run.id),
        "error_code": reason.name,
        "step": reason.step,
    }
    identity.request_webhook(work, "run_failed", run.id, data, occurrence=str(run.generation))


def _fail_step(
    own: Container, repository: AgencyRepository, brief: Brief, step: RunStep, reason: Reason
) -> None:
    run = brief.run
    ledger = agents.read_ledger(own.objects, own.storage.handoff_bucket, run.tenant_id, run.id, step.step)
    cost = agents.cost_of(ledger)
    repository.fail_step(run.id, step.step, reason.name, reason.message, model=None, **cost)


def _partial_kit(own: Container, brief: Brief, reason: Reason) -> dict[str, Any] | None:
    """Return the columns of an archive that says what is missing and why; None when it cannot be made."""
    done = [step.step for step in brief.steps if step.status == "completed"]
    where = f" in step {reason.step}" if reason.step else ""
    missing = [step.step for step in brief.steps if step.status != "completed"]
    readme = (
        f"This kit is not complete.\n\nThe run stopped{where}: {reason.name}: {reason.message}\n\n"
        f"Completed steps: {', '.join(done) or 'none'}\nMissing steps: {', '.join(missing)}\n\n"
        f"POST /v1/runs/{brief.run.id}/retry goes on from there; completed steps are not paid again.\n"
    )
    try:
        return store(own, brief.run, pack_kit(own, brief, readme))
    except Exception:
        # A failure must be recorded even when the reason is that S3 cannot be reached.
        logger().exception("no partial kit")
        return None
