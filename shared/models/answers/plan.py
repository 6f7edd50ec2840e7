"""Step 4: epics, stories, tasks, and what the product would use in the cloud."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Literal

from pydantic import Field

from shared.models.answers.base import (
    Answer,
    AnswerContext,
    Name,
    Part,
    RequirementId,
    Sentence,
    faults,
    not_in,
    repeated,
    uncovered,
)
from shared.models.base import line

EpicId = Annotated[str, line(5)]
StoryId = Annotated[str, line(5)]


class AcceptanceCriterion(Part):
    """Given / When / Then."""

    given: Sentence
    when: Sentence
    then: Sentence


class Task(Part):
    """A piece of work of at most a few days."""

    title: Annotated[str, line(160)]
    hours: int = Field(ge=1, le=40)


class Story(Part):
    """As a … I want … so that …; `as_a`, `i_want` and `so_that` hold only what fills the gaps."""

    id: StoryId = Field(pattern=r"^S-[1-9][0-9]?$", description="S-1, S-2, … in order")
    epic: EpicId
    title: Annotated[str, line(160)]
    as_a: Annotated[str, line(120)]
    i_want: Sentence
    so_that: Sentence
    acceptance_criteria: list[AcceptanceCriterion] = Field(min_length=1, max_length=5)
    story_points: Literal[1, 2, 3, 5, 8, 13]
    requirements: list[RequirementId] = Field(min_length=1)
    depends_on: list[StoryId]
    tasks: list[Task] = Field(min_length=1, max_length=8)


class Epic(Part):
    """A body of stories with one purpose."""

    id: EpicId = Field(pattern=r"^E-[1-9][0-9]?$", description="E-1, E-2, … in order")
    title: Annotated[str, line(160)]
    description: Sentence
    business_value: Sentence
    priority: Literal["low", "medium", "high", "critical"]


class Usage(Part):
    """What a month of the finished product is expected to see."""

    monthly_active_users: int = Field(ge=1, le=100_000_000)
    requests_per_user: int = Field(ge=1, le=100_000)
    storage_gb: int = Field(ge=1, le=1_000_000)
    egress_gb: int = Field(ge=0, le=1_000_000)
    emails: int = Field(ge=0, le=1_000_000_000)
    background_jobs: int = Field(ge=0, le=1_000_000_000)


class CloudService(Part):
    """An AWS service the product would use, and for what."""

    service: Name = Field(
        description="api_gateway, lambda, rds_postgres, s3, cloudfront, sqs, eventbridge, cognito, "
        "ses, elasticache, step_functions, or another AWS service by name"
    )
    purpose: Sentence


class PlanAnswer(Answer):
    """The plan; dependencies between stories have no cycle, every story cites requirements."""

    epics: list[Epic] = Field(min_length=2, max_length=8)
    stories: list[Story] = Field(min_length=5, max_length=40)
    usage: Usage
    services: list[CloudService] = Field(min_length=3, max_length=15)

    def problems(self, given: AnswerContext) -> list[str]:
        """References resolve, each epic has stories, each requirement a story, and there is no cycle."""
        stories = [story.id for story in self.stories]
        epics = [epic.id for epic in self.epics]
        cited = [item for story in self.stories for item in story.requirements]
        known = given.requirement_ids()
        waits = [item for story in self.stories for item in story.depends_on]
        found = [
            *faults("epic ids repeated", repeated(epics)),
            *faults("story ids repeated", repeated(stories)),
            *faults("unknown epics", not_in((story.epic for story in self.stories), epics)),
            *faults("epics without a story", uncovered(epics, (s.epic for s in self.stories))),
            *faults("requirements cited that do not exist", not_in(cited, known)),
            *faults("requirements without a story", uncovered(known, cited)),
            *faults("dependencies on unknown stories", not_in(waits, stories)),
            *faults("services repeated", repeated(item.service.casefold() for item in self.services)),
        ]
        try:
            TopologicalSorter({story.id: story.depends_on for story in self.stories}).prepare()
        except CycleError as error:
            found.append(f"story dependencies form a cycle: {' -> '.join(error.args[1])}")
        return found
