"""The answers of the eight agents of `proto_v1`, one file a step.

An answer is what the model returns as structured output. `Answer.problems(given)` names what the schema
alone cannot say (a feature nobody covers, a source nobody retrieved), so that it can be sent back.
"""

from shared.models.answers.base import Answer, AnswerContext
from shared.models.answers.demo import DemoAnswer, Scene
from shared.models.answers.design import Component, DesignAnswer, NavigationLink, Screen
from shared.models.answers.launch import LaunchAnswer, Mail
from shared.models.answers.plan import (
    AcceptanceCriterion,
    CloudService,
    Epic,
    PlanAnswer,
    Story,
    Task,
    Usage,
)
from shared.models.answers.prototype import (
    Action,
    EntityField,
    EntitySpec,
    PrototypeAnswer,
)
from shared.models.answers.qualify import Audience, Feature, QualifyAnswer
from shared.models.answers.research import Claim, Competitor, ResearchAnswer
from shared.models.answers.specify import (
    FunctionalRequirement,
    NonFunctionalRequirement,
    Risk,
    SpecifyAnswer,
    SuccessMetric,
)

ANSWERS: dict[str, type[Answer]] = {
    "qualify": QualifyAnswer,
    "research": ResearchAnswer,
    "specify": SpecifyAnswer,
    "plan": PlanAnswer,
    "design": DesignAnswer,
    "prototype": PrototypeAnswer,
    "demo": DemoAnswer,
    "launch": LaunchAnswer,
}

__all__ = [
    "ANSWERS",
    "AcceptanceCriterion",
    "Action",
    "Answer",
    "AnswerContext",
    "Audience",
    "Claim",
    "CloudService",
    "Competitor",
    "Component",
    "DemoAnswer",
    "DesignAnswer",
    "EntityField",
    "EntitySpec",
    "Epic",
    "Feature",
    "FunctionalRequirement",
    "LaunchAnswer",
    "Mail",
    "NavigationLink",
    "NonFunctionalRequirement",
    "PlanAnswer",
    "PrototypeAnswer",
    "QualifyAnswer",
    "ResearchAnswer",
    "Risk",
    "Scene",
    "Screen",
    "SpecifyAnswer",
    "Story",
    "SuccessMetric",
    "Task",
    "Usage",
]
