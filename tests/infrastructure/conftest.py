"""The templates of stages, synthesised once for all tests, in a process of its own as `make synth` does."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.assembly.node import use_bundled_node
from infra.assembly.templates import Templates, read_templates, synthesise_apart


@pytest.fixture(scope="session", autouse=True)
def node_of_the_wheel() -> None:
    """Whoever imports `aws_cdk` first starts Node."""
    use_bundled_node()


@pytest.fixture(scope="session")
def assembly_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a stage's templates; each stage is synthesised at most once."""
    made: dict[str, Path] = {}

    def synthesise(stage: str) -> Path:
        if stage not in made:
            out = tmp_path_factory.mktemp("cdk") / stage
            synthesise_apart(stage, out)
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
