"""Agent definitions: the YAML form of reference 001 §4.2, read strictly.

An error names the file, the line and, for a misspelt field, what was probably meant.
"""

from __future__ import annotations

import difflib
import hashlib
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from shared.http.problem import from_validation
from shared.models.agent_definition import AgentDefinition

FIELDS = tuple(AgentDefinition.model_fields)


class DefinitionError(ValueError):
    """A definition cannot be read; the message is `file:line: what is wrong`."""


class _Loader(yaml.SafeLoader):
    """YAML without a field named twice and without anchors that repeat content."""


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _mapping(path: Path, text: str) -> tuple[dict[str, object], dict[str, int]]:
    """Return the fields of a YAML mapping and the line of each."""
    try:
        node = yaml.compose(text, Loader=_Loader)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - _Loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DefinitionError(f"{path.name}:{line}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise DefinitionError(f"{path.name}:1: not YAML: {error}") from error
    if not isinstance(node, yaml.MappingNode) or not isinstance(data, dict):
        raise DefinitionError(f"{path.name}:1: an agent definition is a mapping of fields")
    lines: dict[str, int] = {}
    for key, _ in node.value:
        name = str(key.value)
        if name in lines:
            raise DefinitionError(f"{path.name}:{_line(key)}: {name} is given twice")
        lines[name] = _line(key)
        if name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(FIELDS)}"
            raise DefinitionError(f"{path.name}:{_line(key)}: {name} is not a field of an agent{hint}")
    return data, lines


def parse_definition(path: Path, text: str) -> AgentDefinition:
    """Return the definition in `text`; `path` names it in errors and gives its id when it has none.

    Raises DefinitionError.
    """
    data, lines = _mapping(path, text)
    data.setdefault("id", path.stem)
    try:
        return AgentDefinition.model_validate(data)
    except ValidationError as error:
        problem = from_validation(error).problems[0]
        field = problem.pointer.split("/")[1] if "/" in problem.pointer else ""
        raise DefinitionError(
            f"{path.name}:{lines.get(field, 1)}: {problem.pointer.lstrip('/')} {problem.detail}"
        ) from error


@cache
def load_definition(path: Path) -> AgentDefinition:
    """Read a definition file once. Raises DefinitionError."""
    return parse_definition(path, path.read_text(encoding="utf-8"))


def content_hash(definition: AgentDefinition) -> str:
    """Return the SHA-256 of a definition: the same version never has another."""
    return hashlib.sha256(definition.model_dump_json().encode()).hexdigest()
