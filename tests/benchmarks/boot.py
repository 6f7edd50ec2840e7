"""How long Lambda's client takes to boot each function, and what the bytecode in its trees is good for.

Every function boots from the trees it is deployed with and answers events of a whole system: see
`tests.infrastructure.boot`. It shares this machine with that system, so take the ratios.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from infra.assembly.layers.imports import measure as measure_import
from infra.assembly.layers.report import Built
from infra.catalog import CATALOG, Function
from tests.benchmarks.boot_times import times_of
from tests.benchmarks.report import Section, milliseconds
from tests.infrastructure.boot.scenario import BootedSystem, lives, play
from tests.infrastructure.boot.trees import Trees, bootable

COMPARED = ("agency.intake", "identity.sessions", "agency.apply_launch", "identity.relay_outbox")


def measure(times: int) -> Iterator[Section]:
    """Measure what bytecode is good for `times` times, and one life of every function."""
    trees = bootable()
    with tempfile.TemporaryDirectory(prefix="robo-bench-") as folder:
        yield _bytecode(trees, Path(folder), times)
        yield _all(trees, Path(folder))


def _bytecode(trees: Trees, folder: Path, times: int) -> Section:
    section = Section(
        "Importing a handler with and without bytecode",
        f"{times} times each in a fresh {trees.built.target}, medians",
        ["", "as deployed", "our code as sources", "everything as sources"],
    )
    bare = _without_bytecode(trees.built, folder)
    ratios: dict[str, list[float]] = {"our code as sources": [], "everything as sources": []}
    for name in COMPARED:
        function = CATALOG.function(name)
        deployed, code, everything = (
            _seconds(trees, built, function, times)
            for built in (trees.built, replace(trees.built, code=bare.code), bare)
        )
        section.rows.append([name, *map(milliseconds, (deployed, code, everything))])
        section.figures[f"{name} as deployed"] = deployed
        ratios["our code as sources"].append(code / deployed)
        ratios["everything as sources"].append(everything / deployed)
    section.ratios = {f"{name} / as deployed": statistics.median(found) for name, found in ratios.items()}
    return section


def _seconds(trees: Trees, built: Built, function: Function, times: int) -> float:
    return measure_import(trees.interpreter, function.handler, built.paths(function), times).seconds


def _without_bytecode(built: Built, folder: Path) -> Built:
    """A copy of the code and of the layers that the compared functions have."""
    names = {layer for name in COMPARED for layer in CATALOG.function(name).layers}
    without = shutil.ignore_patterns("__pycache__")
    code = shutil.copytree(built.code, folder / "code", ignore=without)
    layers = {name: shutil.copytree(built.layers[name], folder / name, ignore=without) for name in names}
    return replace(built, code=code, layers=layers)


def _all(trees: Trees, folder: Path) -> Section:
    section = Section(
        "Boot of every function",
        f"awslambdaric on {trees.built.target}, from the start of its process to the first request for an event",
        ["", "boot", "first answer", "warm answer"],
    )
    with BootedSystem(folder / "system") as system:
        play(system)
        found = times_of(lives(system))
    for name, taken in found.items():
        section.rows.append([name, *map(milliseconds, (taken.init, taken.first, taken.warm))])
        section.figures |= {f"{name} boot": taken.init, f"{name} warm": taken.warm}
    cold = [taken.init + taken.first for taken in found.values()]
    section.ratios = {
        "cold / warm": statistics.median(cold) / statistics.median(taken.warm for taken in found.values())
    }
    return section
