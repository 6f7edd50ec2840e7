"""Step 1: goals, audiences, key features and the score of a lead."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.models.answers.base import (
    Answer,
    AnswerContext,
    FeatureId,
    Name,
    Part,
    Sentence,
    faults,
    repeated,
)
from shared.models.base import line


class Audience(Part):
    """A group of people the product is for."""

    name: Name
    description: Sentence


class Feature(Part):
    """Something the product lets somebody do."""

    id: FeatureId = Field(pattern=r"^F-[1-9][0-9]?$", description="F-1, F-2, … in order")
    name: Annotated[str, line(80)]
    description: Sentence
    actor: Annotated[str, line(80)] = Field(description="who uses it")
    priority: Literal["must", "should", "could"]


class QualifyAnswer(Answer):
    """What `qualify` makes of an idea. Score: 0 (not a project) to 1 (start today)."""

    project_name: Annotated[str, line(60)] = Field(description="a short product name")
    tagline: Annotated[str, line(140)]
    summary: Annotated[str, line(600)]
    goals: list[Sentence] = Field(min_length=3, max_length=7)
    audiences: list[Audience] = Field(min_length=1, max_length=5)
    features: list[Feature] = Field(min_length=5, max_length=12)
    score: float = Field(ge=0, le=1)
    reasons: list[Sentence] = Field(min_length=1, max_length=6, description="why this score")

    def problems(self, given: AnswerContext) -> list[str]:
        """Ids and names of features are unique; at least one feature is a must."""
        del given
        found = faults("feature ids repeated", repeated(feature.id for feature in self.features))
        found += faults(
            "feature names repeated", repeated(feature.name.casefold() for feature in self.features)
        )
        if not any(feature.priority == "must" for feature in self.features):
            found.append("no feature has priority must")
        return found
