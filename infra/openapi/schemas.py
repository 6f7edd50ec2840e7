"""The models of the API as JSON Schema (2020-12): what comes in as validated, what goes out as written."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema

from infra.openapi.inventory import Served
from shared.models.base import refuse_line_breaks, refuse_unstorable

_TEMPLATE = "#/components/schemas/{model}"
Mode = Literal["validation", "serialization"]


# Characters that texts and lines do not hold, as a class of a regular expression; no lone surrogates either.
_REFUSED = {
    refuse_unstorable: r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f",
    refuse_line_breaks: r"\x00-\x1f\x7f\u2028\u2029",
}


class _Exact(GenerateJsonSchema):
    """Says what the validators of `shared.models.base` refuse, too, so that what fits a schema is taken.

    Here and not at the fields: agents' answers have the same, and their schemas are kept simple for the model.
    Without a title for each field: it says its name again.
    """

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False

    def function_after_schema(self, schema: Any) -> JsonSchemaValue:
        """Add to the schema of a checked text what its check refuses."""
        found = super().function_after_schema(schema)
        checked = schema["function"].get("function")
        refused = _REFUSED.get(checked)
        if refused is not None and found.get("pattern") in (None, *self._made):
            found["pattern"] = _pattern(found.get("minLength", 0), refused)
            self._made.add(found["pattern"])
        return found

    @cached_property
    def _made(self) -> set[str]:
        """The patterns that came from here: a further check of a text replaces them, but never a field's own."""
        return set()


def _pattern(min_length: int, refused: str) -> str:
    """Return the pattern of a trimmed text without some characters.

    Trimmed means: from its first character that is no space to its last, it is `min_length` long.
    """
    inner = {0: "", 1: rf"[^{refused}\s]"}
    core = inner.get(min_length, rf"[^{refused}\s][^{refused}]{{{min_length - 2},}}[^{refused}\s]")
    return rf"^[^{refused}]*{core}[^{refused}]*$" if core else rf"^[^{refused}]*$"


class Schemas:
    """The schemas of all operations, and a reference for each model."""

    def __init__(self, operations: Iterable[Served]) -> None:
        wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
        for each in operations:
            if each.operation.body is not None:
                wanted[each.operation.body, "validation"] = None
            if each.operation.answer is not None:
                wanted[each.operation.answer, "serialization"] = None
        self._references, document = models_json_schema(
            list(wanted), ref_template=_TEMPLATE, schema_generator=_Exact
        )
        self.definitions: dict[str, Any] = document.get("$defs", {})

    def reference(self, model: type[BaseModel], mode: Mode) -> dict[str, Any]:
        """Return `{"$ref": …}` of a model."""
        return dict(self._references[model, mode])

    def fields(self, model: type[BaseModel]) -> set[str]:
        """Return the names of an answer's fields."""
        name = self.reference(model, "serialization")["$ref"].rpartition("/")[2]
        return set(self.definitions[name].get("properties", {}))


def parameters_of(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Return the fields of a query as parameters: what may be left out is no `null`."""
    schema = model.model_json_schema(mode="validation", schema_generator=_Exact)
    required = schema.get("required", [])
    return [_parameter(name, field, name in required) for name, field in schema.get("properties", {}).items()]


def _parameter(name: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "description")}
    if len(choices) == 1:
        rest |= choices[0]
    elif choices:
        rest["anyOf"] = choices
    if rest.get("default", "") is None:
        del rest["default"]
    found = {"name": name, "in": "query", "required": required, "schema": rest}
    if "description" in schema:
        found["description"] = schema["description"]
    return found
