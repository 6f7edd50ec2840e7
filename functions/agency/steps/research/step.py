"""Step 2: the market analysis, every claim with its source."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.agency import pipeline
from functions.agency.artifacts.market import market_document
from functions.agency.pipeline import Brief, Made, Retrieved, Step, json_artifact
from functions.agency.repository import AgencyRepository
from functions.knowledge import service as knowledge
from shared.bootstrap import Container, container
from shared.db.unit_of_work import UnitOfWork
from shared.models.answers import ResearchAnswer
from shared.models.asset import AssetType
from shared.observability import observed
from shared.settings import RunSettings


def retrieve(own: Container, brief: Brief) -> Retrieved:
    """Return the comparables nearest to the idea, at least three, and what the tenant's own documents say on it.

    Documents are those that people uploaded on purpose: what other runs of the tenant made is nobody else's.
    """
    house = UUID(own.settings(RunSettings).house_tenant_id)
    found = knowledge.find_comparables(
        own.vectors,
        own.embedder_named,
        tenant_id=brief.run.tenant_id,
        house_tenant_id=house,
        idea=brief.idea,
        sector=brief.project.sector,
    )
    passages = knowledge.find_passages(
        own.vectors,
        own.embedder_named,
        tenant_id=brief.run.tenant_id,
        collections=("knowledge_base", "marketing_knowledge"),
        text=brief.idea,
    )
    return Retrieved(tuple(item.model_dump(mode="json") for item in found), tuple(passages))


def make(own: Container, brief: Brief, answer: ResearchAnswer, retrieved: Retrieved, author: str) -> Made:
    """Return what the answer makes."""
    del own
    document = market_document(answer, retrieved.comparables, author, retrieved.passages)

    def write(work: UnitOfWork) -> None:
        AgencyRepository(work).keep_market_analysis(brief.project.id, document)

    return Made((json_artifact("docs/market_analysis.json", AssetType.OTHER, document),), write)


STEP = Step(
    name="research",
    reads=("qualify",),
    make=make,
    retrieve=retrieve,
)


@observed("agency.prepare_research")
def prepare(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.prepare."""
    del context
    return pipeline.prepare(STEP, event, container())


@observed("agency.apply_research")
def apply(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.apply."""
    del context
    return pipeline.apply(STEP, event, container())
