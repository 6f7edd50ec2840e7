"""The shapes of the Messages API: checked requests, messages, server-sent events and error bodies.

Source: https://docs.claude.com/en/api/messages, /messages-streaming and /errors.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from infra.local.model.drafting import STEPS, draft
from infra.local.model.generic import fill, paragraph
from infra.local.model.prompt import Prompt, text_of

MODEL = "offline-drafter"
"""What every answer says has run, whichever model was asked for: nobody shall take it for Claude's."""
CHARACTERS_A_TOKEN = 4
PIECE = 400
STATUSES = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


def identifier(prefix: str) -> str:
    """Return a new id such as `msg_01…`."""
    return f"{prefix}_01{secrets.token_hex(11)}"


def tokens(text: str) -> int:
    """Return about how many tokens a text has: four characters each, at least one."""
    return max(1, -(-len(text) // CHARACTERS_A_TOKEN))


def fault_in(body: object, *, counting: bool = False) -> str:
    """Return what is wrong with a request body as the API would say it; empty when it can be answered."""
    if not isinstance(body, dict):
        return "The request body is not a valid JSON object."
    if not isinstance(body.get("model"), str) or not body["model"]:
        return "model: Field required"
    limit = body.get("max_tokens")
    if not counting and (not isinstance(limit, int) or isinstance(limit, bool)):
        return "max_tokens: Field required"
    if isinstance(limit, int) and limit < 1:
        return "max_tokens: Input should be greater than or equal to 1"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "messages: at least one message is required"
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant", "system"):
            return f"messages.{number}.role: Input should be 'user' or 'assistant'"
        if not isinstance(message.get("content"), str | list):
            return f"messages.{number}.content: Input should be a valid string or list"
    if messages[0]["role"] == "assistant":
        return 'messages: first message must use the "user" role'
    return ""


def input_tokens(body: Mapping[str, Any]) -> int:
    """Return about how many tokens a request has: its system text, messages, tools and schema."""
    texts = [text_of(body.get("system")), *(text_of(item.get("content")) for item in body["messages"])]
    rest = [json.dumps(body[key]) for key in ("tools", "output_config") if body.get(key)]
    return tokens("\n".join([*texts, *rest]))


def answer_text(prompt: Prompt) -> str:
    """Return the text that answers a prompt: a drafted step, a filled schema, or a paragraph."""
    schema = prompt.schema
    if prompt.step in STEPS:
        made = draft(prompt.step, prompt.brief, prompt.retrieved, prompt.answers, prompt.knowledge)
        if schema is None or set(schema.get("required") or made) <= set(made) <= set(
            schema.get("properties") or made
        ):
            return json.dumps(made, ensure_ascii=False)
    if schema is not None:
        return fill(schema, prompt.text)
    return paragraph(prompt.text)


def broken(text: str, kind: str) -> str:
    """Return `text` as a fault would have it: cut JSON, or JSON that misses the schema."""
    if kind in ("invalid_json", "max_tokens"):
        return text[: max(1, len(text) * 2 // 3)].rstrip('"}] \n')
    try:
        value = json.loads(text)
    except ValueError:
        return '{"unexpected": true}'
    if isinstance(value, dict):
        for key in list(value)[:1]:
            del value[key]
        return json.dumps({**value, "unexpected_field": True}, ensure_ascii=False)
    return '{"unexpected_field": true}'


def message(body: Mapping[str, Any], text: str, fault: str) -> dict[str, Any]:
    """Return the message for a request: cut at `max_tokens`, or shaped by a fault (empty: none)."""
    stop = "end_turn"
    if fault == "refusal":
        stop, text = "refusal", ""
    elif fault in ("invalid_json", "schema_violation", "max_tokens"):
        text = broken(text, fault)
        stop = "max_tokens" if fault == "max_tokens" else stop
    limit = int(body["max_tokens"]) * CHARACTERS_A_TOKEN
    if len(text) > limit:
        text, stop = text[:limit], "max_tokens"
    return {
        "id": identifier("msg"),
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {
            "input_tokens": input_tokens(body),
            "output_tokens": tokens(text),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "service_tier": "standard",
        },
    }


def events(made: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield a message as server-sent events, in the order of the API."""
    start = {**made, "content": [], "stop_reason": None, "usage": {**made["usage"], "output_tokens": 1}}
    yield _event("message_start", {"message": start})
    yield _event("ping", {})
    for index, block in enumerate(made["content"]):
        yield _event("content_block_start", {"index": index, "content_block": {"type": "text", "text": ""}})
        text = str(block["text"])
        for position in range(0, len(text), PIECE):
            delta = {"type": "text_delta", "text": text[position : position + PIECE]}
            yield _event("content_block_delta", {"index": index, "delta": delta})
        yield _event("content_block_stop", {"index": index})
    delta = {"stop_reason": made["stop_reason"], "stop_sequence": made["stop_sequence"]}
    yield _event(
        "message_delta", {"delta": delta, "usage": {"output_tokens": made["usage"]["output_tokens"]}}
    )
    yield _event("message_stop", {})


def _event(name: str, data: Mapping[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()


def error(status: int, text: str, request_id: str) -> dict[str, Any]:
    """Return the body of an error."""
    return {"type": "error", "error": {"type": STATUSES[status], "message": text}, "request_id": request_id}
