"""Step 1: goals, audiences, key features, score."""

from __future__ import annotations

from typing import Any

from functions.agency import pipeline
from functions.agency.pipeline import Brief, Made, Retrieved, Step
from functions.agency.repository import AgencyRepository
from shared.bootstrap import Container, container
from shared.db.unit_of_work import UnitOfWork
from shared.models.answers import QualifyAnswer
from shared.observability import observed


def make(own: Container, brief: Brief, answer: QualifyAnswer, retrieved: Retrieved, author: str) -> Made:
    """Return what the answer makes."""
    del own, retrieved, author

    def write(work: UnitOfWork) -> None:
        repository = AgencyRepository(work)
        if brief.lead is not None:
            repository.qualify_lead(brief.lead.id, answer.score)
        repository.describe_project(
            brief.project.id,
            name=answer.project_name,
            goals=answer.goals,
            target_audience=[audience.name for audience in answer.audiences],
            key_features=[feature.name for feature in answer.features],
        )

    return Made(write=write)


STEP = Step(
    name="qualify",
    reads=(),
    make=make,
)


@observed("agency.prepare_qualify")
def prepare(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.prepare."""
    del context
    return pipeline.prepare(STEP, event, container())


@observed("agency.apply_qualify")
def apply(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.apply."""
    del context
    return pipeline.apply(STEP, event, container())
