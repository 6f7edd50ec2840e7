"""A question to the gateway, and what its model may answer."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from functions.agents import gateway, service
from functions.agents.gateway import Gateway
from shared.adapters.clock import FakeClock
from shared.adapters.model import Model, Reply
from shared.adapters.objects_memory import InMemoryObjectStore
from shared.models.agent_definition import AgentDefinition
from shared.models.answers import AnswerContext, QualifyAnswer
from shared.models.model_call import Ledger, ModelAnswer
from tests.samples.harbour import QUALIFY

TENANT = UUID("00000000-0000-7000-8000-000000000001")
RUN = UUID("0199c0de-0000-7000-8000-000000000002")
BUCKET = "handoff"
CALLS = gateway.MAX_CORRECTIONS + 1
AGENT = AgentDefinition(
    id="qualifier",
    name="Qualifier",
    description="Qualifies",
    category="product",
    version="1.0.0",
    capabilities=["qualifying"],
    system_prompt="You qualify.",
    model="sonnet",
    temperature=None,
    max_tokens=2000,
)
GOOD = QUALIFY.model_dump_json()
BAD = json.dumps({**QUALIFY.model_dump(mode="json"), "score": 2})


def reply(text: str = GOOD, *, stop: str = "end_turn", tokens_in: int = 1000, tokens_out: int = 500) -> Reply:
    """A reply of the model; by default a sound answer."""
    return Reply(text, "claude-sonnet-5-5-20261101", stop, tokens_in, tokens_out)


def asked(message: str = "Qualify this.") -> service.Asked:
    """The question."""
    return service.write_request(
        AGENT,
        step="qualify",
        message=message,
        schema=QualifyAnswer.model_json_schema(),
        given=AnswerContext(idea="Quota exchange", sector="other"),
    )


class Asking:
    """A gateway with a question that waits, and everything around it in memory."""

    def __init__(self, model: Model, *, calls: int = CALLS, objects: Any = None) -> None:
        self.objects = objects or InMemoryObjectStore({BUCKET: False})
        self.clock = FakeClock()
        self.reported: list[int] = []
        self.model = model
        self.put(asked(), calls=calls)

    def put(self, question: service.Asked, *, calls: int = CALLS) -> None:
        """Let a question wait, with an allowance for so many calls on top of what was spent."""
        self.question = question
        self.allowance = self.ledger.spent_microusd() + calls * question.worst_case_microusd
        service.keep_request(self.objects, BUCKET, TENANT, RUN, question, allowance_microusd=self.allowance)

    def think(self) -> gateway.Outcome:
        """Ask, as a new function would: nothing is remembered but what lies in the bucket."""
        made = Gateway(self.model, self.objects, BUCKET, self.clock, self.reported.append)
        return made.think(str(TENANT), str(RUN), "qualify")

    @property
    def ledger(self) -> Ledger:
        """The calls of the step."""
        return service.read_ledger(self.objects, BUCKET, TENANT, RUN, "qualify")

    @property
    def answer(self) -> ModelAnswer:
        """The kept answer. Raises NotFound."""
        return service.read_answer(self.objects, BUCKET, TENANT, self.question.input_hash)

    @property
    def is_answered(self) -> bool:
        """Whether the answer is kept."""
        return service.is_answered(self.objects, BUCKET, TENANT, self.question)
