"""Step 7: the script of the demo."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.models.answers.base import Answer, AnswerContext, Part, Sentence, Slug, faults, not_in
from shared.models.base import line


class Scene(Part):
    """A screen on show; `caption` is burnt into the picture, `narration` is for a speaker."""

    screen: Slug
    caption: Annotated[str, line(90)]
    narration: Sentence
    seconds: int = Field(ge=3, le=10)


class DemoAnswer(Answer):
    """The script; the film lasts 20–60 s."""

    title: Annotated[str, line(80)]
    scenes: list[Scene] = Field(min_length=4, max_length=10)
    closing: Annotated[str, line(90)]

    def problems(self, given: AnswerContext) -> list[str]:
        """Scenes show existing screens; with 2 s of title and 2 s of closing the length is 20–60 s."""
        found = faults("unknown screens", not_in((scene.screen for scene in self.scenes), given.screen_ids()))
        total = sum(scene.seconds for scene in self.scenes) + 4
        if not 20 <= total <= 60:
            found.append(f"the film would last {total} s; 20 to 60 are allowed")
        return found
