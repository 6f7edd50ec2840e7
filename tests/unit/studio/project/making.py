"""Makes projects from samples, writes them out, and runs what they hold."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from functions.studio.project import ProjectFile, generate_project
from shared.models.answers import PrototypeAnswer, SpecifyAnswer
from tests.samples import harbour


def make(
    answers: Mapping[str, Any] | None = None,
    *,
    name: str = "Quaymarket",
    tagline: str = "Spare quota finds a boat",
) -> list[ProjectFile]:
    """Generate the project of answers given as plain JSON; the harbour sample fills what is not given."""
    given = {**harbour.answers(), **(answers or {})}
    return generate_project(
        name=name,
        tagline=tagline,
        idea=harbour.IDEA,
        specify=SpecifyAnswer.model_validate(given["specify"]),
        prototype=PrototypeAnswer.model_validate(given["prototype"]),
        drafted_by="the offline drafter",
    )


def by_path(files: list[ProjectFile]) -> dict[str, str]:
    """Return path → content."""
    return {file.path: file.content for file in files}


def write_out(files: list[ProjectFile], folder: Path) -> Path:
    """Write the files below `folder` and return it."""
    for file in files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.content, encoding="utf-8", newline="")
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run `python …` in a written project, isolated from the settings of this repository."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def shape(source: str) -> str:
    """Return the syntax tree of a module with every name and string blanked: what the code does."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, str):
                setattr(node, field, "…")
    return ast.dump(tree)
