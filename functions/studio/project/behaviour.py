"""Writes `services.py` and `api.py`: one function and one route for each action of the prototype."""

from __future__ import annotations

from functions.studio.project.model import EntityModel, Operation, ProjectModel
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

STORE = "store: Store"
RECORD = "record_id: int"
VALUES = "values: Mapping[str, object]"


def write_services(project: ProjectModel) -> str:
    """Return the module with a function for each action; each says which requirement it realises."""
    kinds = {operation.action.kind for operation in project.operations}
    used = [operation.entity.class_name for operation in project.operations]
    reports = sorted(
        {"compare": "Difference", "summarise": "Summary"}[kind] for kind in kinds & {"compare", "summarise"}
    )
    parts = [
        docstring([f"What can be done with {project.name}: one function for each action of the product."]),
        "\nfrom __future__ import annotations\n\n",
        "from collections.abc import Mapping\n\n" if kinds & {"create", "update"} else "",
        "from . import reports\n" if kinds & {"compare", "summarise", "export"} else "",
        import_names(".entities", used),
        import_names(".reports", reports) if reports else "",
        import_names(".storage", ["Message", "Store"] if "notify" in kinds else ["Store"]),
    ]
    return "".join(parts) + "".join(_service(operation) for operation in project.operations)


def _service(operation: Operation) -> str:
    arguments, result, raises = _signature(operation)
    action, requirement = operation.action, operation.requirement
    told = f"{requirement.id}: {requirement.statement}"
    purpose = _purpose(operation)
    return "".join(
        [
            "\n\n",
            layout(Group(f"def {operation.function}(", arguments, f") -> {result}:")),
            docstring([f"{action.label} ({requirement.id}).", f"{purpose}{raises}", told], 4),
            _body(operation),
        ]
    )


def _signature(operation: Operation) -> tuple[list[str], str, str]:
    kind = operation.entity.class_name
    match operation.action.kind:
        case "create":
            return [STORE, VALUES], kind, " Raises `Invalid`."
        case "update":
            return [STORE, RECORD, VALUES], kind, " Raises `Invalid` and `NotFound`."
        case "transition":
            return [STORE, RECORD], kind, " Raises `Conflict` and `NotFound`."
        case "delete":
            return [STORE, RECORD], "None", " Raises `NotFound`."
        case "search":
            return [STORE, "words: str"], f"list[{kind}]", ""
        case "filter":
            return [STORE, "value: str"], f"list[{kind}]", " Raises `Invalid`."
        case "summarise":
            return [STORE], "Summary", ""
        case "compare":
            return [STORE, "first_id: int", "second_id: int"], "list[Difference]", " Raises `NotFound`."
        case "export":
            return [STORE], "str", ""
        case "notify":
            return [STORE, RECORD], "Message", " Raises `NotFound`."


def _purpose(operation: Operation) -> str:
    action, spec = operation.action, operation.entity.spec
    labels = [f"“{operation.entity.field(name).spec.label}”" for name in action.fields]
    fields = ", ".join(labels)
    match action.kind:
        case "create":
            return f"Checks and stores a new {spec.label}."
        case "update":
            return f"Changes {fields} of a {spec.label} and nothing else."
        case "transition":
            return f"Moves a {spec.label} from “{'” or “'.join(action.from_states)}” to “{action.to_state}”."
        case "delete":
            return f"Removes a {spec.label} for good."
        case "search":
            return f"Finds {spec.plural} in which every word occurs in {fields}; case is ignored."
        case "filter":
            return f"Keeps the {spec.plural} with this {fields}."
        case "summarise":
            return f"Counts {spec.plural} by state and adds up their numbers."
        case "compare":
            return f"Sets two {spec.plural} side by side over {fields}."
        case "export":
            return f"Writes {spec.plural} as a CSV file with a header line."
        case "notify":
            return f"Puts a message about a {spec.label} into the inbox."


def _body(operation: Operation) -> str:
    action, kind = operation.action, operation.entity.class_name
    stored = f"store.get({kind}, record_id)"
    fields = strings(operation.fields)
    call: Group
    match action.kind:
        case "create":
            everything = len(operation.fields) == len(operation.entity.fields)
            given: list[Node] = ["values"] if everything else ["values", fields]
            made = Group(f"{kind}.from_values(", given, ")")
            call = Group("return store.add(", [made], ")")
        case "update":
            call = Group(
                "return store.save(", [Group(f"{stored}.with_values(", ["values", fields], ")")], ")"
            )
        case "transition":
            moved: list[Node] = [Words(action.to_state), strings(action.from_states)]
            call = Group("return store.save(", [Group(f"{stored}.in_state(", moved, ")")], ")")
        case "delete":
            call = Group("store.remove(", [kind, "record_id"], ")")
        case "search":
            call = Group("return store.matching(", [kind, fields, "words"], ")")
        case "filter":
            name = literal(operation.fields[0])
            wanted = Group(f"{kind}.checked_text(", [name, "value"], ")")
            call = Group("return store.having(", [kind, name, wanted], ")")
        case "summarise":
            rows: list[Node] = [f"store.all({kind})", f"{kind}.STATES", strings(numeric(operation))]
            call = Group("return reports.summarise(", rows, ")")
        case "compare":
            pair: list[Node] = [f"store.get({kind}, first_id)", f"store.get({kind}, second_id)", fields]
            call = Group("return reports.compare(", pair, ")")
        case "export":
            call = Group(
                "return reports.to_csv(", [kind, f"store.all({kind})", strings(shown(operation))], ")"
            )
        case "notify":
            call = Group("return store.send(", [stored, Words(action.message)], ")")
    return layout(call, 4)


def numeric(operation: Operation) -> list[str]:
    """Return the fields that can be added up: the number and money ones among those of the action."""
    numbers = {f.name for f in operation.entity.fields if f.spec.type in ("number", "money")}
    return [name for name in operation.fields if name in numbers]


def shown(operation: Operation) -> list[str]:
    """Return the columns of an export: those of the action, or all when it names none."""
    return list(operation.fields) or [field.name for field in operation.entity.fields]


def write_api(project: ProjectModel) -> str:
    """Return the module with `ROUTES`: reading for every entity, the inbox, and every action."""
    routes: list[Node] = [_reading(entity, one) for entity in project.entities for one in (False, True)]
    routes.append(_route_to("GET", "/api/inbox", "Messages, the newest first", f"lambda store, _: {INBOX}"))
    routes += [_route(operation) for operation in project.operations]
    kinds = {operation.action.kind for operation in project.operations}
    server = ["Route", "shown", *(["Csv"] if "export" in kinds else [])]
    created = kinds & {"create", "notify"}
    return "".join(
        [
            '"""The HTTP API: which address and method lead to which service."""\n\n',
            "from __future__ import annotations\n\n",
            "from dataclasses import asdict\n",
            "from http import HTTPStatus\n" if created else "",
            "\nfrom . import services\n",
            import_names(".entities", [entity.class_name for entity in project.entities]),
            import_names(".server", server),
            "\n",
            layout(Group("ROUTES = (", routes, ")")),
        ]
    )


INBOX = "[asdict(message) for message in store.inbox()]"


def _reading(entity: EntityModel, one: bool) -> Group:
    kind = entity.class_name
    if one:
        handler = Group("lambda store, request: store.get(", [kind, "request.record_id"], ").to_json()")
        return _route_to("GET", f"{entity.path}/{{id}}", f"One {entity.spec.label}", handler)
    handler = Group("lambda store, _: shown(", [f"store.all({kind})"], ")")
    return _route_to("GET", entity.path, f"All {entity.spec.plural}", handler)


def _route(operation: Operation) -> Group:
    status: list[Node] = ["HTTPStatus.CREATED"] if operation.action.kind in ("create", "notify") else []
    summary = f"{operation.action.label} ({operation.requirement.id})"
    return _route_to(operation.method, operation.path, summary, _handler(operation), *status)


def _route_to(method: str, path: str, summary: str, *rest: Node) -> Group:
    return Group("Route(", [literal(method), literal(path), Words(prose(summary)), *rest], ")")


def _handler(operation: Operation) -> Group:
    call, request = f"services.{operation.function}(", "lambda store, request: "
    record: list[Node] = ["store", "request.record_id"]
    match operation.action.kind:
        case "create":
            return Group(f"{request}{call}", ["store", "request.values"], ").to_json()")
        case "update":
            return Group(f"{request}{call}", [*record, "request.values"], ").to_json()")
        case "transition":
            return Group(f"{request}{call}", record, ").to_json()")
        case "delete":
            return Group(f"{request}{call}", record, ")")
        case "search":
            return Group(f"{request}shown(", [Group(call, ["store", 'request.text("words")'], ")")], ")")
        case "filter":
            return Group(f"{request}shown(", [Group(call, ["store", 'request.text("value")'], ")")], ")")
        case "summarise":
            return Group(f"lambda store, _: {call}", ["store"], ").to_json()")
        case "compare":
            pair: list[Node] = ["store", 'request.number("first")', 'request.number("second")']
            return Group(f"{request}shown(", [Group(call, pair, ")")], ")")
        case "export":
            file: list[Node] = [literal(f"{operation.entity.plural}.csv"), f"{call}store)"]
            return Group("lambda store, _: Csv(", file, ")")
        case "notify":
            return Group(f"{request}asdict(", [Group(call, record, ")")], ")")
