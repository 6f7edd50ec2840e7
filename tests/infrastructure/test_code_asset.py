"""What a function is deployed with."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.assembly.code_asset import assemble_code, code_files, rename_into_place
from infra.catalog import CATALOG


def write(root: Path, path: str, text: str = "x") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def repository(root: Path) -> Path:
    for path in (
        "functions/a/handler.py",
        "functions/a/queries.sql",
        "functions/a/__pycache__/handler.cpython-313.pyc",
        "functions/a/tests/test_a.py",
        "shared/settings.py",
        "shared/adapters/minilm/vocab.txt",
        "infra/assembly/synth.py",
        "tests/unit/test_b.py",
        ".env",
    ):
        write(root, path)
    return root


def test_the_asset_is_functions_and_shared_alone(tmp_path: Path) -> None:
    files = [path.as_posix() for path in code_files(repository(tmp_path))]

    assert files == ["functions/a/handler.py", "functions/a/queries.sql", "shared/settings.py"]


def test_the_asset_holds_every_handler() -> None:
    files = {path.as_posix() for path in code_files()}

    for function in CATALOG.functions:
        module = function.handler.rsplit(".", 1)[0].replace(".", "/")
        assert {f"{module}.py", f"{module}/__init__.py"} & files, function.handler


def test_the_folder_changes_with_the_code_and_only_then(tmp_path: Path) -> None:
    root, build = repository(tmp_path / "root"), tmp_path / "build"
    first = assemble_code(build, root)
    write(root, "tests/unit/test_b.py", "y")
    again = assemble_code(build, root)
    write(root, "shared/settings.py", "y")
    changed = assemble_code(build, root)

    assert first == again != changed
    assert (changed / "shared" / "settings.py").read_text(encoding="utf-8") == "y"
    assert {path.name for path in build.iterdir()} == {first.name, changed.name}


def test_who_comes_second_drops_his_copy(tmp_path: Path) -> None:
    write(tmp_path, "done/file", "first")
    write(tmp_path, "aside/file", "second")

    rename_into_place(tmp_path / "aside", tmp_path / "done")

    assert (tmp_path / "done" / "file").read_text(encoding="utf-8") == "first"
    assert not (tmp_path / "aside").exists()


def test_a_rename_that_fails_for_another_reason_is_told(tmp_path: Path) -> None:
    write(tmp_path, "aside/file")

    with pytest.raises(FileNotFoundError):
        rename_into_place(tmp_path / "aside", tmp_path / "nowhere" / "done")
