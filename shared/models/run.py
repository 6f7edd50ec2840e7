"""A run of the pipeline and its eight steps. Money is integer millionths of a US dollar."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, NewType
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue

from shared.models.base import Entity, IdText, TimeText, WireModel, text
from shared.models.lead import Constraints
from shared.models.project import ProjectId

RunId = NewType("RunId", UUID)

STEPS = ("qualify", "research", "specify", "plan", "design", "prototype", "demo", "launch")


class RunStatus(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing will happen any more unless somebody asks for it."""
        return self in (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED)


class StepStatus(StrEnum):
    """Where a step stands."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class Approval(StrEnum):
    """Whether somebody must say yes before the kit leaves the house."""

    NONE = "none"
    REQUIRED = "required"
    WAITING = "waiting"
    GRANTED = "granted"


class Run(Entity):
    """A row of agency.workflow_runs."""

    id: RunId
    tenant_id: UUID
    project_id: ProjectId
    workflow_name: str
    status: RunStatus
    priority: str
    generation: int
    fork_of: RunId | None
    current_step: str | None
    steps_completed: int
    steps_total: int
    budget_microusd: int
    spent_microusd: int
    reserved_microusd: int
    approval: Approval
    task_token: str | None = Field(repr=False)
    metadata: dict[str, JsonValue]
    error_code: str | None
    error_message: str | None
    started_at: AwareDatetime | None
    completed_at: AwareDatetime | None
    duration_seconds: int | None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class RunStep(Entity):
    """A row of agency.run_steps; `answer` is the accepted answer of the agent."""

    run_id: RunId
    step: str
    position: int
    status: StepStatus
    input_hash: str | None
    request_key: str | None
    attempts: int
    model: str | None
    model_calls: int
    input_tokens: int
    output_tokens: int
    reserved_microusd: int
    cost_microusd: int
    answer: dict[str, Any] | None
    error_code: str | None
    error_message: str | None
    started_at: AwareDatetime | None
    completed_at: AwareDatetime | None


class StepOut(WireModel):
    """A step as the API shows it."""

    step: str
    position: int
    status: str
    attempts: int
    model: str | None
    model_calls: int
    input_tokens: int
    output_tokens: int
    cost_microusd: int
    seconds: float | None
    error_code: str | None
    error_message: str | None


class RunOut(WireModel):
    """A run as the API shows it. `progress` runs from 0 to 1; `advice` says what to do when it failed."""

    id: IdText
    project_id: IdText
    workflow_name: str
    status: str
    approval: str
    fork_of: IdText | None
    current_step: str | None
    progress: float
    steps_completed: int
    steps_total: int
    budget_microusd: int
    spent_microusd: int
    steps: list[StepOut]
    error_code: str | None
    error_message: str | None
    advice: str | None
    created_at: TimeText
    started_at: TimeText | None
    completed_at: TimeText | None
    duration_seconds: int | None
    links: dict[str, str]


class RunRetry(WireModel):
    """What a retry may change: a higher budget, as far as the operator's limit goes."""

    budget_microusd: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None


class RunFork(WireModel):
    """What a fork may change. What it leaves alone is not asked, nor paid, again."""

    idea: Annotated[str, text(5000, 3)] | None = None
    constraints: Constraints | None = None
    budget_microusd: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None


class RunSummary(WireModel):
    """What cancel, retry, fork and approve answer."""

    run_id: IdText
    status: str
    links: dict[str, str]
