"""The base of every answer, and what an answer may be checked against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shared.models.base import line

FeatureId = Annotated[str, line(6)]
RequirementId = Annotated[str, line(7)]
Slug = Annotated[str, line(60)]
Name = Annotated[str, line(120)]
Sentence = Annotated[str, line(400)]


class AnswerContext(BaseModel):
    """What was given to the agent, as far as its answer is checked against it.

    `answers` maps the name of an earlier step to its accepted answer (plain JSON).
    """

    model_config = ConfigDict(extra="forbid")

    idea: str
    sector: str
    comparable_ids: list[str] = Field(default_factory=list)
    passage_ids: list[str] = Field(default_factory=list)
    answers: dict[str, dict[str, Any]] = Field(default_factory=dict)

    def feature_ids(self) -> list[str]:
        """The ids of the features that `qualify` found, in order."""
        return [feature["id"] for feature in self.answers["qualify"]["features"]]

    def requirement_ids(self) -> list[str]:
        """The ids of the functional requirements that `specify` wrote, in order."""
        return [item["id"] for item in self.answers["specify"]["functional_requirements"]]

    def screen_ids(self) -> list[str]:
        """The ids of the screens that `design` drew, in order."""
        return [screen["id"] for screen in self.answers["design"]["screens"]]


class Part(BaseModel):
    """A part of an answer: unknown fields refused, numbers finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Answer(Part):
    """A structured answer of the model to one step."""

    def problems(self, given: AnswerContext) -> list[str]:
        """Return a plain sentence for each fault that the schema cannot express; empty when sound."""
        del given
        raise TypeError(f"{type(self).__name__} has no checks of its own")


def repeated(values: Iterable[str]) -> list[str]:
    """Return the values that occur more than once, each once, in order of their second occurrence."""
    seen: set[str] = set()
    again: list[str] = []
    for value in values:
        if value in seen and value not in again:
            again.append(value)
        seen.add(value)
    return again


def not_in(values: Iterable[str], known: Sequence[str]) -> list[str]:
    """Return the values that `known` does not hold, each once, in order."""
    return [value for value in dict.fromkeys(values) if value not in known]


def uncovered(required: Sequence[str], covered: Iterable[str]) -> list[str]:
    """Return the required ids that nothing covers, in order."""
    have = set(covered)
    return [value for value in required if value not in have]


def faults(sentence: str, values: Sequence[str]) -> list[str]:
    """Return `[sentence: a, b]` when there are values, else nothing."""
    return [f"{sentence}: {', '.join(values)}"] if values else []
