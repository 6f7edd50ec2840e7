"""Step 3: the product requirements; every feature is covered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.models.answers.base import (
    Answer,
    AnswerContext,
    FeatureId,
    Name,
    Part,
    RequirementId,
    Sentence,
    faults,
    not_in,
    repeated,
    uncovered,
)
from shared.models.answers.qualify import Audience
from shared.models.base import line


class FunctionalRequirement(Part):
    """FR-n: what the product shall do, and the features it serves."""

    id: RequirementId = Field(pattern=r"^FR-[1-9][0-9]?$", description="FR-1, FR-2, … in order")
    title: Annotated[str, line(80)]
    statement: Sentence = Field(description="… shall …")
    actor: Annotated[str, line(80)]
    features: list[FeatureId] = Field(min_length=1)
    acceptance: list[Sentence] = Field(min_length=1, max_length=4)


class NonFunctionalRequirement(Part):
    """NFR-n: a quality with a number that can be measured."""

    id: Annotated[str, line(8)] = Field(pattern=r"^NFR-[1-9][0-9]?$")
    quality: Literal[
        "performance",
        "availability",
        "security",
        "privacy",
        "accessibility",
        "scalability",
        "usability",
        "compliance",
        "maintainability",
    ]
    statement: Sentence
    target: float
    unit: Annotated[str, line(60)]


class SuccessMetric(Part):
    """A number that tells whether a goal is reached."""

    name: Name
    target: float
    unit: Annotated[str, line(60)]
    within: Annotated[str, line(60)] = Field(description="by when, from launch")


class Risk(Part):
    """What may go wrong and what is done about it."""

    text: Sentence
    likelihood: Literal["low", "medium", "high"]
    impact: Literal["low", "medium", "high"]
    mitigation: Sentence


class SpecifyAnswer(Answer):
    """The content of the PRD; `functions.agency.artifacts.prd` writes it as Markdown."""

    problem: Annotated[str, line(800)]
    goals: list[Sentence] = Field(min_length=3, max_length=7)
    audiences: list[Audience] = Field(min_length=1, max_length=5)
    functional_requirements: list[FunctionalRequirement] = Field(min_length=5, max_length=20)
    non_functional_requirements: list[NonFunctionalRequirement] = Field(min_length=4, max_length=12)
    out_of_scope: list[Sentence] = Field(min_length=2, max_length=8)
    success_metrics: list[SuccessMetric] = Field(min_length=2, max_length=8)
    risks: list[Risk] = Field(min_length=2, max_length=8)
    open_questions: list[Sentence] = Field(min_length=1, max_length=8)

    def problems(self, given: AnswerContext) -> list[str]:
        """Ids are unique, cited features exist, and every feature is covered."""
        requirements = self.functional_requirements
        cited = [feature for item in requirements for feature in item.features]
        known = given.feature_ids()
        return [
            *faults("requirement ids repeated", repeated(item.id for item in requirements)),
            *faults(
                "requirement ids repeated",
                repeated(item.id for item in self.non_functional_requirements),
            ),
            *faults("features cited that do not exist", not_in(cited, known)),
            *faults("features that no requirement covers", uncovered(known, cited)),
        ]
