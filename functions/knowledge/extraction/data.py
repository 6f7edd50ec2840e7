"""JSON and YAML: checked to parse, kept as the text they are; definitions of agents are recognised.

A YAML file is read as events, so nothing is built of it: no tag makes an object, and an alias costs nothing but is
counted with all that it stands for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from functions.knowledge.extraction.characters import bounded, one_line
from functions.knowledge.extraction.limits import MAX_DEPTH, MAX_NODES
from functions.knowledge.extraction.readable import Definition, Unreadable

AGENT_PROFILE = ";profile=agent-definition"
"""Ends the media type of a definition of an agent."""

_TITLES = ("title", "name")
# What a definition of an agent has in any case: see `shared.models.agent_definition`.
_AGENT_FIELDS = frozenset(
    ("name", "description", "category", "version", "capabilities", "system_prompt", "model", "max_tokens")
)
_LARGEST_AGENT = 200_000
_ACTING_TAG = re.compile(r"tag:yaml\.org,2002:(?:python|ruby|java|perl|php|js)\b|!(?:python|ruby|java)/")
_LONGEST_NUMBER = 400


def read_json(text: str, name: str) -> Definition:
    """Return JSON (RFC 8259) as a definition. Raises Unreadable: `empty`, `damaged`, `too_complex`, …"""
    text = bounded(text.lstrip("\ufeff"))
    _check_depth(text)
    try:
        data = json.loads(text, parse_constant=_no_constant, parse_int=_number)
    except json.JSONDecodeError as error:
        raise Unreadable("damaged", f"The file is not JSON: {error.msg} in line {error.lineno}.") from error
    fields = data if isinstance(data, dict) else {}
    return _definition("application/json", text, fields, fields, name)


def read_yaml(text: str, name: str) -> Definition:
    """Return YAML as a definition.

    Raises Unreadable: `empty`, `damaged`, `too_complex`, `archive_bomb` for aliases that stand for too much,
    `forbidden_part` for tags that would make objects of a programming language.
    """
    import yaml

    text = bounded(text)
    try:
        scan = _Scan()
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            scan.take(event)
        if not scan.values:
            raise Unreadable("empty")
        fields = scan.fields if scan.documents == 1 else {}
        data = (
            yaml.load(text, Loader=yaml.CSafeLoader)
            if _may_be_agent(fields, text) and not scan.tagged
            else {}
        )
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" in line {mark.line + 1}" if mark else ""
        raise Unreadable(
            "damaged", f"The file is not YAML: {one_line(str(error.problem))}{place}."
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable("damaged", "The file is not YAML.") from error
    return _definition("application/yaml", text, fields, data, name)


def _definition(media_type: str, text: str, fields: Mapping[str, Any], data: Any, name: str) -> Definition:
    title = next((one_line(said) for key in _TITLES if isinstance(said := fields.get(key), str)), "")
    profile = AGENT_PROFILE if _may_be_agent(fields, text) and _is_agent(data, name) else ""
    return Definition(media_type + profile, title, text)


def _may_be_agent(fields: Mapping[str, Any], text: str) -> bool:
    return len(text) <= _LARGEST_AGENT and fields.keys() >= _AGENT_FIELDS


def _is_agent(data: Any, name: str) -> bool:
    from pydantic import ValidationError

    from shared.models.agent_definition import AgentDefinition

    if not isinstance(data, dict):
        return False
    try:
        # In YAML the id is that of the file, where it has none.
        AgentDefinition.model_validate({"id": PurePosixPath(name).stem, **data})
    except (ValidationError, TypeError):
        return False
    return True


def _check_depth(text: str) -> None:
    """Count brackets outside of strings: the parser would go down into every one of them."""
    depth = 0
    for mark in _JSON_MARKS.finditer(text):
        if mark[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Unreadable("too_complex", f"Values stand more than {MAX_DEPTH} deep in each other.")
        elif mark[0] in "]}":
            depth -= 1


# A string that does not end is taken to the end of the text: the parser says so.
_JSON_MARKS = re.compile(r'[\[\]{}]|"(?:[^"\\]|\\.)*+(?:"|\Z)', re.DOTALL)


def _no_constant(constant: str) -> Any:
    raise Unreadable("damaged", f"The file is not JSON: it has no {constant}.")


def _number(digits: str) -> int:
    # A number of thousands of digits takes its time, and nobody asks for its value.
    return int(digits) if len(digits) <= _LONGEST_NUMBER else 0


class _Scan:
    """What is known of a YAML file after its events: its size with aliases, and its first mapping's plain fields."""

    def __init__(self) -> None:
        self.documents = 0
        self.values = 0
        self.tagged = False
        self.fields: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        # Of every collection that is open: its anchor, how many values stand before it, how many events are in it.
        self._open: list[tuple[str | None, int]] = []
        self._key: str | None = None
        self._at_key = True

    def take(self, event: Any) -> None:
        """Count an event. Raises Unreadable."""
        import yaml

        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            self._sizes.clear()
        elif isinstance(event, yaml.AliasEvent):
            anchor = str(event.anchor)
            if anchor not in self._sizes:
                raise Unreadable(
                    "damaged", f"The file is not YAML: there is no &{one_line(anchor)} before its *."
                )
            self._add(self._sizes[anchor])
            self._field("")
        elif isinstance(event, yaml.ScalarEvent):
            self._check_tag(event.tag)
            self._add(1)
            self._field(event.value)
            if event.anchor:
                self._sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            self._check_tag(event.tag)
            self._field("")
            self._open.append((event.anchor, self.values))
            if event.anchor:
                self._sizes[event.anchor] = 1  # one that holds itself
            self._add(1)
            if len(self._open) > MAX_DEPTH:
                raise Unreadable("too_complex", f"Values stand more than {MAX_DEPTH} deep in each other.")
            if len(self._open) == 1:
                self._at_key = isinstance(event, yaml.MappingStartEvent)
        elif isinstance(event, yaml.CollectionEndEvent):
            held, before = self._open.pop()
            if held:
                self._sizes[held] = self.values - before

    def _add(self, values: int) -> None:
        self.values += values
        if self.values > MAX_NODES:
            raise Unreadable("archive_bomb", f"With its aliases the file has more than {MAX_NODES:,} values.")

    def _check_tag(self, tag: str | None) -> None:
        if tag and _ACTING_TAG.search(tag):
            raise Unreadable(
                "forbidden_part", "The file has tags that would make objects of a programming language."
            )
        self.tagged = self.tagged or bool(tag)

    def _field(self, value: str) -> None:
        """A key or a value of the outermost mapping of the first document."""
        if len(self._open) != 1 or self.documents != 1 or not (self._at_key or self._key is not None):
            return
        if self._at_key:
            self._key, self._at_key = value, False
        elif self._key is not None:
            self.fields.setdefault(self._key, value)
            self._key, self._at_key = None, True
