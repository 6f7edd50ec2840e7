"""Rows of the agency context as models. The SQL stands in queries.sql."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork
from shared.models.asset import Asset
from shared.models.lead import IntakeCreate, Lead, LeadId
from shared.models.project import Project, ProjectId
from shared.models.run import STEPS, Run, RunId, RunStep

_FOLDER = Path(__file__).parent


class AgencyRepository:
    """Leads, projects, runs, steps and assets within one unit of work."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._sql = load_queries(_FOLDER)

    def _run(self, statement: str, /, **parameters: Any) -> int:
        return self._work.execute(self._sql[statement], parameters)

    def _one(self, statement: str, /, **parameters: Any) -> dict[str, Any] | None:
        return self._work.fetch_one(self._sql[statement], parameters)

    def _id(self, statement: str, /, **parameters: Any) -> UUID:
        row = self._one(statement, **parameters)
        if row is None:
            raise LookupError(f"{statement} returned no row")
        found: UUID = row["id"]
        return found

    def upsert_lead(self, intake: IntakeCreate) -> LeadId:
        """Add or refresh the lead of an e-mail address."""
        fields = intake.model_dump(
            include={"email", "name", "company", "job_title", "phone", "sector", "idea", "source"}
        )
        return LeadId(self._id("upsert_lead", **fields, constraints=Jsonb(intake.constraints)))

    def insert_project(self, lead_id: LeadId, sector: str, idea: str, settings: dict[str, Any]) -> ProjectId:
        """Add a queued project. `settings` keeps the constraints of this idea."""
        return ProjectId(
            self._id("insert_project", lead_id=lead_id, sector=sector, idea=idea, settings=Jsonb(settings))
        )

    def insert_run(
        self,
        project_id: ProjectId,
        *,
        budget_microusd: int,
        approval: str,
        priority: str = "default",
        fork_of: RunId | None = None,
        changes: dict[str, Any] | None = None,
    ) -> RunId:
        """Add a queued run of `proto_v1` with its eight pending steps; `changes` to the idea are a fork's own."""
        run_id = RunId(
            self._id(
                "insert_run",
                project_id=project_id,
                workflow_name="proto_v1",
                priority=priority,
                budget_microusd=budget_microusd,
                approval=approval,
                steps_total=len(STEPS),
                fork_of=fork_of,
                metadata=Jsonb(changes or {}),
            )
        )
        rows: list[dict[str, Any]] = [
            {"run_id": run_id, "step": step, "position": position} for position, step in enumerate(STEPS, 1)
        ]
        self._work.execute_many(self._sql["insert_step"], rows)
        return run_id

    def get_run(self, run_id: UUID, *, lock: bool = False) -> Run | None:
        """Return a run; `lock`: until the transaction ends."""
        row = self._one("lock_run" if lock else "get_run", run_id=run_id)
        return Run.model_validate(row) if row else None

    def list_steps(self, run_id: UUID) -> list[RunStep]:
        """Return the steps of a run in order."""
        rows = self._work.fetch_all(self._sql["list_steps"], {"run_id": run_id})
        return [RunStep.model_validate(row) for row in rows]

    def get_project(self, project_id: UUID) -> Project | None:
        """Return a project that was not deleted."""
        row = self._one("get_project", project_id=project_id)
        return Project.model_validate(row) if row else None

    def get_lead(self, lead_id: UUID) -> Lead | None:
        """Return a lead."""
        row = self._one("get_lead", lead_id=lead_id)
        return Lead.model_validate(row) if row else None

    def list_projects(self, *, only: UUID | None, after: UUID | None, limit: int) -> list[Project]:
        """Return at most `limit` projects, newest first, older than one of them; `only` one when given."""
        names = {"only": only, "after": after, "limit": limit}
        rows = self._work.fetch_all(self._sql["list_projects"], names)
        return [Project.model_validate(row) for row in rows]

    def list_run_ids(self, project_id: UUID) -> list[UUID]:
        """Return the ids of a project's runs, newest first."""
        rows = self._work.fetch_all(self._sql["list_run_ids"], {"project_id": project_id})
        return [row["id"] for row in rows]

    def list_assets(
        self, project_id: UUID, *, run_id: UUID | None = None, after: UUID | None = None, limit: int = 1000
    ) -> list[Asset]:
        """Return at most `limit` assets, in the order of their ids, after one of them."""
        rows = self._work.fetch_all(
            self._sql["list_assets"],
            {"project_id": project_id, "run_id": run_id, "after": after, "limit": limit},
        )
        return [Asset.model_validate(row) for row in rows]

    def put_asset(self, **columns: Any) -> None:
        """Add an asset or refresh the one at its path."""
        self._run("put_asset", **columns)

    def cancel_run(self, run_id: UUID) -> bool:
        """Cancel a run; whether it was still to be cancelled."""
        return self._run("cancel_run", run_id=run_id) == 1

    def set_project_status(self, project_id: UUID, status: str) -> None:
        """Say where a project stands."""
        self._run("set_project_status", project_id=project_id, status=status)

    def retry_run(self, run_id: UUID, budget_microusd: int) -> int | None:
        """Queue a stopped run again with at least that budget; its new generation, None when it had not stopped."""
        row = self._one("retry_run", run_id=run_id, budget_microusd=budget_microusd)
        if row is None:
            return None
        self._run("reset_failed_steps", run_id=run_id, statuses=["failed", "running"])
        return int(row["generation"])

    def begin_step(self, run_id: UUID, step: str) -> None:
        """Mark a run and its step as running."""
        self._run("begin_run", run_id=run_id, step=step)
        self._run("begin_step", run_id=run_id, step=step)

    def reserve(self, run_id: UUID, step: str, amount: int, input_hash: str, request_key: str) -> bool:
        """Reserve money for a step and keep its request; False when the budget does not hold it."""
        if self._run("reserve", run_id=run_id, step=step, amount=amount) != 1:
            return False
        self._run(
            "keep_request",
            run_id=run_id,
            step=step,
            amount=amount,
            input_hash=input_hash,
            request_key=request_key,
        )
        return True

    def complete_step(self, run_id: UUID, step: str, answer: dict[str, Any], **cost: Any) -> bool:
        """Complete a step and count it; False when it was completed before."""
        changed = self._run("complete_step", run_id=run_id, step=step, answer=Jsonb(answer), **cost)
        self._run("count_run", run_id=run_id)
        return changed == 1

    def fail_step(self, run_id: UUID, step: str, error_code: str, error_message: str, **cost: Any) -> None:
        """Fail a step and count what it cost."""
        self._run(
            "fail_step", run_id=run_id, step=step, error_code=error_code, error_message=error_message, **cost
        )
        self._run("count_run", run_id=run_id)

    def release_stopped_steps(self, run_id: UUID) -> None:
        """Make the steps that still run pending, what they spent so far counted on their next attempt."""
        self._run("reset_failed_steps", run_id=run_id, statuses=["running"])
        self._run("count_run", run_id=run_id)

    def complete_run(self, run_id: UUID) -> bool:
        """Complete a run; False when it had ended."""
        return self._run("complete_run", run_id=run_id) == 1

    def fail_run(self, run_id: UUID, error_code: str, error_message: str) -> bool:
        """Fail a run; False when it had ended."""
        return self._run("fail_run", run_id=run_id, error_code=error_code, error_message=error_message) == 1

    def keep_task_token(self, run_id: UUID, task_token: str) -> bool:
        """Keep the token of a run that waits; False when it need not wait."""
        return self._run("keep_task_token", run_id=run_id, task_token=task_token) == 1

    def grant_approval(self, run_id: UUID) -> None:
        """Write the yes."""
        self._run("grant_approval", run_id=run_id)

    def qualify_lead(self, lead_id: UUID, score: float) -> None:
        """Write the score (0–1) of a lead."""
        self._run("qualify_lead", lead_id=lead_id, score=score)

    def describe_project(
        self,
        project_id: UUID,
        *,
        name: str,
        goals: list[str],
        target_audience: list[str],
        key_features: list[str],
    ) -> None:
        """Write what qualification found."""
        self._run(
            "describe_project",
            project_id=project_id,
            name=name,
            goals=goals,
            target_audience=target_audience,
            key_features=key_features,
        )

    def keep_market_analysis(self, project_id: UUID, market_analysis: dict[str, Any]) -> None:
        """Write what research found."""
        self._run("keep_market_analysis", project_id=project_id, market_analysis=Jsonb(market_analysis))

    def set_bmad_compliant(self, project_id: UUID, compliant: bool) -> None:
        """Write whether the plan passed its validation."""
        self._run("set_bmad_compliant", project_id=project_id, bmad_compliant=compliant)

    def mark_indexed(self, run_id: UUID) -> None:
        """The kit of a run is indexed."""
        self._run("mark_indexed", run_id=run_id)

    def find_stalled_runs(self, stall_seconds: int) -> list[dict[str, Any]]:
        """Return runs of every tenant that nothing moves; the unit of work must be the system's."""
        return self._work.fetch_all(self._sql["find_stalled_runs"], {"stall_seconds": stall_seconds})
