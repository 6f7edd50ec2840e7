"""Writes `README.md` and `docs/requirements.md`; all texts of the model are escaped Markdown."""

from __future__ import annotations

from functions.studio.project.model import Operation, ProjectModel
from shared.markdown import bullets, escape, heading, number, one_line, table

MAX_IDEA = 2_000


def write_readme(project: ProjectModel) -> str:
    """Return the README: what it is, how to run and test it, the layout, the API, where each FR is realised."""
    package = project.package
    return _document(
        [
            heading(1, project.name),
            escape(project.tagline),
            escape(project.specify.problem),
            f"This project needs Python 3.11 or newer and nothing else. Drafted by {escape(project.drafted_by)}; "
            "read it before you rely on it.",
            "## Run",
            f"```sh\nmake test     # the tests, about two seconds\nmake seed     # sample records into "
            f"{package}.sqlite3\nmake serve    # http://127.0.0.1:8000/\n```",
            f"Without make: `PYTHONPATH=src python -m {package} --help`, and "
            "`python -m unittest discover -s tests`. Put the clickable prototype at `web/index.html` and the "
            "server shows it as its start page. There is no sign-in yet, so the server listens on this machine "
            "only.",
            "## Layout",
            _layout(package),
            "## Requirements",
            "What each means stands in [docs/requirements.md](docs/requirements.md).",
            _trace(project),
            "## HTTP API",
            "JSON in and out; errors are problem details (RFC 9457) that name each refused field.",
            _api(project),
            "## Licence",
            "MIT, see [LICENSE](LICENSE).",
        ]
    )


def _layout(package: str) -> str:
    return f"""```text
src/{package}/
  entities.py      the things this product keeps, with their rules
  services.py      one function for each action
  api.py           which address leads to which service
  cli.py           seed, list, serve
  sample_data.py   sample records
  schema.py        the SQLite tables
  entity.py  rules.py  storage.py  reports.py  server.py  errors.py
                   what the modules above stand on
tests/             one test for each action, named after its requirement
docs/              the requirements in full
```"""


def _realised_by(project: ProjectModel, requirement: str) -> list[Operation]:
    return [operation for operation in project.operations if operation.requirement.id == requirement]


def _trace(project: ProjectModel) -> str:
    lines = ["| Requirement | | Realised by | Tested by |", "| --- | --- | --- | --- |"]
    for item in project.specify.functional_requirements:
        operations = _realised_by(project, item.id)
        functions = "<br>".join(f"`services.{operation.function}`" for operation in operations)
        tests = "<br>".join(f"`{operation.test}`" for operation in operations)
        lines.append(f"| {escape(item.id)} | {escape(item.title)} | {functions} | {tests} |")
    return "\n".join(lines)


def _api(project: ProjectModel) -> str:
    lines = ["| Method | Address | What it does |", "| --- | --- | --- |"]
    for entity in project.entities:
        lines.append(f"| GET | `{entity.path}` | All {escape(entity.spec.plural)} |")
        lines.append(f"| GET | `{entity.path}/{{id}}` | One {escape(entity.spec.label)} |")
    lines.append("| GET | `/api/inbox` | Messages, the newest first |")
    for operation in project.operations:
        query = {
            "search": "?words=",
            "filter": "?value=",
            "compare": "?first=&second=",
        }.get(operation.action.kind, "")
        words = f"{escape(operation.action.label)} ({operation.requirement.id})"
        lines.append(f"| {operation.method} | `{operation.path}{query}` | {words} |")
    return "\n".join(lines)


def write_requirements(project: ProjectModel) -> str:
    """Return the requirements with acceptance and the functions that realise them."""
    specify = project.specify
    qualities = (
        (item.id, item.quality, item.statement, f"{number(item.target)} {item.unit}")
        for item in specify.non_functional_requirements
    )
    metrics = ((m.name, f"{number(m.target)} {m.unit}", m.within) for m in specify.success_metrics)
    return _document(
        [
            heading(1, f"{project.name}: requirements"),
            "The idea this began with:",
            f"> {escape(one_line(project.idea)[:MAX_IDEA])}",
            "## Goals",
            bullets(specify.goals),
            "## Functional requirements",
            *(_requirement(project, item.id) for item in specify.functional_requirements),
            "## Non-functional requirements",
            table(["Id", "Quality", "Requirement", "Target"], qualities),
            "## Success metrics",
            table(["Metric", "Target", "Within"], metrics),
            "## Out of scope",
            bullets(specify.out_of_scope),
            "## Open questions",
            bullets(specify.open_questions),
        ]
    )


def _requirement(project: ProjectModel, requirement: str) -> str:
    item = next(r for r in project.specify.functional_requirements if r.id == requirement)
    functions = ", ".join(f"`services.{o.function}`" for o in _realised_by(project, requirement))
    return "\n\n".join(
        [
            heading(3, f"{item.id}: {item.title}"),
            escape(item.statement),
            f"Actor: {escape(item.actor)}. Realised by {functions}.",
            "Accepted when:",
            bullets(item.acceptance),
        ]
    )


def _document(sections: list[str]) -> str:
    return "\n\n".join(section for section in sections if section) + "\n"
