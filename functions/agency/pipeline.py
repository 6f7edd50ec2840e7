"""The eight steps of `proto_v1`: what each has in common.

prepare reads rows and knowledge, writes the question to S3 and reserves its budget. `think` answers it in the edge
zone. apply checks the answer again, writes artifacts to S3 and rows to the database, and counts tokens and money.
Each may run twice: a second time changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from functions.agency.repository import AgencyRepository
from functions.agents import service as agents
from shared.adapters.objects import ObjectStore, StoredObject
from shared.bootstrap import Container
from shared.db.unit_of_work import UnitOfWork
from shared.errors import BudgetExceeded, BudgetReserved, ModelAnswerInvalid, NotFound, RunCancelled
from shared.inert_json import inert
from shared.models.answers import ANSWERS, AnswerContext
from shared.models.asset import AssetType
from shared.models.lead import Lead
from shared.models.project import Project
from shared.models.run import Run, RunStatus, RunStep

_STEPS_FOLDER = Path(__file__).parent / "steps"
_JSON = "application/json"


@dataclass(frozen=True)
class Artifact:
    """A file of the kit. `path` is its place in the kit and, below the project's prefix, in the bucket."""

    path: str
    type: AssetType
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Brief:
    """What a step knows before it asks: the run, its project and lead, and the answers so far."""

    run: Run
    project: Project
    lead: Lead | None
    steps: tuple[RunStep, ...]

    @property
    def idea(self) -> str:
        """The idea in the lead's words; a fork may have its own."""
        return str(self.run.metadata.get("idea") or self.project.description or "")

    @property
    def constraints(self) -> dict[str, Any]:
        """What the lead asked to be kept to; a fork may have its own."""
        found = self.run.metadata.get("constraints", self.project.settings.get("constraints", {}))
        return dict(found) if isinstance(found, dict) else {}

    @property
    def name(self) -> str:
        """The product's name: what qualification called it."""
        return str(self.answers["qualify"]["project_name"])

    @property
    def tagline(self) -> str:
        """The product in one line."""
        return str(self.answers["qualify"]["tagline"])

    @property
    def answers(self) -> dict[str, dict[str, Any]]:
        """The accepted answers by step."""
        return {step.step: step.answer for step in self.steps if step.answer is not None}

    def answer(self, step: str) -> Any:
        """Return an accepted answer as its model; KeyError when the step has none."""
        return ANSWERS[step].model_validate(self.answers[step])

    def step(self, name: str) -> RunStep:
        """Return a step by its name; KeyError when there is none."""
        for step in self.steps:
            if step.step == name:
                return step
        raise KeyError(name)


@dataclass(frozen=True)
class Retrieved:
    """What was found for a step in the knowledge: plain JSON, each with an `id`.

    comparables: products of market_comps. passages: parts of documents, with `document`, `heading` and `text`.
    """

    comparables: tuple[dict[str, Any], ...] = ()
    passages: tuple[dict[str, Any], ...] = ()

    @property
    def comparable_ids(self) -> list[str]:
        """The ids of comparables that an answer may cite."""
        return [str(item["id"]) for item in self.comparables]

    @property
    def passage_ids(self) -> list[str]:
        """The ids of passages that an answer may cite."""
        return [str(item["id"]) for item in self.passages]


def _no_rows(work: UnitOfWork) -> None:
    del work


@dataclass(frozen=True)
class Made:
    """What a step makes of its answer: files, and rows written in the step's own transaction."""

    artifacts: tuple[Artifact, ...] = ()
    write: Callable[[UnitOfWork], None] = _no_rows


def _no_retrieval(own: Container, brief: Brief) -> Retrieved:
    del own, brief
    return Retrieved()


@dataclass(frozen=True)
class Step:
    """A step: its name, the earlier answers its agent reads, how knowledge is found, what is made of the answer."""

    name: str
    reads: tuple[str, ...]
    make: Callable[[Container, Brief, Any, Retrieved, str], Made]
    retrieve: Callable[[Container, Brief], Retrieved] = field(default=_no_retrieval)


def load_brief(work: UnitOfWork, run_id: UUID) -> Brief:
    """Return the brief of a run. Raises NotFound."""
    repository = AgencyRepository(work)
    run = repository.get_run(run_id)
    project = repository.get_project(run.project_id) if run else None
    if run is None or project is None:
        raise NotFound("There is no such run.")
    lead = repository.get_lead(project.lead_id) if project.lead_id else None
    return Brief(run, project, lead, tuple(repository.list_steps(run_id)))


def refuse_ended(run: Run) -> None:
    """Raise RunCancelled when nothing may be done for a run any more."""
    if run.status.is_final:
        raise RunCancelled(f"The run is {run.status}.")


def drafted_by(model: str) -> str:
    """Return who drafted an answer, as every artifact names it."""
    if model.startswith("offline"):
        return "the offline drafter (templates and rules, no AI model)"
    return model


def _tagged(name: str, value: Any) -> str:
    """Return `<name>JSON</name>` in which nothing of the value can close the tag."""
    data = inert(json.dumps(value, ensure_ascii=False, sort_keys=True))
    return f"<{name}>{data}</{name}>"


def write_message(step: Step, brief: Brief, retrieved: Retrieved) -> str:
    """Return the question of a step: its task, then what was given as quoted data."""
    given = {
        "idea": brief.idea,
        "sector": brief.project.sector,
        "constraints": brief.constraints,
        "company": brief.lead.company if brief.lead else None,
    }
    answers = {name: brief.answers[name] for name in step.reads}
    parts = [
        f"<step>{step.name}</step>",
        f"<task>{_task_of(step.name)}</task>",
        _tagged("brief", given),
        _tagged("retrieved", list(retrieved.comparables)),
    ]
    if retrieved.passages:
        parts.append(_tagged("knowledge", list(retrieved.passages)))
    return "\n".join([*parts, _tagged("answers", answers)])


@cache
def _task_of(step: str) -> str:
    return (_STEPS_FOLDER / step / "task.md").read_text(encoding="utf-8").strip()


def _context(step: Step, brief: Brief, retrieved: Retrieved) -> AnswerContext:
    return AnswerContext(
        idea=brief.idea,
        sector=brief.project.sector,
        comparable_ids=retrieved.comparable_ids,
        passage_ids=retrieved.passage_ids,
        answers={name: brief.answers[name] for name in step.reads},
    )


def prepare(step: Step, event: Mapping[str, Any], own: Container) -> dict[str, Any]:
    """Write the question of a step and reserve its budget.

    Returns `{"skip": true}` when the step was applied before, else `{"skip": false, "approval": …}`.
    Raises BudgetExceeded, RunCancelled, NotFound, DependencyUnavailable.
    """
    tenant_id, run_id = UUID(event["tenant_id"]), UUID(event["run_id"])
    definition = agents.load_definition(_STEPS_FOLDER / step.name / "agent.yaml")
    with own.database.transaction(tenant_id) as work:
        brief = load_brief(work, run_id)
        # The step before the run: a repeated execution of a completed run finds nothing to do and succeeds.
        if brief.step(step.name).status == "completed":
            return {"skip": True, "approval": brief.run.approval.value}
        refuse_ended(brief.run)
        AgencyRepository(work).begin_step(run_id, step.name)
        agents.register_definition(work, definition)
        if brief.run.status == RunStatus.QUEUED:
            _announce_start(work, brief.run)
    retrieved = step.retrieve(own, brief)
    asked = agents.write_request(
        definition,
        step=step.name,
        message=write_message(step, brief, retrieved),
        schema=ANSWERS[step.name].model_json_schema(),
        given=_context(step, brief, retrieved),
    )
    handoff = own.storage.handoff_bucket
    spent = agents.read_ledger(own.objects, handoff, tenant_id, run_id, step.name).spent_microusd()
    answered = agents.is_answered(own.objects, handoff, tenant_id, asked)
    amount = _reserve(own, tenant_id, run_id, step, asked, spent, answered)
    agents.keep_request(own.objects, handoff, tenant_id, run_id, asked, allowance_microusd=amount)
    _keep_retrieved(own.objects, handoff, tenant_id, run_id, step.name, retrieved)
    return {"skip": False, "approval": brief.run.approval.value}


def _announce_start(work: UnitOfWork, run: Run) -> None:
    AgencyRepository(work).set_project_status(run.project_id, "processing")
    work.announce(
        "workflow_started", {"workflow_id": str(run.id), "generation": run.generation, "status": "running"}
    )


def _reserve(
    own: Container,
    tenant_id: UUID,
    run_id: UUID,
    step: Step,
    asked: agents.Asked,
    spent: int,
    answered: bool,
) -> int:
    """Reserve what the budget holds of an answer and its correction, at least the answer.

    What the step has spent in earlier attempts is part of what it reserves. Raises BudgetReserved while another
    step holds what is missing, BudgetExceeded when it is spent.
    """
    place = agents.request_key(tenant_id, run_id, step.name)
    for calls in (0,) if answered else range(agents.RESERVED_CALLS, 0, -1):
        amount = spent + calls * asked.worst_case_microusd
        with own.database.transaction(tenant_id) as work:
            if AgencyRepository(work).reserve(run_id, step.name, amount, asked.input_hash, place):
                return amount
    with own.database.transaction(tenant_id) as work:
        steps = AgencyRepository(work).list_steps(run_id)
        run = AgencyRepository(work).get_run(run_id)
    others = sum(item.cost_microusd for item in steps if item.step != step.name)
    if run is not None and others + amount <= run.budget_microusd:
        raise BudgetReserved
    raise BudgetExceeded(
        f"Step {step.name} could cost {asked.worst_case_microusd} millionths of a dollar; "
        "the run's budget does not hold that any more."
    )


def _retrieved_key(tenant_id: UUID, run_id: UUID, step: str) -> str:
    return f"requests/{tenant_id}/{run_id}/{step}.retrieved.json"


def _keep_retrieved(
    objects: ObjectStore, bucket: str, tenant_id: UUID, run_id: UUID, step: str, retrieved: Retrieved
) -> None:
    data = json.dumps(asdict(retrieved)).encode()
    objects.put(bucket, _retrieved_key(tenant_id, run_id, step), data, content_type=_JSON)


def apply(step: Step, event: Mapping[str, Any], own: Container) -> dict[str, Any]:
    """Write what a step's answer makes: files first, then rows, tokens and money in one transaction.

    Raises ModelAnswerInvalid when the answer does not fit, RunCancelled, NotFound, DependencyUnavailable.
    """
    tenant_id, run_id = UUID(event["tenant_id"]), UUID(event["run_id"])
    with own.database.transaction(tenant_id) as work:
        brief = load_brief(work, run_id)
    row = brief.step(step.name)
    if row.status == "completed":
        return {"applied": False}
    refuse_ended(brief.run)
    handoff = own.storage.handoff_bucket
    found = json.loads(own.objects.get(handoff, _retrieved_key(tenant_id, run_id, step.name)))
    retrieved = Retrieved(tuple(found["comparables"]), tuple(found["passages"]))
    kept = agents.read_answer(own.objects, handoff, tenant_id, str(row.input_hash))
    answer = ANSWERS[step.name].model_validate(kept.answer)
    problems = answer.problems(_context(step, brief, retrieved))
    if problems:
        raise ModelAnswerInvalid("; ".join(problems[:3])[:500])
    made = step.make(own, brief, answer, retrieved, drafted_by(kept.model))
    assets = [store(own, brief.run, artifact) for artifact in made.artifacts]
    ledger = agents.read_ledger(own.objects, handoff, tenant_id, run_id, step.name)
    with own.database.transaction(tenant_id) as work:
        repository = AgencyRepository(work)
        current = repository.get_run(run_id, lock=True)
        if current is None or current.status.is_final:
            raise RunCancelled
        cost = agents.cost_of(ledger)
        if not repository.complete_step(run_id, step.name, kept.answer, model=kept.model, **cost):
            return {"applied": False}
        for columns in assets:
            repository.put_asset(**columns)
        made.write(work)
        agents.record_calls(work, brief.run.project_id, run_id, step.name, ledger)
        work.announce(
            "agent_task_completed",
            {"workflow_id": str(run_id), "agent_id": f"proto_v1_{step.name}", "status": "success", **cost},
        )
    return {"applied": True}


def asset_key(project_id: UUID, path: str) -> str:
    """Return where a file of a project's kit lies in the bucket."""
    return f"projects/{project_id}/{path}"


def store(own: Container, run: Run, artifact: Artifact) -> dict[str, Any]:
    """Put a file into the bucket unless it lies there already; return the columns of its asset."""
    bucket = own.storage.assets_bucket
    key = asset_key(run.project_id, artifact.path)
    digest = hashlib.sha256(artifact.content).hexdigest()
    stored: StoredObject | None = own.objects.head(bucket, key)
    if stored is None or stored.sha256 != digest:
        stored = own.objects.put(bucket, key, artifact.content, content_type=artifact.content_type)
    return {
        "project_id": run.project_id,
        "run_id": run.id,
        "type": artifact.type.value,
        "path": artifact.path,
        "bucket": bucket,
        "key": key,
        "version": stored.version,
        "sha256": digest,
        "filename": artifact.path.rsplit("/", 1)[-1],
        "content_type": artifact.content_type,
        "size_bytes": len(artifact.content),
    }


def text_artifact(path: str, kind: AssetType, content_type: str, text: str) -> Artifact:
    """Return a file of UTF-8 text."""
    return Artifact(path, kind, content_type, text.encode("utf-8"))


def json_artifact(path: str, kind: AssetType, value: Any) -> Artifact:
    """Return a file of readable JSON."""
    return text_artifact(path, kind, _JSON, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
