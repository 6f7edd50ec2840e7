"""Bytecode is right, or it is not there."""

from __future__ import annotations

import filecmp
import platform
import sys
from pathlib import Path

import pytest

from infra.assembly.bytecode import BytecodeError, Compiler, check_absent, compiler_for
from infra.assembly.code_asset import assemble_code
from infra.assembly.layers.target import DEPLOYED, RUNTIME_PYTHON, Target, runnable, running_python

SOURCE = 'WORDS = {"ebb", "flood", "slack"}\n\n\ndef has(word):\n    return word in {"ebb", "flood"}\n'


@pytest.fixture(scope="module")
def compiler() -> Compiler:
    found = compiler_for(running_python())
    assert found is not None
    return found


def package(folder: Path, source: str = SOURCE) -> Path:
    (folder / "python" / "tides").mkdir(parents=True)
    (folder / "python" / "tides" / "__init__.py").write_text(source, encoding="utf-8")
    return folder


def only_bytecode(folder: Path) -> Path:
    (found,) = folder.rglob("*.pyc")
    return found


def test_the_same_sources_are_the_same_bytes_wherever_they_were_compiled(
    tmp_path: Path, compiler: Compiler
) -> None:
    one, other = package(tmp_path / "one"), package(tmp_path / "the" / "other")
    compiler.compile(one, "/opt")
    compiler.compile(other, "/opt")

    assert filecmp.cmp(only_bytecode(one), only_bytecode(other), shallow=False)
    assert b"/opt/python/tides/__init__.py" in only_bytecode(one).read_bytes()
    assert str(tmp_path).encode() not in only_bytecode(one).read_bytes()


def test_what_does_not_compile_is_named(tmp_path: Path, compiler: Compiler) -> None:
    with pytest.raises(BytecodeError, match=r"tides"):
        compiler.compile(package(tmp_path, "def ebb(:\n"), "/opt")


def test_bytecode_of_another_python_is_found(tmp_path: Path, compiler: Compiler) -> None:
    compiler.compile(package(tmp_path), "/opt")
    other = Compiler(compiler.interpreter, "3.99", bytes(4))

    with pytest.raises(BytecodeError, match=r"is not bytecode of Python 3\.99"):
        other.check(tmp_path)


def test_bytecode_that_looks_at_times_is_found(tmp_path: Path, compiler: Compiler) -> None:
    compiler.compile(package(tmp_path), "/opt")
    path = only_bytecode(tmp_path)
    path.write_bytes(path.read_bytes()[:4] + bytes(4) + path.read_bytes()[8:])

    with pytest.raises(BytecodeError, match="without a time"):
        compiler.check(tmp_path)


def test_a_module_without_bytecode_is_found(tmp_path: Path, compiler: Compiler) -> None:
    with pytest.raises(BytecodeError, match=r"no bytecode for .*tides"):
        compiler.check(package(tmp_path))


def test_where_there_should_be_none_it_is_found(tmp_path: Path, compiler: Compiler) -> None:
    check_absent(package(tmp_path))
    compiler.compile(tmp_path, "/opt")

    with pytest.raises(BytecodeError, match=r"\.pyc is bytecode"):
        check_absent(tmp_path)


def test_a_placeholder_is_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, says in (("python3.98", "exit 127"), ("python3.99", "echo 3.98 00000000")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{says}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))

    assert compiler_for("3.98") is None, "it does not run"
    assert compiler_for("3.99") is None, "it is another"


def test_what_runs_here_is_lambdas_python_or_says_that_it_is_not() -> None:
    target = runnable()

    assert target.machine == platform.machine()
    assert target.python in (RUNTIME_PYTHON, f"{sys.version_info[0]}.{sys.version_info[1]}")
    assert target.compiler is not None
    assert Target(RUNTIME_PYTHON, "aarch64") == DEPLOYED


def test_the_code_has_bytecode_for_every_module_or_none(tmp_path: Path, compiler: Compiler) -> None:
    for name in ("functions", "shared"):
        (tmp_path / "root" / name).mkdir(parents=True)
        (tmp_path / "root" / name / "part.py").write_text(SOURCE, encoding="utf-8")

    plain = assemble_code(tmp_path / "build", tmp_path / "root")
    compiled = assemble_code(tmp_path / "build", tmp_path / "root", compiler)

    check_absent(plain)
    compiler.check(compiled)
    assert plain != compiled
    assert len(list(compiled.rglob("*.pyc"))) == 2
