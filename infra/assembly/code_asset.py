"""The code every function is deployed with: `functions/` and `shared/`, and nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("functions", "shared")
_LEFT_OUT_FOLDERS = {"__pycache__", "tests", ".mypy_cache", ".ruff_cache"}
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


def assemble_code(build: Path, root: Path = ROOT) -> Path:
    """Copy the asset to `build/code-<hash>` and return that folder; one that is there already is reused."""
    files = list(code_files(root))
    target = build / f"code-{content_hash(root, files)}"
    if target.exists():
        return target
    build.mkdir(parents=True, exist_ok=True)
    # Built aside and renamed, so that a folder of that name is always whole, however many processes build it.
    aside = Path(tempfile.mkdtemp(prefix="code-", dir=build))
    for relative in files:
        (aside / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / relative, aside / relative)
    aside.chmod(0o755)
    rename_into_place(aside, target)
    return target


def rename_into_place(aside: Path, target: Path) -> None:
    """Rename a finished folder to its name; when another process was faster, drop ours."""
    try:
        os.rename(aside, target)
    except OSError:
        if not target.exists():
            raise
        shutil.rmtree(aside)
