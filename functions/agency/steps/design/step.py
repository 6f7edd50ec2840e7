"""Step 5: the wireframe, as JSON and as a picture."""

from __future__ import annotations

from typing import Any

from functions.agency import pipeline
from functions.agency.pipeline import Artifact, Brief, Made, Retrieved, Step, json_artifact
from shared.bootstrap import Container, container
from shared.models.answers import DesignAnswer
from shared.models.asset import AssetType
from shared.observability import observed


def make(own: Container, brief: Brief, answer: DesignAnswer, retrieved: Retrieved, author: str) -> Made:
    """Return what the answer makes."""
    del own, retrieved
    # Imported here: prepare need not wait for it.
    from functions.agency.artifacts.wireframe import draw_wireframe

    wireframe = {"name": brief.name, "drafted_by": author, **answer.model_dump(mode="json")}
    picture = draw_wireframe(name=brief.name, design=answer)
    return Made(
        (
            json_artifact("docs/wireframe.json", AssetType.WIREFRAME, wireframe),
            Artifact("docs/wireframe.png", AssetType.WIREFRAME, "image/png", picture),
        )
    )


STEP = Step(
    name="design",
    reads=("qualify", "specify"),
    make=make,
)


@observed("agency.prepare_design")
def prepare(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.prepare."""
    del context
    return pipeline.prepare(STEP, event, container())


@observed("agency.apply_design")
def apply(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.apply."""
    del context
    return pipeline.apply(STEP, event, container())
