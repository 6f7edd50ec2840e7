"""Reads a request of the Messages API: its texts, and the product's tags when they are there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TAGS = ("brief", "retrieved", "knowledge", "answers")
STEP = re.compile(r"<step>\s*([a-z_]{1,40})\s*</step>")


@dataclass(frozen=True)
class Prompt:
    """What a request asks: `step` is empty when the product's tags are missing; `text` is the last user's words."""

    text: str
    step: str = ""
    brief: Mapping[str, Any] = field(default_factory=dict)
    retrieved: tuple[Mapping[str, Any], ...] = ()
    knowledge: tuple[Mapping[str, Any], ...] = ()
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    schema: Mapping[str, Any] | None = None


def text_of(content: object) -> str:
    """Return the text of a message's content: a string, or the text of its blocks in order."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = []
    for block in content:
        if isinstance(block, dict):
            value = block.get("text") if block.get("type") == "text" else block.get("content")
            texts.append(text_of(value))
    return "\n".join(text for text in texts if text)


def _tagged(text: str, name: str) -> Any:
    start, end = text.find(f"<{name}>"), text.rfind(f"</{name}>")
    if start < 0 or end < start:
        return None
    try:
        return json.loads(text[start + len(name) + 2 : end])
    except (ValueError, RecursionError):
        return None


def _items(value: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def read(body: Mapping[str, Any]) -> Prompt:
    """Return what a request body of `POST /v1/messages` asks for; total over any valid body."""
    texts = [text_of(item.get("content")) for item in body["messages"] if item.get("role") == "user"]
    last = texts[-1] if texts else ""
    wanted = body.get("output_config")
    chosen = wanted.get("format") if isinstance(wanted, dict) else None
    schema = (
        chosen.get("schema") if isinstance(chosen, dict) and chosen.get("type") == "json_schema" else None
    )
    for text in texts:
        step = STEP.search(text)
        if step:
            brief, retrieved, knowledge, answers = (_tagged(text, name) for name in TAGS)
            return Prompt(
                text=last,
                step=step[1],
                brief=brief if isinstance(brief, dict) else {},
                retrieved=_items(retrieved),
                knowledge=_items(knowledge),
                answers=answers if isinstance(answers, dict) else {},
                schema=schema if isinstance(schema, dict) else None,
            )
    return Prompt(text=last, schema=schema if isinstance(schema, dict) else None)
