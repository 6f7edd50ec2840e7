"""The models of the API as JSON Schema (2020-12): what comes in as validated, what goes out as written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from infra.openapi.inventory import Served

_TEMPLATE = "#/components/schemas/{model}"
Mode = Literal["validation", "serialization"]


class _Quiet(GenerateJsonSchema):
    """Without a title for each field: it says its name again."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False


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
            list(wanted), ref_template=_TEMPLATE, schema_generator=_Quiet
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
    schema = model.model_json_schema(mode="validation", schema_generator=_Quiet)
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
