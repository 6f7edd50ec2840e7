"""Step 3: the PRD."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.agency import pipeline
from functions.agency.artifacts.prd import write_prd
from functions.agency.pipeline import Brief, Made, Retrieved, Step, text_artifact
from functions.knowledge import service as knowledge
from shared.bootstrap import Container, container
from shared.models.answers import SpecifyAnswer
from shared.models.asset import AssetType
from shared.observability import observed
from shared.settings import RunSettings


def retrieve(own: Container, brief: Brief) -> Retrieved:
    """Return templates of requirements for the sector: the tenant's own and the house's."""
    house = UUID(own.settings(RunSettings).house_tenant_id)
    passages = knowledge.find_passages(
        own.vectors,
        own.embedder_named,
        tenant_id=brief.run.tenant_id,
        house_tenant_id=house,
        collections=("doc_chunks",),
        text=brief.idea,
        match={"doc_type": "prd_template", "sector": brief.project.sector},
    )
    return Retrieved(passages=tuple(passages))


def make(own: Container, brief: Brief, answer: SpecifyAnswer, retrieved: Retrieved, author: str) -> Made:
    """Return what the answer makes."""
    del own, retrieved
    document = write_prd(
        name=brief.name,
        tagline=brief.tagline,
        idea=brief.idea,
        sector=brief.project.sector,
        qualify=brief.answer("qualify"),
        research=brief.answer("research"),
        specify=answer,
        drafted_by=author,
    )
    return Made((text_artifact("docs/prd.md", AssetType.PRD, "text/markdown; charset=utf-8", document),))


STEP = Step(
    name="specify",
    reads=("qualify", "research"),
    make=make,
    retrieve=retrieve,
)


@observed("agency.prepare_specify")
def prepare(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.prepare."""
    del context
    return pipeline.prepare(STEP, event, container())


@observed("agency.apply_specify")
def apply(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.apply."""
    del context
    return pipeline.apply(STEP, event, container())
