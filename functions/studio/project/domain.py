"""Writes `entities.py`, `schema.py` and `sample_data.py`."""

from __future__ import annotations

from functions.studio.project.model import EntityModel, Field, ProjectModel, Sample, decimal_text
from functions.studio.project.source import (
    Group,
    Node,
    Words,
    docstring,
    import_names,
    layout,
    literal,
    prose,
    strings,
)

ANNOTATIONS = {
    "text": "str",
    "long_text": "str",
    "phone": "str",
    "email": "str",
    "choice": "str",
    "number": "Decimal",
    "money": "Decimal",
    "date": "dt.date",
    "time": "dt.time",
    "boolean": "bool",
}
RULES = {
    "text": "Text",
    "long_text": "Text",
    "phone": "Text",
    "email": "Email",
    "choice": "Choice",
    "number": "Number",
    "money": "Number",
    "date": "Date",
    "time": "Time",
    "boolean": "Boolean",
}


def write_entities(project: ProjectModel) -> str:
    """Return the module with one dataclass an entity and `ENTITIES`, all of them by table."""
    parts = [
        docstring([f"The things {project.name} keeps; each checks itself when it is made."]),
        "\nfrom __future__ import annotations\n\n",
        _type_imports(project),
        "\nfrom . import rules\nfrom .entity import Entity\n",
    ]
    parts += [_entity(entity) for entity in project.entities]
    items = [f"{entity.class_name}.TABLE: {entity.class_name}" for entity in project.entities]
    parts.append("\n\n" + layout(Group("ENTITIES: dict[str, type[Entity]] = {", items, "}")))
    return "".join(parts)


def _type_imports(project: ProjectModel) -> str:
    used = {ANNOTATIONS[field.spec.type] for entity in project.entities for field in entity.fields}
    dates = "import datetime as dt\n" if used & {"dt.date", "dt.time"} else ""
    decimals = "from decimal import Decimal\n" if "Decimal" in used else ""
    return f"{dates}from dataclasses import dataclass\n{decimals}"


def _entity(entity: EntityModel) -> str:
    spec = entity.spec
    parts = [
        f"\n\n@dataclass(frozen=True, kw_only=True)\nclass {entity.class_name}(Entity):\n",
        docstring([prose(spec.description) or f"One row of {entity.name}."], 4),
        f"\n    TABLE = {literal(entity.name)}\n",
        layout(Words(spec.label, "LABEL = "), 4),
        layout(Words(spec.plural, "PLURAL = "), 4),
    ]
    if spec.states:
        parts.append(layout(strings(spec.states, "STATES = "), 4))
    rules = Group("RULES = (", [_rule(field) for field in entity.fields], ")")
    parts += [layout(rules, 4), "\n"]
    for field in entity.fields:
        annotation = ANNOTATIONS[field.spec.type]
        parts.append(f"    {field.name}: {annotation}{'' if field.spec.required else ' | None = None'}\n")
    return "".join(parts)


def _rule(field: Field) -> Group:
    spec = field.spec
    arguments: list[Node] = [f'name="{field.name}"', Words(spec.label, "label=")]
    if not spec.required:
        arguments.append("required=False")
    if spec.type == "choice":
        arguments.append(strings(spec.choices, "choices="))
    if spec.type == "long_text":
        arguments.append("long=True")
    if spec.type in ("number", "money"):
        for name, bound in (("minimum", spec.minimum), ("maximum", spec.maximum)):
            if bound is not None:
                arguments.append(f'{name}=Decimal("{decimal_text(bound)}")')
        if spec.unit:
            arguments.append(Words(spec.unit, "unit="))
    return Group(f"rules.{RULES[spec.type]}(", arguments, ")")


def write_schema(project: ProjectModel) -> str:
    """Return the module with the SQL that creates the tables; all columns are text, see `storage`."""
    tables = []
    for entity in project.entities:
        columns = ["    id INTEGER PRIMARY KEY"]
        columns += [
            f'    "{field.name}" TEXT{" NOT NULL" if field.spec.required else ""}' for field in entity.fields
        ]
        if entity.spec.states:
            columns.append('    "state" TEXT NOT NULL')
        listed = ",\n".join(columns)
        tables.append(f'CREATE TABLE IF NOT EXISTS "{entity.name}" (\n{listed}\n);\n')
    return (
        '"""The tables, one per entity; values are text in the form that the rules read back."""\n\n'
        'from __future__ import annotations\n\nSCHEMA = """\\\n' + "\n".join(tables) + '"""\n'
    )


def write_sample_data(project: ProjectModel) -> str:
    """Return the module with the sample records and what loads them into an empty database."""
    records = [_record(entity, sample) for entity in project.entities for sample in entity.samples]
    used = {
        ANNOTATIONS[field.spec.type]
        for entity in project.entities
        for field in entity.fields
        for sample in entity.samples
        if sample.values[field.name]
    }
    standard = "import datetime as dt\n" if used & {"dt.date", "dt.time"} else ""
    standard += "from decimal import Decimal\n" if "Decimal" in used else ""
    return "".join(
        [
            '"""Sample records: something to look at on the first day, and what the tests work with."""\n\n',
            "from __future__ import annotations\n\n",
            f"{standard}\n" if standard else "",
            import_names(".entities", [entity.class_name for entity in project.entities]),
            "from .entity import Entity\nfrom .storage import Store\n\n",
            layout(Group("SAMPLES: tuple[Entity, ...] = (", records, ")")),
            "\n\ndef load(store: Store) -> int:\n"
            '    """Add the sample records of every entity that has none yet; return how many were added."""\n'
            "    empty = {kind for kind in {type(record) for record in SAMPLES} if not store.all(kind)}\n"
            "    added = [store.add(record) for record in SAMPLES if type(record) in empty]\n"
            "    return len(added)\n",
        ]
    )


def _record(entity: EntityModel, sample: Sample) -> Group:
    arguments: list[Node] = []
    for field in entity.fields:
        text = sample.values[field.name]
        if not text:
            continue
        match ANNOTATIONS[field.spec.type]:
            case "Decimal":
                arguments.append(f'{field.name}=Decimal("{text}")')
            case "dt.date" | "dt.time" as kind:
                arguments.append(f'{field.name}={kind}.fromisoformat("{text}")')
            case "bool":
                arguments.append(f"{field.name}={text == 'true'}")
            case _:
                arguments.append(Words(text, f"{field.name}="))
    if entity.spec.states:
        arguments.append(Words(sample.state, "state="))
    return Group(f"{entity.class_name}(", arguments, ")")
