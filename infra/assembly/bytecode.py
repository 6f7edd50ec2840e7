"""Bytecode that is right, or none: what Python runs is what it was compiled from, for the version that reads it.

Bytecode of another version is worse than none: it is looked at, refused, and the import takes twice as long.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ASK = "import sys, importlib.util as u; print('%d.%d' % sys.version_info[:2], u.MAGIC_NUMBER.hex())"
# PEP 552: a hash instead of a time, and nobody compares it with the source.
_UNCHECKED_HASH = (1).to_bytes(4, "little")


class BytecodeError(RuntimeError):
    """A folder cannot be compiled, or its bytecode is not what it should be."""


@dataclass(frozen=True)
class Compiler:
    """A Python of version `python` (`3.13`) on this machine. magic: four bytes that its bytecode begins with."""

    interpreter: Path
    python: str
    magic: bytes

    def compile(self, folder: Path, deployed: str) -> None:
        """Compile every module below `folder`, as if it lay at `deployed`, an absolute path.

        Lambda trusts the result without looking at the times of files, which zipping changes. The path of `folder` is
        left out, so that the same sources give the same bytes. Raises BytecodeError when a module does not compile.
        """
        command = [str(self.interpreter), "-s", "-m", "compileall", "-q", "-j", "0"]
        command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", deployed, str(folder)]
        own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        # Sets of constants are written in the order of their hashes.
        ended = subprocess.run(  # noqa: S603  # an interpreter that was asked who it is
            command,
            env={**own, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise BytecodeError(f"{folder} does not compile: {ended.stdout}{ended.stderr}")
        self.check(folder)

    def check(self, folder: Path) -> None:
        """Raise BytecodeError unless every module below `folder` has bytecode, and all of it is of this Python."""
        modules = {str(path) for path in folder.rglob("*.py")}
        for path in folder.rglob("*.pyc"):
            head = path.read_bytes()[:8]
            if head != self.magic + _UNCHECKED_HASH:
                raise BytecodeError(f"{path} is not bytecode of Python {self.python} without a time")
            modules.discard(str(path.parent.parent / f"{path.name.split('.', 1)[0]}.py"))
        if modules:
            raise BytecodeError(f"no bytecode for {', '.join(sorted(modules)[:5])}")


def check_absent(folder: Path) -> None:
    """Raise BytecodeError when there is bytecode below `folder`."""
    for path in folder.rglob("*.pyc"):
        raise BytecodeError(f"{path} is bytecode of nobody knows which Python")


@cache
def compiler_for(python: str) -> Compiler | None:
    """Find a Python of that version (`3.13`): the one that runs, on the PATH or in pyenv's folder; or else None."""
    for interpreter in _candidates(python):
        found = _asked(interpreter)
        if found is not None and found.python == python:
            return found
    return None


def _candidates(python: str) -> Iterator[Path]:
    yield Path(sys.executable)
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        found = shutil.which(f"python{python}", path=folder) if folder else None
        if found is not None:
            yield Path(found)
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from sorted(versions.glob(f"{python}.*/bin/python{python}"), key=_patch, reverse=True)


def _patch(interpreter: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", interpreter.parents[1].name)]


def _asked(interpreter: Path) -> Compiler | None:
    """Who it really is: a version manager's placeholder is on the PATH, too."""
    try:
        asked = subprocess.run(  # noqa: S603  # a program of that name
            [str(interpreter), "-I", "-c", _ASK], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    if asked.returncode != 0:
        return None
    version, magic = asked.stdout.split()
    return Compiler(interpreter, version, bytes.fromhex(magic))
