"""What crosses between the zones: the request to the model, its answer, and the ledger of paid calls.

All three are JSON objects in the `handoff` bucket; a state machine carries only their keys.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.models.answers import AnswerContext


class ModelMessage(BaseModel):
    """A turn of the conversation."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["user", "assistant"]
    content: str


class ModelRequest(BaseModel):
    """One question to the model. `input_hash` covers model, system, messages, schema and max_tokens.

    `allowance_microusd` is what was reserved for the step; no call may pass it.
    """

    model_config = ConfigDict(extra="forbid")

    step: str
    agent_id: str
    agent_version: str
    requested_model: str
    model: str
    max_tokens: int
    system: str
    messages: list[ModelMessage]
    answer_schema: dict[str, Any]
    given: AnswerContext
    input_hash: str
    allowance_microusd: int


class ModelAnswer(BaseModel):
    """An accepted answer; `model` is what the provider says ran."""

    model_config = ConfigDict(extra="forbid")

    answer: dict[str, Any]
    model: str
    input_hash: str


class LedgerCall(BaseModel):
    """A call that may have been paid.

    `number` names the question within its conversation: a call that was cut off and the one that replaced it share
    it. `sent`: the provider had not answered when the call was cut off; it counts at its worst case.
    """

    model_config = ConfigDict(extra="forbid")

    number: int
    state: Literal["sent", "answered"]
    outcome: str
    model: str
    started_at: str
    milliseconds: int
    input_tokens: int
    output_tokens: int
    cost_microusd: int
    problems: list[str]


class Ledger(BaseModel):
    """The calls of one step of one run; `waits` counts how often the provider asked to wait."""

    model_config = ConfigDict(extra="forbid")

    input_hash: str
    waits: int = 0
    calls: list[LedgerCall] = []

    def spent_microusd(self) -> int:
        """What all calls cost, a call without an answer at its worst case."""
        return sum(call.cost_microusd for call in self.calls)
