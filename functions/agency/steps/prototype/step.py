"""Step 6: one page that works by clicking, and a code project whose own tests pass."""

from __future__ import annotations

from typing import Any

from functions.agency import pipeline
from functions.agency.artifacts.prototype import render_prototype
from functions.agency.pipeline import Artifact, Brief, Made, Retrieved, Step, asset_key, text_artifact
from functions.studio import service as studio
from functions.studio.service import ProjectFile, generate_project
from shared.bootstrap import Container, container
from shared.db.unit_of_work import UnitOfWork
from shared.models.answers import PrototypeAnswer
from shared.models.asset import AssetType
from shared.observability import observed

_CONTENT_TYPES = {"markdown": "text/markdown; charset=utf-8"}


def _file(file: ProjectFile) -> Artifact:
    kind = _CONTENT_TYPES.get(file.file_type, "text/plain; charset=utf-8")
    return text_artifact(f"project/{file.path}", AssetType.OTHER, kind, file.content)


def make(own: Container, brief: Brief, answer: PrototypeAnswer, retrieved: Retrieved, author: str) -> Made:
    """Return the page, the files of the project, and their rows."""
    del own, retrieved
    specify = brief.answer("specify")
    page = render_prototype(
        name=brief.name,
        tagline=brief.tagline,
        specify=specify,
        design=brief.answer("design"),
        prototype=answer,
        drafted_by=author,
    )
    files = generate_project(
        name=brief.name,
        tagline=brief.tagline,
        idea=brief.idea,
        specify=specify,
        prototype=answer,
        drafted_by=author,
    )

    def write(work: UnitOfWork) -> None:
        folder = asset_key(brief.project.id, "project/")
        studio.save_project(work, brief.project.id, brief.run.id, folder, files)

    html = text_artifact("prototypes/index.html", AssetType.PROTOTYPE, "text/html; charset=utf-8", page)
    return Made((html, *map(_file, files)), write)


STEP = Step(name="prototype", reads=("qualify", "specify", "design"), make=make)


@observed("agency.prepare_prototype")
def prepare(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.prepare."""
    del context
    return pipeline.prepare(STEP, event, container())


@observed("agency.apply_prototype")
def apply(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.apply."""
    del context
    return pipeline.apply(STEP, event, container())
