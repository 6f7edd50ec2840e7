"""What a function can come to import stands in its layers."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from infra.assembly.layers import ROOT, importable_modules
from infra.catalog import CATALOG, Function

OURS = {"functions", "shared"}
COMPOSITION_ROOT = ROOT / "shared" / "bootstrap.py"
ADAPTERS = ROOT / "shared" / "adapters"
ONE_MACHINE = ADAPTERS / "embeddings_minilm.py"
"""Made by the composition root where EMBEDDING_PROVIDER says so, as no stage does (see test_compute_stack)."""


def module_file(module: str) -> Path | None:
    """The file of one of our modules; None for a name that is not a module."""
    base = ROOT.joinpath(*module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


@dataclass(frozen=True)
class Reading:
    """How a file is read. bodies: with what its functions import when they run. settings: None, or the names of
    those that there are; what is made from others is then passed over."""

    bodies: bool = True
    settings: frozenset[str] | None = None

    def passes_over(self, node: ast.AST) -> bool:
        """Whether nothing below the node is ever imported."""
        if isinstance(node, ast.If):
            return "TYPE_CHECKING" in ast.unparse(node.test)
        if not isinstance(node, ast.FunctionDef):
            return False
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        named = {name for name in names if name.endswith("Settings")}
        return not self.bodies or (self.settings is not None and not named <= self.settings)


def _nodes(tree: ast.AST, reading: Reading) -> Iterator[ast.AST]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [child for child in ast.iter_child_nodes(node) if not reading.passes_over(child)]


@cache
def imports(path: Path, reading: Reading) -> frozenset[str]:
    """Dotted names that a file imports, read so."""
    names: set[str] = set()
    for node in _nodes(ast.parse(path.read_text(encoding="utf-8")), reading):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def _reading(path: Path, importer: Path | None, function: Function) -> Reading:
    """The composition root makes an adapter for those who have its settings; others import it for its types."""
    if path == COMPOSITION_ROOT:
        return Reading(settings=frozenset(function.settings))
    made = importer == COMPOSITION_ROOT and path != ONE_MACHINE
    return Reading(bodies=path.parent != ADAPTERS or made)


def third_party(function: Function) -> set[str]:
    """The top-level modules, neither ours nor Python's, that a function can come to import."""
    seen: set[tuple[Path, Reading]] = set()
    outside: set[str] = set()
    waiting: list[tuple[str, Path | None]] = [(function.handler.rsplit(".", 1)[0], None)]
    while waiting:
        name, importer = waiting.pop()
        parts = name.split(".")
        if parts[0] not in OURS:
            outside |= {parts[0]} - sys.stdlib_module_names
            continue
        for length in range(1, len(parts) + 1):
            path = module_file(".".join(parts[:length]))
            if path is None:
                break
            reading = _reading(path, importer, function)
            if (path, reading) not in seen:
                seen.add((path, reading))
                waiting += [(imported, path) for imported in imports(path, reading)]
    return outside


@pytest.mark.parametrize("function", CATALOG.functions, ids=lambda function: function.name)
def test_a_function_imports_what_its_layers_hold(function: Function) -> None:
    assert module_file(function.handler.rsplit(".", 1)[0]) is not None, "the handler's module is not there"
    held = set().union(*(importable_modules(layer) for layer in function.layers))

    assert third_party(function) <= held


def test_the_walk_sees_imports_inside_functions_and_not_those_of_type_checkers(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy\ndef f():\n    import redis\n",
        encoding="utf-8",
    )

    assert imports(path, Reading()) == {"typing", "typing.TYPE_CHECKING", "redis"}
    assert imports(path, Reading(bodies=False)) == {"typing", "typing.TYPE_CHECKING"}


def test_an_adapter_counts_for_those_who_have_its_settings(tmp_path: Path) -> None:
    path = tmp_path / "root.py"
    method = "def model(self):\n    import anthropic\n    return self.settings(ModelSettings)\n"
    path.write_text(method, encoding="utf-8")

    assert imports(path, Reading(settings=frozenset({"ModelSettings"}))) == {"anthropic"}
    assert imports(path, Reading(settings=frozenset({"BusSettings"}))) == frozenset()
