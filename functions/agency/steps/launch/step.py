"""Step 8: the kit as an archive, the warm-up campaign as drafts, the webhook, the project completed."""

from __future__ import annotations

from typing import Any

from functions.agency import pipeline
from functions.agency.packing import pack_kit
from functions.agency.pipeline import Brief, Made, Retrieved, Step
from functions.agency.repository import AgencyRepository
from functions.identity import service as identity
from functions.marketing import service as marketing
from shared.bootstrap import Container, container
from shared.db.unit_of_work import UnitOfWork
from shared.models.answers import LaunchAnswer
from shared.observability import observed


def make(own: Container, brief: Brief, answer: LaunchAnswer, retrieved: Retrieved, author: str) -> Made:
    """Return the archive, and what is written and announced with it."""
    del retrieved
    archive = pack_kit(own, brief, _kit_readme(brief, answer, author))

    def write(work: UnitOfWork) -> None:
        repository = AgencyRepository(work)
        run, project = brief.run, brief.project
        if brief.lead is not None:
            marketing.draft_warmup(work, project.id, run.id, brief.lead.id, answer)
        repository.complete_run(run.id)
        repository.set_project_status(project.id, "completed")
        data = {"project_id": str(project.id), "run_id": str(run.id), "name": brief.name}
        identity.request_webhook(work, "project_completed", run.id, data)
        work.announce("kit_completed", {"run_id": str(run.id), "project_id": str(project.id)})
        work.announce("workflow_finished", {"workflow_id": str(run.id), "status": "completed"})

    return Made((archive,), write)


def _kit_readme(brief: Brief, answer: LaunchAnswer, author: str) -> str:
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(answer.next_steps, 1))
    return (
        f"{brief.name}: launch kit\n\n{answer.summary}\n\nWhat to do next\n\n{steps}\n\n"
        "Where to look\n\n"
        "docs/prd.md              what the product shall do\n"
        "docs/market_analysis.json  the market, every claim with its source\n"
        "docs/plan.json           epics, stories, tasks\n"
        "docs/cloud_estimate.json what it would cost to run\n"
        "docs/wireframe.png       the screens\n"
        "prototypes/index.html    open it in a browser and click\n"
        "videos/demo.mp4          the film\n"
        f"project/                 the code; see its README\n\nDrafted by {author}.\n"
    )


STEP = Step(name="launch", reads=("qualify", "research", "specify"), make=make)


@observed("agency.prepare_launch")
def prepare(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.prepare."""
    del context
    return pipeline.prepare(STEP, event, container())


@observed("agency.apply_launch")
def apply(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.apply."""
    del context
    return pipeline.apply(STEP, event, container())
