"""CloudFormation templates with their references followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.catalog import LIVE

Template = Mapping[str, Any]


@dataclass(frozen=True)
class Resource:
    """A resource of a template. `id` is unique over all templates."""

    stack: str
    logical_id: str
    type: str
    properties: Mapping[str, Any]
    metadata: Mapping[str, Any]

    @property
    def id(self) -> str:
        """`<stack>/<logical id>`."""
        return f"{self.stack}/{self.logical_id}"


class Templates:
    """All templates of a stage, with references followed within a stack and over its exports."""

    def __init__(self, templates: Mapping[str, Template], stage: str) -> None:
        self._prefix = f"robo-{stage}-"
        self._resources: dict[str, Resource] = {}
        self._exports: dict[str, tuple[str, Any]] = {}
        for stack, template in templates.items():
            for logical_id, body in template["Resources"].items():
                made = Resource(
                    stack, logical_id, body["Type"], body.get("Properties", {}), body.get("Metadata", {})
                )
                self._resources[made.id] = made
            for output in template.get("Outputs", {}).values():
                if "Export" in output:
                    self._exports[output["Export"]["Name"]] = (stack, output["Value"])

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Resources of the given types, in the order of the templates."""
        return (resource for resource in self._resources.values() if resource.type in types)

    def types(self) -> set[str]:
        """Every type of resource that occurs."""
        return {resource.type for resource in self._resources.values()}

    def referred(self, value: object, stack: str, type_: str) -> Resource | None:
        """The first resource of `type_` that an expression refers to, or None."""
        if isinstance(value, list):
            parts: list[object] = value
        elif isinstance(value, Mapping):
            for id_ in (value.get("Ref"), (value.get("Fn::GetAtt") or [None])[0]):
                found = self._resources.get(f"{stack}/{id_}")
                if found is not None and found.type == type_:
                    return found
            if (name := value.get("Fn::ImportValue")) in self._exports:
                exporter, exported = self._exports[name]
                return self.referred(exported, exporter, type_)
            parts = list(value.values())
        else:
            return None
        hits = (self.referred(part, stack, type_) for part in parts)
        return next((hit for hit in hits if hit is not None), None)

    def name(self, resource: Resource | None, property_: str) -> str:
        """The deployed name without `robo-<stage>-`; a name that was not given is the logical id in brackets."""
        if resource is None:
            return "(nothing)"
        return self.text(resource.properties.get(property_), resource.logical_id)

    def text(self, value: object, logical_id: str) -> str:
        """A deployed name without `robo-<stage>-` and without the account that names of buckets end with; what is
        no name of the stage's is the logical id in brackets.
        """
        if isinstance(value, Mapping) and "Fn::Join" in value:
            value = value["Fn::Join"][1][0].rstrip("-")
        if not isinstance(value, str) or not value.startswith(self._prefix):
            return f"({logical_id})"
        return value.removeprefix(self._prefix)

    def function_name(self, value: object, stack: str) -> str:
        """The deployed name of the function that an expression refers to."""
        return self.name(self.referred(value, stack, "AWS::Lambda::Function"), "FunctionName")

    def called(self, value: object, stack: str) -> str:
        """The deployed name of the function whose alias `live` an expression refers to; one that passes by the alias
        is in brackets, so that it is no function of the catalog.
        """
        alias = self.referred(value, stack, "AWS::Lambda::Alias")
        if alias is None or alias.properties.get("Name") != LIVE:
            return f"({self.function_name(value, stack)}, not its alias)"
        return self.function_name(alias.properties["FunctionName"], alias.stack)
