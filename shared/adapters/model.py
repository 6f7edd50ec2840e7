"""The model: one structured question, one answer. Real: the `anthropic` SDK. Fake: answers from a list.

SDK retries are off: the state machine retries, so that nothing is paid twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from shared.errors import (
    ModelContextExceeded,
    ModelCutOff,
    ModelOverloaded,
    ModelRateLimited,
    ModelRequestRejected,
    ModelTimedOut,
    ModelUnavailable,
)
from shared.models.model_call import ModelMessage


@dataclass(frozen=True)
class Question:
    """What the model is asked. `schema`: JSON Schema of the answer. `key` names this very call."""

    model: str
    max_tokens: int
    system: str
    messages: tuple[ModelMessage, ...]
    schema: dict[str, Any]
    key: str


@dataclass(frozen=True)
class Reply:
    """What came back. `model` is what ran; `stop_reason` as in the Messages API."""

    text: str
    model: str
    stop_reason: str
    input_tokens: int
    output_tokens: int


class Model(Protocol):
    """Asks a model."""

    def ask(self, question: Question) -> Reply:
        """Return the reply.

        Raises ModelRateLimited (with retry_after), ModelOverloaded, ModelUnavailable: nothing was paid, try again;
        ModelTimedOut, ModelCutOff: it may have been paid, try again; ModelRequestRejected, ModelContextExceeded:
        final.
        """
        ...


class AnthropicModel:
    """Claude through the SDK: the API itself, Claude Platform on AWS, or Bedrock."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def ask(self, question: Question) -> Reply:
        """See Model.ask."""
        import anthropic
        import httpx2

        schema = anthropic.transform_schema(question.schema)
        try:
            message = self._client.messages.create(
                model=question.model,
                max_tokens=question.max_tokens,
                system=[{"type": "text", "text": question.system, "cache_control": {"type": "ephemeral"}}],
                messages=[{"role": turn.role, "content": turn.content} for turn in question.messages],
                output_config={"format": {"type": "json_schema", "schema": schema}},
                extra_headers={"idempotency-key": question.key},
            )
        except anthropic.APIStatusError as error:
            raise _translate(error.status_code, error.response.headers, _said(error)) from error
        except anthropic.APITimeoutError as error:
            raise ModelTimedOut from error
        except anthropic.APIError as error:
            reached = not isinstance(error.__cause__, httpx2.ConnectError)
            raise (ModelCutOff if reached else ModelUnavailable) from error
        usage = message.usage
        # Writing to the prompt cache costs a quarter more than reading plain; a hit is counted as plain.
        written = math.ceil((usage.cache_creation_input_tokens or 0) * 1.25)
        cached = written + (usage.cache_read_input_tokens or 0)
        return Reply(
            text="".join(block.text for block in message.content if block.type == "text"),
            model=message.model,
            stop_reason=message.stop_reason or "",
            input_tokens=usage.input_tokens + cached,
            output_tokens=usage.output_tokens,
        )

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()


def _said(error: Any) -> str:
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error")
    return str(inner.get("message", "")) if isinstance(inner, dict) else ""


def _seconds(headers: Any) -> int | None:
    raw = str(headers.get("retry-after", ""))
    return min(int(raw), 900) if raw.isascii() and raw.isdigit() else None


def _translate(status: int, headers: Any, said: str) -> Exception:
    if status == 429:
        return ModelRateLimited(retry_after=_seconds(headers))
    if status == 529:
        return ModelOverloaded(retry_after=_seconds(headers))
    if status in (408, 502, 504):
        # Somebody between us and the provider lost patience: it may have answered, and charged.
        return ModelCutOff(f"The way to the provider of the model ended with {status}.")
    if status >= 500 or status == 409:
        return ModelUnavailable(f"The provider of the model answered {status}.")
    if "prompt is too long" in said or status == 413:
        return ModelContextExceeded()
    # The provider's words may quote the request: only the status is kept.
    return ModelRequestRejected(f"The provider of the model rejected the request with status {status}.")


class ScriptedModel:
    """The fake: each question is answered by the next of `replies`; an exception among them is raised."""

    def __init__(self, replies: list[Reply | Exception]) -> None:
        self._replies = list(replies)
        self.asked: list[Question] = []

    def ask(self, question: Question) -> Reply:
        """See Model.ask."""
        self.asked.append(question)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def anthropic_model(
    provider: str,
    read_key: Callable[[], str],
    base_url: str,
    timeout_seconds: float,
    workspace_id: str = "",
) -> AnthropicModel:
    """Return the model of a provider: `anthropic` (key), `aws` (IAM and a workspace), `bedrock` (IAM)."""
    import anthropic

    options: dict[str, Any] = {"max_retries": 0, "timeout": timeout_seconds}
    if provider == "bedrock":
        return AnthropicModel(anthropic.AnthropicBedrock(**options))
    if provider == "aws":
        return AnthropicModel(anthropic.AnthropicAWS(workspace_id=workspace_id, **options))
    if base_url:
        options["base_url"] = base_url
    return AnthropicModel(anthropic.Anthropic(api_key=read_key(), **options))
