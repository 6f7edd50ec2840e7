"""Writes `tests/test_requirements.py` and `tests/test_validation.py` of a generated project."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from functions.studio.project.behaviour import numeric, shown
from functions.studio.project.model import EntityModel, Field, Operation, ProjectModel, Sample
from functions.studio.project.source import (
    Group,
    Node,
    Words,
    docstring,
    import_names,
    layout,
    literal,
    strings,
)


def write_requirement_tests(project: ProjectModel) -> str:
    """Return the module with a test for each action, named after the requirement it proves."""
    kinds = {operation.action.kind for operation in project.operations}
    errors = []
    if kinds & {"create", "update", "filter"}:
        errors.append("Invalid")
    if kinds & {"update", "transition", "delete", "compare", "notify"}:
        errors.append("NotFound")
    if "transition" in kinds:
        errors.append("Conflict")
    parts = [
        '"""One test for each action, named after the requirement that it realises."""\n\n',
        "from __future__ import annotations\n\n",
        "import csv\nimport io\n\n" if "export" in kinds else "",
        import_names("support", ["StoreTestCase", *(["MISSING_ID"] if "NotFound" in errors else [])]),
        "\n",
        f"from {project.package} import services\n",
        import_names(f"{project.package}.entities", [item.entity.class_name for item in project.operations]),
        import_names(f"{project.package}.errors", errors) if errors else "",
        "\n\nclass RequirementsTest(StoreTestCase):\n",
        "\n".join(_test(operation) for operation in project.operations),
    ]
    return "".join(parts)


def _test(operation: Operation) -> str:
    requirement = operation.requirement
    body = {
        "create": _create,
        "update": _update,
        "transition": _transition,
        "delete": _delete,
        "search": _search,
        "filter": _filter,
        "summarise": _summarise,
        "compare": _compare,
        "export": _export,
        "notify": _notify,
    }[operation.action.kind](operation)
    head = f"    def {operation.test}(self) -> None:\n"
    return head + docstring([f"{requirement.id}: {requirement.title}.", *requirement.acceptance], 8) + body


def _values(sample: Sample, fields: tuple[str, ...], opening: str, closing: str = "}") -> Group:
    return Group(opening, [Words(sample.values[name], f"{literal(name)}: ") for name in fields], closing)


def _shows_values(record: str) -> str:
    return (
        "        for field, text in values.items():\n"
        f"            self.assertEqual({record}.text_of(field), text)\n"
    )


def _refused(operation: Operation, arguments: Sequence[Node], error: str, indent: int = 8) -> str:
    call = _call(operation, arguments)
    return f"{' ' * indent}with self.assertRaises({error}):\n{layout(call, indent + 4)}"


def _call(operation: Operation, arguments: Sequence[Node] = (), before: str = "") -> Group:
    return Group(f"{before}services.{operation.function}(", ["self.store", *arguments], ")")


def _equal(first: Node, second: Node, indent: int = 8) -> str:
    return layout(Group("self.assertEqual(", [first, second], ")"), indent)


def _create(operation: Operation) -> str:
    kind = operation.entity.class_name
    states = operation.entity.spec.states
    required = any(field.spec.required for field in operation.entity.fields)
    return "".join(
        [
            layout(_values(operation.entity.samples[0], operation.fields, "values = {"), 8),
            layout(_call(operation, ["values"], "created = "), 8),
            _equal(f"self.store.get({kind}, created.id)", "created"),
            _shows_values("created"),
            _equal("created.state", Words(states[0])) if states else "",
            _refused(operation, ["{}"], "Invalid") if required else "",
            _refused(operation, ['{**values, "id": 7}'], "Invalid"),
        ]
    )


def _update(operation: Operation) -> str:
    kind = operation.entity.class_name
    return "".join(
        [
            f"        record = self.samples({kind})[0]\n",
            layout(_values(operation.entity.samples[1], operation.fields, "values = {"), 8),
            layout(_call(operation, ["record.id", "values"], "changed = "), 8),
            _equal(f"self.store.get({kind}, record.id)", "changed"),
            _shows_values("changed"),
            _refused(operation, ["record.id", '{"id": 7}'], "Invalid"),
            _refused(operation, ["MISSING_ID", "values"], "NotFound"),
        ]
    )


def _transition(operation: Operation) -> str:
    kind = operation.entity.class_name
    action = operation.action
    return "".join(
        [
            layout(strings(action.from_states, "from_states = "), 8),
            "        for state in from_states:\n",
            "            with self.subTest(state=state):\n",
            f"                record = self.sample_in_state({kind}, state)\n",
            layout(_call(operation, ["record.id"], "moved = "), 16),
            _equal("moved.state", Words(action.to_state), 16),
            _equal(f"self.store.get({kind}, record.id)", "moved", 16),
            _refused(operation, ["record.id"], "Conflict", 16),
            _refused(operation, ["MISSING_ID"], "NotFound"),
        ]
    )


def _delete(operation: Operation) -> str:
    kind = operation.entity.class_name
    return "".join(
        [
            f"        record, *others = self.samples({kind})\n",
            layout(_call(operation, ["record.id"]), 8),
            _equal(f"self.store.all({kind})", "others"),
            _refused(operation, ["record.id"], "NotFound"),
            _refused(operation, ["MISSING_ID"], "NotFound"),
        ]
    )


def _search(operation: Operation) -> str:
    kind = operation.entity.class_name
    samples = operation.entity.samples
    found = [(n, name) for name in operation.fields for n, item in enumerate(samples) if item.values[name]]
    text = "".join(value for sample in samples for value in sample.values.values()).casefold()
    nothing = "zzqx"
    while nothing in text:
        nothing += "x"
    lines = [f"        records = self.samples({kind})\n"]
    if found:
        number, name = found[0]
        lines += [
            f"        wanted = records[{number}]\n",
            f'        words = wanted.text_of("{name}")\n',
            layout(Group("self.assertIn(", ["wanted", _call(operation, ["words"])], ")"), 8),
        ]
        if words_survive_upper(samples[number].values[name]):
            lines.append(_equal(_call(operation, ["words.upper()"]), _call(operation, ["words"])))
    lines += [
        _equal(_call(operation, [literal(nothing)]), "[]"),
        _equal(_call(operation, ['""']), "records"),
    ]
    return "".join(lines)


def words_survive_upper(text: str) -> bool:
    """Whether `text` in capitals still means the same words where case is ignored (`ŉ` does not)."""
    return text.upper().casefold() == text.casefold()


def _filter(operation: Operation) -> str:
    kind, name = operation.entity.class_name, literal(operation.fields[0])
    choices = operation.entity.field(operation.action.fields[0]).spec.choices
    return "".join(
        [
            f"        records = self.samples({kind})\n",
            f'        choices = {{record.text_of({name}) for record in records}} - {{""}}\n',
            "        for choice in choices:\n",
            f"            expected = [record for record in records if record.text_of({name}) == choice]\n",
            _equal(_call(operation, ["choice"]), "expected", 12),
            _refused(operation, [Words(not_among(choices))], "Invalid"),
        ]
    )


def not_among(choices: list[str]) -> str:
    """Return a text that is none of the choices."""
    text = "none of these"
    while text in choices:
        text += "!"
    return text


def _summarise(operation: Operation) -> str:
    kind = operation.entity.class_name
    lines = [
        f"        records = self.samples({kind})\n",
        layout(_call(operation, before="summary = "), 8),
        "        self.assertEqual(summary.count, len(records))\n",
    ]
    if operation.entity.spec.states:
        lines += [
            "        self.assertEqual(sum(summary.by_state.values()), len(records))\n",
            "        for state, count in summary.by_state.items():\n",
            "            self.assertEqual(count, [record.state for record in records].count(state))\n",
        ]
    for name in numeric(operation):
        lines += [
            f"        given = [record.{name} for record in records]\n",
            _equal(f"summary.totals[{literal(name)}]", "sum(filter(None, given))"),
        ]
    return "".join(lines)


def _compare(operation: Operation) -> str:
    kind = operation.entity.class_name
    return "".join(
        [
            f"        first, second, *_ = self.samples({kind})\n",
            layout(strings(operation.fields, "fields = "), 8),
            layout(_call(operation, ["first.id", "second.id"], "pairs = "), 8),
            _equal("[pair.first for pair in pairs]", "[first.text_of(field) for field in fields]"),
            _equal("[pair.second for pair in pairs]", "[second.text_of(field) for field in fields]"),
            layout(_call(operation, ["first.id", "first.id"], "same = "), 8),
            '        self.assertFalse(any(pair.to_json()["differs"] for pair in same))\n',
            _refused(operation, ["first.id", "MISSING_ID"], "NotFound"),
        ]
    )


def _export(operation: Operation) -> str:
    kind = operation.entity.class_name
    columns = 1 + len(shown(operation)) + bool(operation.entity.spec.states)
    return "".join(
        [
            f"        records = self.samples({kind})\n",
            layout(_call(operation, before="text = "), 8),
            '        rows = list(csv.reader(io.StringIO(text, newline="")))\n',
            _equal("[row[0] for row in rows[1:]]", "[str(record.id) for record in records]"),
            _equal("{len(row) for row in rows}", f"{{{columns}}}"),
        ]
    )


def _notify(operation: Operation) -> str:
    kind = operation.entity.class_name
    return "".join(
        [
            f"        record = self.samples({kind})[0]\n",
            layout(_call(operation, ["record.id"], "sent = "), 8),
            "        self.assertEqual(self.store.inbox(), [sent])\n",
            "        self.assertEqual(sent.about_id, record.id)\n",
            _equal("sent.message", Words(operation.action.message)),
            _refused(operation, ["MISSING_ID"], "NotFound"),
        ]
    )


def write_validation_tests(project: ProjectModel) -> str:
    """Return the module that tries each rule of each entity with a value that breaks it."""
    parts = [
        '"""Every rule refuses what breaks it, and names the field."""\n\n',
        "from __future__ import annotations\n\nimport unittest\n\nfrom support import refused_fields\n\n",
        import_names(f"{project.package}.entities", [entity.class_name for entity in project.entities]),
    ]
    return "".join(parts) + "".join(_validation(entity) for entity in project.entities)


def _validation(entity: EntityModel) -> str:
    names = tuple(field.name for field in entity.fields)
    cases = [Group("(", [literal(f.name), Words(bad)], ")") for f in entity.fields for bad in _breaking(f)]
    kind = entity.class_name
    return "".join(
        [
            f"\n\nclass {kind}ValidationTest(unittest.TestCase):\n",
            layout(_values(entity.samples[0], names, "VALID = {"), 4),
            "\n    def test_valid_values_are_kept(self) -> None:\n",
            f"        record = {kind}.from_values(self.VALID)\n",
            "        for field, text in self.VALID.items():\n",
            "            self.assertEqual(record.text_of(field), text)\n",
            "\n    def test_each_broken_rule_names_its_field(self) -> None:\n",
            layout(Group("cases = (", cases, ",)" if len(cases) == 1 else ")"), 8),
            "        for field, value in cases:\n",
            "            with self.subTest(field=field, value=value):\n",
            _equal(f"refused_fields({kind}, self.VALID | {{field: value}})", "[field]", 16),
        ]
    )


def _breaking(field: Field) -> list[str]:
    spec = field.spec
    bad = [""] if spec.required else []
    match spec.type:
        case "number" | "money":
            bad.append("many")
            for bound, sign in ((spec.minimum, -1), (spec.maximum, 1)):
                if bound is not None:
                    edge = Decimal(str(bound))
                    bad.append(str(edge + sign * max(Decimal(1), abs(edge))))
        case "date":
            bad.append("2026-02-30")
        case "time":
            bad.append("25:00")
        case "email":
            bad.append("nobody")
        case "choice":
            bad.append(not_among(spec.choices))
        case "boolean":
            bad.append("perhaps")
        case "text" | "phone" | "long_text":
            bad.append("a bell \x07")
    return bad
