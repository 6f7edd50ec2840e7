"""Step 8: the warm-up campaign and the words that go with the kit."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.models.answers.base import Answer, AnswerContext, Part, Sentence
from shared.models.base import line


class Mail(Part):
    """A mail of the campaign; `day` counts from launch. Plain text: markup is shown, never run."""

    day: int = Field(ge=0, le=60)
    subject: Annotated[str, line(78)]
    preheader: Annotated[str, line(120)]
    paragraphs: list[Annotated[str, line(800)]] = Field(min_length=2, max_length=6)
    call_to_action: Annotated[str, line(60)]


class LaunchAnswer(Answer):
    """Three mails to the lead, a summary for the kit, and what to do next."""

    summary: Annotated[str, line(800)]
    mails: list[Mail] = Field(min_length=3, max_length=3)
    next_steps: list[Sentence] = Field(min_length=3, max_length=6)

    def problems(self, given: AnswerContext) -> list[str]:
        """The mails go out on different days, in order."""
        del given
        days = [mail.day for mail in self.mails]
        return [] if days == sorted(set(days)) else ["mails must go out on rising, different days"]
