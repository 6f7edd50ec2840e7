"""Trees of wheels for a target, without Docker and without running any of them."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.assembly.bytecode import check_absent
from infra.assembly.code_asset import rename_into_place
from infra.assembly.layers.pins import ROOT, pins_for
from infra.assembly.layers.target import DEPLOYED, Target

BUILD = ROOT / "build"
MOUNT = "/opt"
"""Where Lambda unpacks layers."""
_RECIPE = "3"
"""Changes when the same pins come to be built differently."""
_AT_A_TIME = 2
_COMMAND = re.compile(r"(\.\./)*bin/")


def build(layer: str, into: Path = BUILD, target: Target = DEPLOYED) -> Path:
    """Build a layer and return its folder; see `build_tree`."""
    return build_tree(f"layer-{layer}", pins_for(layer, target), into, target)


def build_all(
    layers: Iterable[str],
    into: Path = BUILD,
    target: Target = DEPLOYED,
    done: Callable[[str, Path], None] = lambda _name, _folder: None,
) -> Mapping[str, Path]:
    """Build layers, two at a time; tell `done` of each, in order."""
    names = list(layers)
    folders: dict[str, Path] = {}
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        for name, folder in zip(names, pool.map(lambda name: build(name, into, target), names), strict=True):
            folders[name] = folder
            done(name, folder)
    return folders


def build_tree(name: str, pins: Sequence[str], into: Path, target: Target) -> Path:
    """Install wheels into `<into>/<name>-<hash>/python` and return the folder above; the same recipe is built once.

    The hash is that of the pins, of the target and of whether there is bytecode; the same hash is the same content,
    to the byte. Needs the package index the first time. Raises CalledProcessError when a wheel is missing,
    BytecodeError when a module does not compile.
    """
    compiler = target.compiler
    magic = compiler.magic.hex() if compiler is not None else "sources"
    recipe = "\0".join([_RECIPE, target.python, magic, *target.platforms, *pins])
    folder = into / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}"
    if folder.exists():
        return folder
    into.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=into))
    try:
        _install(pins, aside / "python", target)
        check_absent(aside)
        if compiler is not None:
            compiler.compile(aside, MOUNT)
        else:
            print(f"no Python {target.python}: {name} has no bytecode, cold starts double", file=sys.stderr)
        aside.chmod(0o755)
        rename_into_place(aside, folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return folder


def _install(pins: Sequence[str], folder: Path, target: Target) -> None:
    platforms = [argument for platform in target.platforms for argument in ("--platform", platform)]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += [*platforms, "--python-version", target.python, "--implementation", "cp"]
    # The list is complete and exact; bytecode of the Python that installs would be the wrong one.
    # Older pips hold what a package says of Python against the one that installs: the pins are of the target.
    command += [
        "--only-binary=:all:",
        "--no-deps",
        "--no-compile",
        "--no-warn-conflicts",
        "--ignore-requires-python",
    ]
    command += ["--root-user-action", "ignore", "--target", str(folder), *pins]
    subprocess.run(command, check=True)  # noqa: S603  # our own interpreter, arguments from this repository
    _leave_out_commands(folder)


def _leave_out_commands(folder: Path) -> None:
    """Remove the commands of the packages, and the lists' lines about them: both hold the path of our interpreter."""
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for path in folder.glob("*.dist-info/RECORD"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not _COMMAND.match(line)]
        path.write_text("".join(kept), encoding="utf-8")
