"""What people do with ideas, runs and kits. Each function is one transaction, opened by its caller."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from functions.agency.repository import AgencyRepository
from functions.identity import service as identity
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, NotFound
from shared.models.asset import Asset
from shared.models.lead import IntakeCreate
from shared.models.project import Project, ProjectOut, ProjectSummary
from shared.models.run import Approval, Run, RunFork, RunOut, RunRetry, RunStatus, RunStep, StepOut

# What a person can do about a run that failed, by the name of the error.
_ADVICE = {
    "BudgetExceeded": "Retry with a higher budget_microusd (at most the operator's limit), or take the partial kit.",
    "ModelRefused": "The model declined this idea. Fork the run with the idea put in other words.",
    "ModelAnswerTooLong": "Fork the run with a shorter idea, or retry.",
    "ModelContextExceeded": "Fork the run with a shorter idea.",
    "ModelAnswerInvalid": "Retry; if it fails again, fork the run with the idea put more plainly.",
    "ModelRequestRejected": "Check the key and the model's name in the settings, then retry.",
}
_PASSING_ADVICE = (
    "A service was not available for too long. Retry: completed steps are not asked or paid again."
)
_PASSING = (
    "DependencyUnavailable",
    "ModelRateLimited",
    "ModelOverloaded",
    "ModelUnavailable",
    "ModelTimedOut",
    "ModelCutOff",
    "BudgetReserved",
)
_UNKNOWN_ADVICE = "This is a fault of ours: look for the run's id in the logs, mend it, then retry."


def create_intake(work: UnitOfWork, intake: IntakeCreate, budget_limit: int) -> dict[str, Any]:
    """Add lead, project and run, and ask for its start. Returns their ids as text, and the run's status."""
    repository = AgencyRepository(work)
    lead_id = repository.upsert_lead(intake)
    settings = {"constraints": intake.constraints}
    project_id = repository.insert_project(lead_id, intake.sector, intake.idea, settings)
    run_id = repository.insert_run(
        project_id,
        budget_microusd=min(intake.budget_microusd or budget_limit, budget_limit),
        approval=Approval.REQUIRED if intake.approval else Approval.NONE,
        priority=intake.priority,
    )
    work.announce("workflow_created", {"workflow_id": str(run_id), "project_id": str(project_id)})
    _request(work, run_id, intake.priority, 1)
    return {"project_id": str(project_id), "run_id": str(run_id), "status": RunStatus.QUEUED.value}


def _request(work: UnitOfWork, run_id: UUID, priority: str, generation: int) -> None:
    work.announce("run_requested", {"run_id": str(run_id), "priority": priority, "generation": generation})


def _own_run(
    repository: AgencyRepository, run_id: UUID, project_id: UUID | None, *, lock: bool = False
) -> Run:
    """Return a run; `project_id`: the only project whose runs may be seen, None: any of the tenant."""
    run = repository.get_run(run_id, lock=lock)
    if run is None or project_id not in (None, run.project_id):
        raise NotFound("There is no such run.")
    return run


def get_run(work: UnitOfWork, run_id: UUID, project_id: UUID | None) -> RunOut:
    """Return a run of a project with its steps. Raises NotFound."""
    repository = AgencyRepository(work)
    run = _own_run(repository, run_id, project_id)
    return _run_out(run, repository.list_steps(run_id))


def cancel_run(work: UnitOfWork, run_id: UUID, project_id: UUID | None) -> Run:
    """Stop a run for good. Raises NotFound, Conflict when it has ended otherwise; cancelling twice is fine."""
    repository = AgencyRepository(work)
    run = _own_run(repository, run_id, project_id, lock=True)
    if run.status == RunStatus.CANCELLED:
        return run
    if not repository.cancel_run(run_id):
        raise Conflict(f"The run has ended: it is {run.status}.")
    repository.set_project_status(run.project_id, "cancelled")
    work.announce("run_cancelled", {"run_id": str(run_id), "generation": run.generation})
    told = {"project_id": str(run.project_id), "run_id": str(run_id)}
    identity.request_webhook(work, "run_cancelled", run_id, told, occurrence=str(run.generation))
    return _own_run(repository, run_id, project_id)


def retry_run(
    work: UnitOfWork, run_id: UUID, project_id: UUID | None, change: RunRetry, budget_limit: int
) -> Run:
    """Go on from where a run stopped. Raises NotFound, Conflict when it has not stopped."""
    repository = AgencyRepository(work)
    run = _own_run(repository, run_id, project_id, lock=True)
    wanted = min(change.budget_microusd or run.budget_microusd, max(budget_limit, run.budget_microusd))
    generation = repository.retry_run(run_id, wanted)
    if generation is None:
        raise Conflict(f"Only a run that failed or was cancelled can be retried; this one is {run.status}.")
    repository.set_project_status(run.project_id, "queued")
    _request(work, run_id, run.priority, generation)
    return _own_run(repository, run_id, project_id)


def fork_run(
    work: UnitOfWork, run_id: UUID, project_id: UUID | None, change: RunFork, budget_limit: int
) -> Run:
    """Start a second run of the project; questions that do not change are not paid again. Raises NotFound."""
    repository = AgencyRepository(work)
    run = _own_run(repository, run_id, project_id)
    changes = {**run.metadata, **change.model_dump(include={"idea", "constraints"}, exclude_none=True)}
    forked = repository.insert_run(
        run.project_id,
        budget_microusd=min(change.budget_microusd or budget_limit, budget_limit),
        approval=Approval.NONE if run.approval == Approval.NONE else Approval.REQUIRED,
        priority=run.priority,
        fork_of=run.id,
        changes=changes,
    )
    repository.set_project_status(run.project_id, "queued")
    _request(work, forked, run.priority, 1)
    return _own_run(repository, forked, project_id)


def approve_run(work: UnitOfWork, run_id: UUID, project_id: UUID | None) -> Run:
    """Say yes: the kit may leave the house. Raises NotFound, Conflict when nothing waits for it."""
    repository = AgencyRepository(work)
    run = _own_run(repository, run_id, project_id, lock=True)
    if run.approval == Approval.GRANTED:
        return run
    if run.approval == Approval.NONE or run.status.is_final:
        raise Conflict("This run does not wait for an approval.")
    repository.grant_approval(run_id)
    if run.task_token is not None:
        work.announce("run_approved", {"run_id": str(run_id), "task_token": run.task_token})
    return _own_run(repository, run_id, project_id)


def get_project(work: UnitOfWork, project_id: UUID) -> tuple[Project, list[UUID]]:
    """Return a project and the ids of its runs, newest first. Raises NotFound."""
    repository = AgencyRepository(work)
    project = repository.get_project(project_id)
    if project is None:
        raise NotFound("There is no such project.")
    return project, repository.list_run_ids(project_id)


def list_projects(work: UnitOfWork, *, only: UUID | None, after: UUID | None, limit: int) -> list[Project]:
    """Return a page of the tenant's projects, newest first; `only`: the one that may be seen."""
    return AgencyRepository(work).list_projects(only=only, after=after, limit=limit)


def list_assets(
    work: UnitOfWork, project_id: UUID, *, run_id: UUID | None, after: UUID | None, limit: int
) -> list[Asset]:
    """Return a page of a project's assets. Raises NotFound."""
    repository = AgencyRepository(work)
    if repository.get_project(project_id) is None:
        raise NotFound("There is no such project.")
    return repository.list_assets(project_id, run_id=run_id, after=after, limit=limit)


def project_summary(project: Project) -> ProjectSummary:
    """Return a project as a list of the API shows it."""
    return ProjectSummary(
        id=str(project.id),
        name=project.name,
        status=project.status.value,
        sector=project.sector,
        idea=project.description,
        created_at=project.created_at.isoformat(),
        updated_at=project.updated_at.isoformat(),
    )


def project_out(project: Project, runs: list[UUID], campaign: Any, webhook: Any) -> ProjectOut:
    """Return a project as the API shows it."""
    return ProjectOut(
        id=str(project.id),
        name=project.name,
        status=project.status.value,
        sector=project.sector,
        idea=project.description,
        goals=project.goals,
        target_audience=project.target_audience,
        key_features=project.key_features,
        market_analysis=project.market_analysis,
        bmad_compliant=project.bmad_compliant,
        campaign=campaign,
        webhook=webhook,
        runs=[str(run) for run in runs],
        created_at=project.created_at.isoformat(),
        updated_at=project.updated_at.isoformat(),
    )


def run_links(run_id: UUID | str, project_id: UUID | str) -> dict[str, str]:
    """Return where to go on from a run."""
    return {
        "run": f"/v1/runs/{run_id}",
        "project": f"/v1/projects/{project_id}",
        "assets": f"/v1/projects/{project_id}/assets?run={run_id}",
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _step_out(step: RunStep) -> StepOut:
    seconds = None
    if step.started_at and step.completed_at:
        seconds = round((step.completed_at - step.started_at).total_seconds(), 3)
    return StepOut(
        step=step.step,
        position=step.position,
        status=step.status.value,
        attempts=step.attempts,
        model=step.model,
        model_calls=step.model_calls,
        input_tokens=step.input_tokens,
        output_tokens=step.output_tokens,
        cost_microusd=step.cost_microusd,
        seconds=seconds,
        error_code=step.error_code,
        error_message=step.error_message,
    )


def _advice(error_code: str) -> str:
    passing = error_code in _PASSING or error_code.startswith(("Lambda.", "Sandbox."))
    return _ADVICE.get(error_code, _PASSING_ADVICE if passing else _UNKNOWN_ADVICE)


def _run_out(run: Run, steps: list[RunStep]) -> RunOut:
    advice = _advice(run.error_code) if run.error_code else None
    return RunOut(
        id=str(run.id),
        project_id=str(run.project_id),
        workflow_name=run.workflow_name,
        status=run.status.value,
        approval=run.approval.value,
        fork_of=None if run.fork_of is None else str(run.fork_of),
        current_step=run.current_step,
        progress=round(run.steps_completed / run.steps_total, 3),
        steps_completed=run.steps_completed,
        steps_total=run.steps_total,
        budget_microusd=run.budget_microusd,
        spent_microusd=run.spent_microusd,
        steps=[_step_out(step) for step in steps],
        error_code=run.error_code,
        error_message=run.error_message,
        advice=advice,
        created_at=run.created_at.isoformat(),
        started_at=_text(run.started_at),
        completed_at=_text(run.completed_at),
        duration_seconds=run.duration_seconds,
        links=run_links(run.id, run.project_id),
    )


def find_stalled_runs(work: UnitOfWork, stall_seconds: int) -> list[dict[str, Any]]:
    """Return runs of every tenant that nothing moves; the unit of work must be the system's."""
    return AgencyRepository(work).find_stalled_runs(stall_seconds)


def revive(work: UnitOfWork, row: dict[str, Any]) -> None:
    """Ask again for the execution of a run that stands still, or for the indexing of its kit."""
    if row["status"] == RunStatus.COMPLETED:
        run = AgencyRepository(work).get_run(row["run_id"])
        if run is not None:
            detail = {"run_id": str(run.id), "project_id": str(run.project_id)}
            work.announce("kit_completed", detail)
    else:
        _request(work, row["run_id"], row["priority"], row["generation"])


def kit_to_index(work: UnitOfWork, run_id: UUID) -> tuple[Run, list[Asset]] | None:
    """Return a completed run and its files; None when there is no such run."""
    repository = AgencyRepository(work)
    run = repository.get_run(run_id)
    if run is None:
        return None
    return run, repository.list_assets(run.project_id, run_id=run_id)


def mark_indexed(work: UnitOfWork, run_id: UUID) -> None:
    """The kit of a run is in the vector engine."""
    AgencyRepository(work).mark_indexed(run_id)
