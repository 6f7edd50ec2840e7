"""Layers as they are deployed: built for Lambda's processor and Python, weighed and looked through."""

from __future__ import annotations

import filecmp
import io
import re
from collections import Counter
from pathlib import Path

import pytest

from infra.assembly.bytecode import check_absent
from infra.assembly.layers import BUILD, DEPLOYED, LIMIT_BYTES, build, unzipped_bytes
from infra.assembly.layers.imports import Imported, slowest
from infra.assembly.layers.report import Built, built_for, faults, unwanted
from infra.assembly.layers.sizes import function_bytes
from infra.catalog import CATALOG, Function

EACH = pytest.mark.parametrize("function", CATALOG.functions, ids=lambda function: function.name)


@pytest.fixture(scope="module")
def built() -> Built:
    return built_for(DEPLOYED, BUILD)


@pytest.fixture(scope="module")
def sizes(built: Built) -> dict[str, int]:
    return {name: unzipped_bytes(folder) for name, folder in built.layers.items()}


@EACH
def test_lambda_takes_every_function(built: Built, sizes: dict[str, int], function: Function) -> None:
    assert function_bytes(function, sizes, unzipped_bytes(built.code)) < LIMIT_BYTES


@EACH
def test_what_answers_the_api_is_free_of_what_it_never_needs(built: Built, function: Function) -> None:
    held = {path.name for folder in built.paths(function) for path in folder.iterdir()}

    assert {"functions", "shared", "pydantic"} <= held
    assert unwanted(CATALOG, function).isdisjoint(held)


@EACH
def test_no_layer_hides_what_another_one_holds(built: Built, function: Function) -> None:
    held = Counter(
        path.name
        for name in function.layers
        for path in (built.layers[name] / "python").iterdir()
        if path.name != "__pycache__"
    )

    assert {name: times for name, times in held.items() if times > 1} == {}


def test_libraries_are_those_of_the_processor(built: Built) -> None:
    libraries = [path for folder in built.layers.values() for path in folder.rglob("*.so")]
    machines = {int.from_bytes(path.read_bytes()[18:20], "little") for path in libraries}

    assert machines == {0xB7}, "ELF's number of aarch64"


def test_bytecode_is_right_or_absent(built: Built) -> None:
    for folder in (built.code, *built.layers.values()):
        if DEPLOYED.compiler is not None:
            DEPLOYED.compiler.check(folder)
        else:
            check_absent(folder)


def test_no_list_of_files_knows_the_interpreter_that_installed(built: Built) -> None:
    """A command begins with its path, and the hash of one in a list would make every build another asset."""
    lists = [path for folder in built.layers.values() for path in folder.glob("python/*.dist-info/RECORD")]

    assert lists
    assert not [path for path in lists if re.search(r"^(\.\./)*bin/", path.read_text(), re.MULTILINE)]


def test_the_same_pins_are_the_same_bytes(built: Built, tmp_path: Path) -> None:
    again = build("model", tmp_path)
    first = built.layers["model"]
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())

    assert again.name == first.name
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert filecmp.cmpfiles(first, again, [str(path) for path in files], shallow=False)[1:] == ([], [])


def test_what_was_built_is_found_again_and_told(built: Built) -> None:
    told = io.StringIO()

    assert built_for(DEPLOYED, BUILD, told).layers == built.layers
    assert [line.split(": ")[1].split()[0] for line in told.getvalue().splitlines()] == [
        *built.layers,
        "code",
    ]


def test_the_report_names_what_is_too_large_or_imports_too_much() -> None:
    light = Imported(0.1, ("pydantic",), ())
    heavy = Imported(0.1, ("anthropic",), ())
    names = [function.name for function in CATALOG.functions]
    imported = {name: heavy if name in ("agency.intake", "agents.think") else light for name in names}
    weights = {name: LIMIT_BYTES + (name == "agents.think") for name in names}

    assert faults(CATALOG, weights, imported) == [
        f"agents.think: {LIMIT_BYTES + 1} bytes with its layers, Lambda takes {LIMIT_BYTES}",
        "agency.intake: imports anthropic before anybody asked",
    ]


def test_the_slowest_packages_are_read_from_the_interpreters_report() -> None:
    lines = [
        "import time: self [us] | cumulative | imported package",
        "import time:      3000 |       3000 |   pydantic.main",
        "import time:      1000 |       4000 | pydantic",
        "import time:      5000 |       5000 | psycopg",
    ]

    assert slowest("\n".join(lines), 1) == (("psycopg", 0.005),)
    assert slowest("\n".join(lines)) == (("psycopg", 0.005), ("pydantic", 0.004))
