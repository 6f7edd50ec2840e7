"""The trees that functions boot from here: the recipe of their layers, for a Python that this machine can run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from packaging.requirements import Requirement

from infra.assembly.layers import BUILD, LOCK, build_tree, locked_versions, runnable
from infra.assembly.layers.pins import at_versions, closure
from infra.assembly.layers.report import Built, built_for

CLIENT = "awslambdaric"


@dataclass(frozen=True)
class Trees:
    """What functions are deployed with, and what Lambda itself brings: the runtime interface client."""

    built: Built
    client: Path

    @property
    def interpreter(self) -> Path:
        """The Python that the trees were built for."""
        compiler = self.built.target.compiler
        assert compiler is not None
        return compiler.interpreter


def bootable(into: Path = BUILD, progress: TextIO | None = None) -> Trees:
    """Build the trees, or find those that were built before."""
    target = runnable()
    versions = locked_versions(LOCK.with_name("dev.txt"), target) | locked_versions(target=target)
    pins = at_versions(closure([Requirement(CLIENT)], target), versions)
    return Trees(built_for(target, into, progress), build_tree(CLIENT, pins, into, target) / "python")
