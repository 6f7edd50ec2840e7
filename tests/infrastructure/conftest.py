"""The templates of stages, synthesised once for all tests, in a process of its own as `make synth` does."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

Templates = dict[str, dict[str, Any]]


def read_templates(folder: Path) -> Templates:
    """By stack name."""
    return {
        path.name.removesuffix(".template.json"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.template.json"))
    }


@pytest.fixture(scope="session")
def assembly_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a stage's templates; each stage is synthesised at most once."""
    made: dict[str, Path] = {}

    def synthesise(stage: str) -> Path:
        if stage not in made:
            out = tmp_path_factory.mktemp("cdk") / stage
            command = [sys.executable, "-m", "infra.assembly.synth", "--stage", stage, "--out", str(out)]
            ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            assert ended.returncode == 0, ended.stderr
            # The CDK checks its templates and reports there; what it finds is a fault.
            assert "WARNING" not in ended.stdout + ended.stderr, ended.stdout + ended.stderr
            made[stage] = out
        return made[stage]

    return synthesise


@pytest.fixture(scope="session")
def _dev(assembly_of: Callable[[str], Path]) -> Templates:
    return read_templates(assembly_of("dev"))


@pytest.fixture
def templates(_dev: Templates) -> Templates:
    """The templates of `dev`; a copy that a test may spoil."""
    return copy.deepcopy(_dev)
