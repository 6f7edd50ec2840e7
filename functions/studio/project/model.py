"""What is generated, worked out once from the answers: names, rules, sample records, operations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from functions.studio.project import naming
from functions.studio.project.naming import Names
from functions.studio.project.runtime import rules
from shared.models.answers import (
    Action,
    EntityField,
    EntitySpec,
    FunctionalRequirement,
    PrototypeAnswer,
    SpecifyAnswer,
)


@dataclass(frozen=True)
class Field:
    """A field under its safe name, with the rule that the project will check it by."""

    name: str
    spec: EntityField
    rule: rules.Rule


@dataclass(frozen=True)
class Sample:
    """A sample record: values by safe name, in the text form that the project stores; empty: not given."""

    values: dict[str, str]
    state: str


@dataclass(frozen=True)
class EntityModel:
    """An entity: its table, its class, its plural in code and in addresses."""

    spec: EntitySpec
    name: str
    class_name: str
    plural: str
    fields: tuple[Field, ...]
    samples: tuple[Sample, ...]

    @property
    def path(self) -> str:
        """The collection in the API, such as `/api/quota-lots`."""
        return f"/api/{self.plural.replace('_', '-')}"

    def field(self, spec_name: str) -> Field:
        """Return the field that the answer calls `spec_name`; KeyError when there is none."""
        for field in self.fields:
            if field.spec.name == spec_name:
                return field
        raise KeyError(spec_name)


@dataclass(frozen=True)
class Operation:
    """An action as a function of `services`, a route and a test; `fields` are safe names."""

    action: Action
    requirement: FunctionalRequirement
    entity: EntityModel
    fields: tuple[str, ...]
    function: str
    method: str
    path: str

    @property
    def test(self) -> str:
        """The name of its test, such as `test_fr_3_search_lots`."""
        return f"test_{self.requirement.id.lower().replace('-', '_')}_{self.function}"


@dataclass(frozen=True)
class ProjectModel:
    """Everything the writers of files need."""

    name: str
    tagline: str
    idea: str
    drafted_by: str
    package: str
    specify: SpecifyAnswer
    entities: tuple[EntityModel, ...]
    operations: tuple[Operation, ...]

    @property
    def distribution(self) -> str:
        """The name of the package in an index: with hyphens."""
        return self.package.replace("_", "-")


def decimal_text(value: float) -> str:
    """Return a bound as a person would write it: 0.1, 500, 1E+300."""
    number = Decimal(str(value)).normalize()
    return format(number, "f") if abs(number.adjusted()) < 15 else str(number)


def rule_for(name: str, spec: EntityField) -> rules.Rule:
    """Return the rule of a field under its safe name."""
    label, required = spec.label, spec.required
    match spec.type:
        case "number" | "money":
            low, high = (
                None if v is None else Decimal(decimal_text(v)) for v in (spec.minimum, spec.maximum)
            )
            return rules.Number(
                name=name, label=label, required=required, minimum=low, maximum=high, unit=spec.unit
            )
        case "date":
            return rules.Date(name=name, label=label, required=required)
        case "time":
            return rules.Time(name=name, label=label, required=required)
        case "email":
            return rules.Email(name=name, label=label, required=required)
        case "choice":
            return rules.Choice(name=name, label=label, required=required, choices=tuple(spec.choices))
        case "boolean":
            return rules.Boolean(name=name, label=label, required=required)
        case "text" | "phone" | "long_text":
            return rules.Text(name=name, label=label, required=required, long=spec.type == "long_text")


def entities_of(specs: Iterable[EntitySpec]) -> tuple[EntityModel, ...]:
    """Return the entities under safe names; ValueError when one has fewer than two usable sample rows."""
    tables, plurals = Names(naming.TABLES, "_record"), Names(naming.TABLES, "_list")
    classes = Names(naming.CLASSES, "Record")
    made = []
    for spec in specs:
        names = Names(naming.FIELDS)
        fields = tuple(
            Field(name, item, rule_for(name, item))
            for item in spec.fields
            for name in [names.take(item.name)]
        )
        samples = tuple(sample for row in spec.rows if (sample := _sample(spec, fields, row)))
        if len(samples) < 2:
            raise ValueError(f"{spec.name} has fewer than two usable sample rows")
        name = tables.take(spec.name)
        plain = re.fullmatch(r"[A-Za-z][A-Za-z ]*", spec.plural)
        plural = plurals.take(naming.slug(spec.plural, name) if plain else f"{name}s")
        made.append(EntityModel(spec, name, classes.take(naming.class_name(name)), plural, fields, samples))
    return tuple(made)


def _sample(spec: EntitySpec, fields: tuple[Field, ...], row: list[str]) -> Sample | None:
    # The answer's check lets numbers through that no project needs (1E+5000); such a row is left out.
    values = {}
    for field, text in zip(fields, row, strict=False):
        try:
            values[field.name] = field.rule.to_text(field.rule.parse(text))
        except ValueError:
            return None
    return Sample(values, row[len(fields)] if spec.states else "")


def operations_of(
    prototype: PrototypeAnswer, specify: SpecifyAnswer, entities: tuple[EntityModel, ...]
) -> tuple[Operation, ...]:
    """Return an operation for each action; ValueError for one that cites an unknown requirement or entity."""
    by_name = {entity.spec.name: entity for entity in entities}
    requirements = {item.id: item for item in specify.functional_requirements}
    functions, addresses = Names(), Names()
    made = []
    for action in prototype.actions:
        if action.entity not in by_name or action.requirement not in requirements:
            raise ValueError(f"{action.id} cites something that is not there")
        entity = by_name[action.entity]
        function = functions.take(_function(action, entity))
        method, path = _address(action, entity, function)
        # A second action of the same kind gets an address of its own: its function, which is unique.
        if addresses.take(f"{method} {path}") != f"{method} {path}":
            path = f"{path}/{function.replace('_', '-')}"
        fields = tuple(entity.field(name).name for name in action.fields)
        made.append(
            Operation(action, requirements[action.requirement], entity, fields, function, method, path)
        )
    served = {operation.requirement.id for operation in made}
    if missing := [name for name in requirements if name not in served]:
        raise ValueError(f"no action realises {', '.join(missing)}")
    return tuple(made)


def _function(action: Action, entity: EntityModel) -> str:
    match action.kind:
        case "transition":
            return f"mark_{entity.name}_{naming.slug(action.to_state, 'state', 24)}"
        case "filter":
            return f"filter_{entity.plural}_by_{entity.field(action.fields[0]).name}"
        case "create" | "update" | "delete" | "notify":
            return f"{action.kind}_{entity.name}"
        case "search" | "summarise" | "compare" | "export":
            return f"{action.kind}_{entity.plural}"


def _address(action: Action, entity: EntityModel, function: str) -> tuple[str, str]:
    one = f"{entity.path}/{{id}}"
    match action.kind:
        case "create":
            return "POST", entity.path
        case "update":
            return "PATCH", one
        case "delete":
            return "DELETE", one
        case "transition":
            return "POST", f"{one}/{function.removeprefix(f'mark_{entity.name}_').replace('_', '-')}"
        case "notify":
            return "POST", f"{one}/notify"
        case "filter":
            return "GET", f"{entity.path}/by-{entity.field(action.fields[0]).name.replace('_', '-')}"
        case "summarise":
            return "GET", f"{entity.path}/summary"
        case "search" | "compare" | "export":
            return "GET", f"{entity.path}/{action.kind}"
