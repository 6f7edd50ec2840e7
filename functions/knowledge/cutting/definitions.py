"""Cuts JSON and YAML by keys and items, and the definition of an agent by its parts."""

from __future__ import annotations

import json
import re
from functools import lru_cache

import yaml

from functions.knowledge.chunk import Chunk
from functions.knowledge.cutting.lines import Lines
from functions.knowledge.cutting.markdown import cut_markdown
from functions.knowledge.cutting.nodes import Node, json_nodes, yaml_nodes
from functions.knowledge.cutting.text import (
    CHUNK_CHARACTERS,
    REPEATED_CHARACTERS,
    SMALL_CHARACTERS,
    heading_of,
    line_ranges,
    prose_pieces,
)
from shared.models.agent_definition import AgentDefinition

AGENT_PROFILE = "profile=agent-definition"
# An agent's definition has at most about 25,000 characters; what is longer is not parsed to see whether it is one.
_AGENT_CHARACTERS = 60_000
# How deep a chunk says that it stands.
_PATH_NAMES = 20
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_WORD = re.compile(r"\w")
_WORDS = re.compile(r"\w+")
_NO_NAME = re.compile(r"[^a-z0-9]+")


def cut_definition(media_type: str, text: str) -> list[Chunk]:
    """Return the chunks of a storable JSON or YAML text in order; none for a blank text.

    Small parts stand together with those beside them, those that are too long are cut by what they hold. Payload:
    first_line and last_line; of an agent its title, pattern_name and tags. `Chunk.heading` is the way to the part.
    """
    is_json = "json" in media_type
    agent = _agent(text, is_json) if AGENT_PROFILE in media_type else None
    if agent is not None:
        return _cut_agent(agent)
    source = _STRING.sub(_readable, text) if is_json else text
    return _Parts(source).cut(json_nodes(source) if is_json else yaml_nodes(source))


def _readable(string: re.Match[str]) -> str:
    """A JSON string with its characters written out where they are escaped by number: words must be found."""
    if "\\u" not in string[0]:
        return string[0]
    try:
        value = json.dumps(json.loads(string[0]), ensure_ascii=False)
        value.encode()
    except ValueError:  # half of a pair stays as it was written
        return string[0]
    return value.replace("\x7f", "\\u007f")


def _agent(text: str, is_json: bool) -> AgentDefinition | None:
    """The definition of an agent; None for what is not one after all."""
    if len(text) > _AGENT_CHARACTERS:
        return None
    try:
        data = json.loads(text) if is_json else yaml.safe_load(text)
        named = str(data["name"]).lower()
        data.setdefault("id", _NO_NAME.sub("_", named).strip("_") or "agent")
        return AgentDefinition.model_validate(data)
    except (ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _cut_agent(agent: AgentDefinition) -> list[Chunk]:
    about = [
        agent.description,
        f"Category: {agent.category}. Id: {agent.id}, version {agent.version}.",
        f"Capabilities: {', '.join(agent.capabilities)}.",
        f"Model: {agent.model}, at most {agent.max_tokens} tokens"
        + (f", temperature {agent.temperature}." if agent.temperature is not None else "."),
        *([f"URL: {agent.url}"] if agent.url else []),
    ]
    chunks = [
        Chunk(text, agent.name)
        for text in prose_pieces(f"{agent.name}\n\n" + "\n".join(about), CHUNK_CHARACTERS)
    ]
    prompt = cut_markdown(agent.system_prompt)
    chunks += [Chunk(part.text, heading_of([agent.name, "System prompt", part.heading])) for part in prompt]
    found = {"title": agent.name, "pattern_name": agent.id, "tags": agent.capabilities}
    return [Chunk(chunk.text, chunk.heading, found) for chunk in chunks]


class _Parts:
    """The chunks of a text by its nodes. `_group`: small nodes in a row that will be one chunk."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        self._chunks: list[Chunk] = []
        self._group: list[Node] = []
        self._around: tuple[str, ...] = ()

    def cut(self, nodes: list[Node]) -> list[Chunk]:
        """Go through the nodes, outermost first, in the order of the text."""
        if len(self._text.strip()) <= CHUNK_CHARACTERS:
            nodes = [Node(0, len(self._text), "")]
        pending: list[tuple[Node, tuple[str, ...]]] = [(node, ()) for node in reversed(nodes)]
        while pending:
            node, path = pending.pop()
            if self._joins(node, path):
                self._group.append(node)
                continue
            self._write_group()
            within = (*path, node.label)[-_PATH_NAMES:] if node.label else path
            if node.end - node.start <= self._room(path):
                self._group, self._around = [node], path
            elif node.children:
                opening = Node(node.start, node.children[0].start, "")
                pending += [(child, within) for child in reversed(node.children)]
                if not self._is_told(opening, within):
                    pending.append((opening, within))
            else:
                for start, end in line_ranges(self._text, node.start, node.end, self._room(within)):
                    self._write(start, end, within, within)
        self._write_group()
        return self._chunks

    def _is_told(self, opening: Node, path: tuple[str, ...]) -> bool:
        """Whether what stands before the children of a node is no more than its key, which they begin with."""
        last = path[-1] if path else ""
        return set(_WORDS.findall(self._text[opening.start : opening.end])) <= set(_WORDS.findall(last))

    def _joins(self, node: Node, path: tuple[str, ...]) -> bool:
        if not self._group or path != self._around or node.end - node.start > SMALL_CHARACTERS:
            return False
        first, last = self._group[0], self._group[-1]
        return last.end - last.start <= SMALL_CHARACTERS and node.end - first.start <= self._room(path)

    def _write_group(self) -> None:
        if self._group:
            first, last = self._group[0], self._group[-1]
            name = first.label if first is last else ""
            self._write(first.start, last.end, self._around, (*self._around, name))
        self._group = []

    def _write(self, start: int, end: int, around: tuple[str, ...], heading: tuple[str, ...]) -> None:
        written = self._text[start:end].strip("\n").rstrip()
        if not _WORD.search(written):
            return
        text = "\n".join(part for part in (_prefix(around), written) if part)
        self._chunks.append(Chunk(text, heading_of(heading), self._lines.span(start, end)))

    def _room(self, path: tuple[str, ...]) -> int:
        return CHUNK_CHARACTERS - (len(_prefix(path)) + 1 if path else 0)


@lru_cache(256)
def _prefix(path: tuple[str, ...]) -> str:
    """The way to a part, as its text begins with it; what is outermost goes where it is too long."""
    names = list(path)
    while len(heading_of(names)) > REPEATED_CHARACTERS:
        names.pop(0)
    return heading_of(names)
