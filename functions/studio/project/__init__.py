"""The code project of a kit: a complete Python application on the standard library, made from the answers.

Nothing a model wrote becomes code: names are derived (`naming`), texts are quoted (`source`, `docs`), and what
the actions do is written here. The same answers give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from functions.studio.project import behaviour, checks, docs, domain, naming
from functions.studio.project.model import ProjectModel, entities_of, operations_of
from functions.studio.project.source import docstring, prose
from shared.models.answers import PrototypeAnswer, SpecifyAnswer
from shared.paths import check_paths

_HERE: Final = Path(__file__).parent
_RUNTIME: Final = ("errors", "rules", "entity", "storage", "reports", "server")
_FILE_TYPES: Final = {".py": "python", ".md": "markdown", ".toml": "toml", ".yml": "yaml"}
_OTHER_TYPES: Final = {"Makefile": "makefile", ".gitignore": "gitignore"}

Writer = Callable[[ProjectModel], str]

_WRITERS: Final[dict[str, Writer]] = {
    "README.md": docs.write_readme,
    "docs/requirements.md": docs.write_requirements,
    "src/{package}/entities.py": domain.write_entities,
    "src/{package}/schema.py": domain.write_schema,
    "src/{package}/sample_data.py": domain.write_sample_data,
    "src/{package}/services.py": behaviour.write_services,
    "src/{package}/api.py": behaviour.write_api,
    "tests/test_requirements.py": checks.write_requirement_tests,
    "tests/test_validation.py": checks.write_validation_tests,
}
_TEMPLATES: Final = {
    ".github/workflows/ci.yml": "ci.yml.txt",
    ".gitignore": "gitignore.txt",
    "LICENSE": "LICENSE.txt",
    "Makefile": "Makefile.txt",
    "pyproject.toml": "pyproject.toml.txt",
    "src/{package}/cli.py": "cli.py.txt",
    "tests/source_path.py": "source_path.py.txt",
    "tests/support.py": "support.py.txt",
    "tests/test_api.py": "test_api.py.txt",
    "tests/test_cli.py": "test_cli.py.txt",
}


@dataclass(frozen=True)
class ProjectFile:
    """A text file of a project: safe relative path, content ending in a newline, kind such as `python`."""

    path: str
    content: str
    file_type: str


def generate_project(
    *,
    name: str,
    tagline: str,
    idea: str,
    specify: SpecifyAnswer,
    prototype: PrototypeAnswer,
    drafted_by: str,
) -> list[ProjectFile]:
    """Return the files of a runnable project, sorted by path.

    The answers are accepted ones (`Answer.problems` found nothing); ValueError says what does not fit
    together otherwise. `drafted_by` names the model or the offline drafter and stands in the README.
    """
    entities = entities_of(prototype.entities)
    project = ProjectModel(
        name=prose(name) or "Product",
        tagline=tagline,
        idea=idea,
        drafted_by=drafted_by,
        package=naming.package_name(name),
        specify=specify,
        entities=entities,
        operations=operations_of(prototype, specify, entities),
    )
    contents = {path: write(project) for path, write in _WRITERS.items()}
    contents |= {path: _from_template(template, project) for path, template in _TEMPLATES.items()}
    for module in _RUNTIME:
        contents[f"src/{{package}}/{module}.py"] = _read(_HERE / "runtime" / f"{module}.py")
    contents["src/{package}/__init__.py"] = docstring([f"{project.name}: {project.tagline}"])
    contents["src/{package}/__main__.py"] = _MAIN
    made = {path.replace("{package}", project.package): content for path, content in contents.items()}
    check_paths(made)
    return [ProjectFile(path, made[path], _file_type(path)) for path in sorted(made)]


_MAIN: Final = '''"""Runs the command line."""

from .cli import main

main()
'''


def _from_template(template: str, project: ProjectModel) -> str:
    return Template(_read(_HERE / "templates" / template)).substitute(
        package=project.package,
        distribution=project.distribution,
        # A JSON string is a TOML basic string.
        description=json.dumps(prose(project.tagline), ensure_ascii=False),
        holder=f"the contributors to {project.name}",
    )


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _file_type(path: str) -> str:
    name = Path(path).name
    return _OTHER_TYPES.get(name) or _FILE_TYPES.get(Path(name).suffix, "text")
