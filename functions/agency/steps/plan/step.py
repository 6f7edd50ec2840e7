"""Step 4: epics, stories, tasks, a first BMAD validation and cloud estimate."""

from __future__ import annotations

from typing import Any

from functions.agency import pipeline
from functions.agency.pipeline import Brief, Made, Retrieved, Step, json_artifact
from functions.agency.repository import AgencyRepository
from functions.planning import service as planning
from shared.bootstrap import Container, container
from shared.db.unit_of_work import UnitOfWork
from shared.models.answers import PlanAnswer
from shared.models.asset import AssetType
from shared.observability import observed


def make(own: Container, brief: Brief, answer: PlanAnswer, retrieved: Retrieved, author: str) -> Made:
    """Return what the answer makes."""
    del own, retrieved
    specify = brief.answer("specify")
    validation = planning.validate_plan(brief.answer("qualify"), specify, answer)
    estimates = planning.estimate_cloud(answer)
    plan = planning.plan_document(answer, validation, author)
    costs = planning.estimate_document(estimates, author)

    def write(work: UnitOfWork) -> None:
        planning.save_plan(work, brief.project.id, brief.run.id, answer)
        planning.save_validation(work, brief.project.id, brief.run.id, validation)
        planning.save_estimates(work, brief.project.id, brief.run.id, answer, estimates)
        AgencyRepository(work).set_bmad_compliant(brief.project.id, validation.is_valid)

    return Made(
        (
            json_artifact("docs/plan.json", AssetType.OTHER, plan),
            json_artifact("docs/cloud_estimate.json", AssetType.OTHER, costs),
        ),
        write,
    )


STEP = Step(
    name="plan",
    reads=("qualify", "specify"),
    make=make,
)


@observed("agency.prepare_plan")
def prepare(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.prepare."""
    del context
    return pipeline.prepare(STEP, event, container())


@observed("agency.apply_plan")
def apply(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.apply."""
    del context
    return pipeline.apply(STEP, event, container())
