"""What other contexts may ask of the agents: definitions, questions, answers, what calls cost."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from psycopg.types.json import Jsonb

from functions.agents import gateway
from functions.agents.definitions import content_hash, load_definition
from functions.agents.models import resolve
from shared.adapters.objects import ObjectStore
from shared.db.queries import load_queries
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, NotFound
from shared.models.agent_definition import AgentDefinition
from shared.models.answers import AnswerContext
from shared.models.model_call import Ledger, ModelAnswer, ModelMessage, ModelRequest

__all__ = [
    "RESERVED_CALLS",
    "Asked",
    "cost_of",
    "is_answered",
    "keep_request",
    "load_definition",
    "read_answer",
    "read_ledger",
    "record_calls",
    "register_definition",
    "request_key",
    "write_request",
]

# An answer and a correction at their worst case: in practice that holds a second correction too.
RESERVED_CALLS = 2
_FOLDER = Path(__file__).parent
_JSON = "application/json"


@dataclass(frozen=True)
class Asked:
    """A question and what one call for it can cost at most, a correction included."""

    request: ModelRequest
    worst_case_microusd: int

    @property
    def input_hash(self) -> str:
        """The hash under which its answer is kept."""
        return self.request.input_hash


def register_definition(work: UnitOfWork, definition: AgentDefinition) -> None:
    """Write down the definition that runs. Raises Conflict when this version was another one before."""
    sql = load_queries(_FOLDER)
    digest = content_hash(definition)
    names = {"id": definition.id, "version": definition.version}
    row = work.fetch_one(sql["get_definition_hash"], names)
    if row is None:
        work.execute(
            sql["insert_definition"],
            {
                **names,
                "content_hash": digest,
                "name": definition.name,
                "category": definition.category,
                "description": definition.description,
                "definition": Jsonb(definition.model_dump(mode="json")),
            },
        )
    elif row["content_hash"] != digest:
        raise Conflict(
            f"Agent {definition.id} {definition.version} was defined otherwise before: give it a new version."
        )


def write_request(
    definition: AgentDefinition,
    *,
    step: str,
    message: str,
    schema: dict[str, Any],
    given: AnswerContext,
) -> Asked:
    """Return the question of an agent, with the hash of model, system, messages, schema and token limit."""
    model = resolve(definition.model)
    asked = [model, definition.max_tokens, definition.system_prompt, message, schema]
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    request = ModelRequest(
        step=step,
        agent_id=definition.id,
        agent_version=definition.version,
        requested_model=definition.model,
        model=model,
        max_tokens=definition.max_tokens,
        system=definition.system_prompt,
        messages=[ModelMessage(role="user", content=message)],
        answer_schema=schema,
        given=given,
        input_hash=digest,
        allowance_microusd=0,
    )
    return Asked(request, gateway.worst_case(request, definition.max_tokens))


def keep_request(
    objects: ObjectStore,
    bucket: str,
    tenant_id: UUID,
    run_id: UUID,
    asked: Asked,
    *,
    allowance_microusd: int,
) -> None:
    """Put a question where the gateway finds it, with what its calls may cost."""
    request = asked.request.model_copy(update={"allowance_microusd": allowance_microusd})
    key = request_key(tenant_id, run_id, request.step)
    objects.put(bucket, key, request.model_dump_json().encode(), content_type=_JSON)


def request_key(tenant_id: UUID, run_id: UUID, step: str) -> str:
    """Return where the question of a step waits."""
    return gateway.request_key(str(tenant_id), str(run_id), step)


def is_answered(objects: ObjectStore, bucket: str, tenant_id: UUID, asked: Asked) -> bool:
    """Whether this very question was answered before."""
    return objects.head(bucket, gateway.answer_key(str(tenant_id), asked.input_hash)) is not None


def read_answer(objects: ObjectStore, bucket: str, tenant_id: UUID, input_hash: str) -> ModelAnswer:
    """Return the kept answer to a question. Raises NotFound."""
    data = objects.get(bucket, gateway.answer_key(str(tenant_id), input_hash))
    return ModelAnswer.model_validate_json(data)


def read_ledger(objects: ObjectStore, bucket: str, tenant_id: UUID, run_id: UUID, step: str) -> Ledger:
    """Return the calls of a step, none when it made none."""
    try:
        data = objects.get(bucket, gateway.ledger_key(str(tenant_id), str(run_id), step))
    except NotFound:
        return Ledger(input_hash="")
    return Ledger.model_validate_json(data)


def cost_of(ledger: Ledger) -> dict[str, int]:
    """Return what the calls of a step come to: calls, tokens in and out, millionths of a US dollar."""
    return {
        "model_calls": len(ledger.calls),
        "input_tokens": sum(call.input_tokens for call in ledger.calls),
        "output_tokens": sum(call.output_tokens for call in ledger.calls),
        "cost_microusd": ledger.spent_microusd(),
    }


def record_calls(work: UnitOfWork, project_id: UUID, run_id: UUID, step: str, ledger: Ledger) -> None:
    """Write every call of a step down, each once; never what was asked or answered."""
    rows = [
        {
            "id": uuid5(NAMESPACE_URL, f"{run_id}/{step}/{position}/{call.started_at}"),
            "project_id": project_id,
            "run_id": run_id,
            "agent_type": step,
            "request_type": call.outcome[:100],
            "model": call.model,
            "processing_time_ms": call.milliseconds,
            "input_tokens": call.input_tokens,
            "output_tokens": call.output_tokens,
            "cost_microusd": call.cost_microusd,
            "success": call.outcome == "accepted",
            "error_message": "; ".join(call.problems)[:1000] or None,
            "created_at": call.started_at,
        }
        for position, call in enumerate(ledger.calls)
    ]
    if rows:
        work.execute_many(load_queries(_FOLDER)["insert_interaction"], rows)
