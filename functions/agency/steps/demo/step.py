"""Step 7: the script and the film."""

from __future__ import annotations

from typing import Any

from functions.agency import pipeline
from functions.agency.artifacts.script import write_script
from functions.agency.pipeline import Artifact, Brief, Made, Retrieved, Step, text_artifact
from shared.bootstrap import Container, container
from shared.models.answers import DemoAnswer
from shared.models.asset import AssetType
from shared.observability import observed


def make(own: Container, brief: Brief, answer: DemoAnswer, retrieved: Retrieved, author: str) -> Made:
    """Return what the answer makes."""
    del own, retrieved
    # Imported here: prepare need not wait for it.
    from functions.agency.artifacts.film import make_film

    design, prototype = brief.answer("design"), brief.answer("prototype")
    script = write_script(name=brief.name, demo=answer, design=design, drafted_by=author)
    film = make_film(
        name=brief.name,
        tagline=brief.tagline,
        demo=answer,
        design=design,
        prototype=prototype,
        drafted_by=author,
    )
    return Made(
        (
            text_artifact("docs/script.md", AssetType.SCRIPT, "text/markdown; charset=utf-8", script),
            Artifact("videos/demo.mp4", AssetType.DEMO_VIDEO, "video/mp4", film),
        )
    )


STEP = Step(
    name="demo",
    reads=("qualify", "specify", "design"),
    make=make,
)


@observed("agency.prepare_demo")
def prepare(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.prepare."""
    del context
    return pipeline.prepare(STEP, event, container())


@observed("agency.apply_demo")
def apply(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See pipeline.apply."""
    del context
    return pipeline.apply(STEP, event, container())
