"""The code every function is deployed with: `functions/` and `shared/`, and nothing else but their bytecode.

Lambda's folder of code cannot be written to, so what lacks bytecode is compiled anew at every cold start.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from infra.assembly.bytecode import Compiler

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("functions", "shared")
MOUNT = "/var/task"
"""Where Lambda unpacks the code."""
# `minilm`: the word pieces of the embedding model of one machine, whose weights are in no layer.
_LEFT_OUT_FOLDERS = {"__pycache__", "tests", ".mypy_cache", ".ruff_cache", "minilm"}
_LEFT_OUT_ENDINGS = {".pyc", ".pyo"}


def code_files(root: Path = ROOT) -> Iterator[Path]:
    """The files of the asset, relative to `root`, in order."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            relative = path.relative_to(root)
            if not path.is_file() or path.suffix in _LEFT_OUT_ENDINGS:
                continue
            if _LEFT_OUT_FOLDERS.isdisjoint(relative.parts):
                yield relative


def content_hash(root: Path, files: list[Path]) -> str:
    """Sixteen hex digits that change when a path or a byte of `files` does."""
    digest = hashlib.sha256()
    for relative in files:
        content = (root / relative).read_bytes()
        digest.update(f"{relative.as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def assemble_code(build: Path, root: Path = ROOT, compiler: Compiler | None = None) -> Path:
    """Copy the asset to `build/code-<hash>` and return that folder; one that is there already is reused.

    compiler: who makes its bytecode; without one it has none. Raises BytecodeError when a module does not compile.
    """
    files = list(code_files(root))
    kind = f"-{compiler.magic.hex()}" if compiler is not None else ""
    target = build / f"code-{content_hash(root, files)}{kind}"
    if target.exists():
        return target
    build.mkdir(parents=True, exist_ok=True)
    # Built aside and renamed, so that a folder of that name is always whole, however many processes build it.
    aside = Path(tempfile.mkdtemp(prefix="code-", dir=build))
    try:
        for relative in files:
            (aside / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / relative, aside / relative)
        if compiler is not None:
            compiler.compile(aside, MOUNT)
        aside.chmod(0o755)
        rename_into_place(aside, target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return target


def rename_into_place(aside: Path, target: Path) -> None:
    """Rename a finished folder to its name; when another process was faster, drop ours."""
    try:
        os.rename(aside, target)
    except OSError:
        if not target.exists():
            raise
        shutil.rmtree(aside)
