"""Layers hold what the functions import, at the versions of the lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.assembly.layers import (
    BASE,
    FOLDER,
    LIMIT_BYTES,
    check_sizes,
    layer_names,
    locked_versions,
    pin_all,
    pinned,
)
from infra.assembly.layers.__main__ import main
from infra.catalog import CATALOG, Function, Zone


def test_every_function_has_the_base_that_other_layers_lean_on() -> None:
    assert all(BASE in function.layers for function in CATALOG.functions)


def test_every_layer_is_used_and_described() -> None:
    assert set(layer_names()) == {layer for function in CATALOG.functions for layer in function.layers}


@pytest.mark.parametrize("layer", layer_names())
def test_requirements_are_what_the_lock_says(layer: str) -> None:
    lines = (FOLDER / layer / "requirements.txt").read_text(encoding="utf-8").splitlines()

    assert lines[1:] == pinned(layer, locked_versions())


def test_the_lock_is_read_for_the_python_of_lambda() -> None:
    assert locked_versions()["av"].startswith("19."), "Python 3.11 would take 18"
    assert "pywin32" not in locked_versions()


def test_pinning_refuses_what_is_not_locked(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "requirements.in").write_text("# why\nredis\n", encoding="utf-8")
    lock = tmp_path / "run.txt"
    lock.write_text("six==1.17.0\n", encoding="utf-8")

    with pytest.raises(KeyError, match="redis"):
        pin_all(tmp_path, lock)


def test_pinning_writes_the_closure_and_leaves_out_what_the_base_holds(tmp_path: Path) -> None:
    for layer, wanted in (("core", "pydantic"), ("more", "qdrant-client")):
        (tmp_path / layer).mkdir()
        (tmp_path / layer / "requirements.in").write_text(f"{wanted}\n", encoding="utf-8")

    pin_all(tmp_path)

    names = {
        line.split("==")[0] for line in (tmp_path / "more" / "requirements.txt").read_text().splitlines()[1:]
    }
    assert {"qdrant-client", "httpx", "numpy"} <= names
    assert {"pydantic", "pydantic-core"}.isdisjoint(names)


def test_a_function_that_lambda_would_not_take_is_named(tmp_path: Path) -> None:
    for name, size in (("code", 10), ("core", 20)):
        (tmp_path / name).mkdir()
        with (tmp_path / name / "file").open("wb") as file:
            file.truncate(size * 2**20)
    function = Function("agency.probe", "functions.probe.handler", Zone.EDGE, "Probes")

    check_sizes([function], {"core": tmp_path / "core"}, tmp_path / "code")

    with (tmp_path / "core" / "file").open("wb") as file:
        file.truncate(LIMIT_BYTES)
    with pytest.raises(ValueError, match=r"agency\.probe: \d+ bytes with its layers"):
        check_sizes([function], {"core": tmp_path / "core"}, tmp_path / "code")


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["mend"])
    assert "invalid choice" in capsys.readouterr().err
