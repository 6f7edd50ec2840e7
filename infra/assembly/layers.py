"""Layers: what each holds, pinned, and how it is built for arm64 without Docker.

A layer is a folder `layers/<name>/`: `requirements.in` names what functions import, `requirements.txt` is everything
that needs, at the versions of `layers/lock/run.txt` for Python 3.13 on arm64 Linux. Every function has the layer
`core`, so the others leave out what it holds.

    python -m infra.assembly.layers pin      writes every requirements.txt
    python -m infra.assembly.layers build    fills build/layer-<name>-<hash>/python
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.assembly.code_asset import rename_into_place
from infra.catalog import Function

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "layers"
LOCK = FOLDER / "lock" / "run.txt"
BUILD = ROOT / "build"
BASE = "core"
PYTHON = "3.13"
PLATFORMS = ("manylinux2014_aarch64", "manylinux_2_28_aarch64")
# What Lambda takes: a function and its layers, unzipped.
LIMIT_BYTES = 250 * 1024 * 1024

TARGET_MARKERS = {
    "implementation_name": "cpython",
    "implementation_version": "3.13.0",
    "os_name": "posix",
    "platform_machine": "aarch64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.13.0",
    "python_version": PYTHON,
    "sys_platform": "linux",
    "extra": "",
}


def layer_names(folder: Path = FOLDER) -> list[str]:
    """Every layer, the base first."""
    names = sorted(path.parent.name for path in folder.glob("*/requirements.in"))
    return [BASE, *(name for name in names if name != BASE)]


def _requirements(text: str) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line]


def _applies(requirement: Requirement, extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**TARGET_MARKERS, "extra": extra})


def locked_versions(lock: Path = LOCK) -> dict[str, str]:
    """Canonical name → the exact version that the lock gives to Lambda's Python."""
    return {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement in _requirements(lock.read_text(encoding="utf-8"))
        if _applies(requirement)
    }


def _needs(name: str, extras: set[str]) -> list[Requirement]:
    """What an installed distribution asks for on the target."""
    declared = [Requirement(text) for text in metadata.requires(name) or ()]
    return [need for need in declared if any(_applies(need, extra) for extra in {"", *extras})]


def closure(layer: str, folder: Path = FOLDER) -> set[str]:
    """Canonical names of all that `requirements.in` needs, down to the leaves."""
    seen: dict[str, set[str]] = {}
    waiting = _requirements((folder / layer / "requirements.in").read_text(encoding="utf-8"))
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), set(requirement.extras)
        if name in seen and extras <= seen[name]:
            continue
        seen[name] = seen.get(name, set()) | extras
        waiting += _needs(name, seen[name])
    return set(seen)


def pinned(layer: str, versions: Mapping[str, str], folder: Path = FOLDER) -> list[str]:
    """The lines of the layer's requirements.txt. Raises KeyError for a package that the lock does not have."""
    names = closure(layer, folder)
    if layer != BASE:
        names -= closure(BASE, folder)
    return [f"{name}=={versions[name]}" for name in sorted(names)]


def pin_all(folder: Path = FOLDER, lock: Path = LOCK) -> None:
    """Write every requirements.txt."""
    versions = locked_versions(lock)
    for layer in layer_names(folder):
        pins = "\n".join(pinned(layer, versions, folder))
        text = f"# Written by `python -m infra.assembly.layers pin`.\n{pins}\n"
        (folder / layer / "requirements.txt").write_text(text, encoding="utf-8")


@cache
def _distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def importable_modules(layer: str, folder: Path = FOLDER) -> set[str]:
    """The top-level modules that the layer's distributions bring."""
    text = (folder / layer / "requirements.txt").read_text(encoding="utf-8")
    held = {canonicalize_name(requirement.name) for requirement in _requirements(text)}
    return {
        module
        for module, distributions in _distributions().items()
        if any(canonicalize_name(distribution) in held for distribution in distributions)
    }


def build(layer: str, into: Path = BUILD) -> Path:
    """Install the layer's wheels for the target and return its folder; a build of the same pins is reused.

    Needs the package index on the first build. Raises subprocess.CalledProcessError when a wheel is missing.
    """
    requirements = FOLDER / layer / "requirements.txt"
    interpreter = shutil.which(f"python{PYTHON}")
    compiled = interpreter is not None and _runs(interpreter)
    recipe = requirements.read_bytes() + "\0".join([*PLATFORMS, PYTHON, str(compiled)]).encode()
    target = into / f"layer-{layer}-{hashlib.sha256(recipe).hexdigest()[:16]}"
    if target.exists():
        return target
    into.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f"layer-{layer}-", dir=into))
    try:
        _install(requirements, aside / "python")
        if compiled:
            _compile(str(interpreter), aside / "python")
        else:
            print(
                f"no Python {PYTHON} here: layer {layer} has no bytecode, cold starts double", file=sys.stderr
            )
    except BaseException:
        shutil.rmtree(aside)
        raise
    aside.chmod(0o755)
    rename_into_place(aside, target)
    return target


def _install(requirements: Path, target: Path) -> None:
    platforms = [argument for platform in PLATFORMS for argument in ("--platform", platform)]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += [*platforms, "--python-version", PYTHON, "--implementation", "cp", "--only-binary=:all:"]
    # The list is complete and exact; bytecode of another Python would be useless and double the time of an import.
    command += ["--no-deps", "--no-compile", "--target", str(target), "--requirement", str(requirements)]
    subprocess.run(command, check=True)  # noqa: S603  # our own interpreter, arguments from this repository
    shutil.rmtree(target / "bin", ignore_errors=True)


def _runs(interpreter: str) -> bool:
    """Whether it really is that Python: a version manager's placeholder is on the path, too."""
    asked = subprocess.run([interpreter, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return asked.returncode == 0 and asked.stdout.startswith(f"Python {PYTHON}.")


def _compile(interpreter: str, folder: Path) -> None:
    """Bytecode that Lambda trusts without looking at the times of files, which zipping changes."""
    command = [
        interpreter,
        "-m",
        "compileall",
        "-q",
        "-j",
        "0",
        "--invalidation-mode",
        "unchecked-hash",
        str(folder),
    ]
    subprocess.run(command, check=False)  # noqa: S603  # templates inside packages need not compile


def unzipped_bytes(folder: Path) -> int:
    """How much of Lambda's limit the folder takes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def check_sizes(functions: Iterable[Function], folders: Mapping[str, Path], code: Path) -> None:
    """Raise ValueError for a function that, with its layers, is more than Lambda takes."""
    sizes = {name: unzipped_bytes(folder) for name, folder in folders.items()}
    own = unzipped_bytes(code)
    for function in functions:
        total = own + sum(sizes[layer] for layer in function.layers)
        if total > LIMIT_BYTES:
            raise ValueError(f"{function.name}: {total} bytes with its layers, Lambda takes {LIMIT_BYTES}")


def main(arguments: list[str] | None = None) -> None:
    """Pin or build every layer."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.assembly.layers", description="Pin or build the layers."
    )
    parser.add_argument("command", choices=["pin", "build"])
    if parser.parse_args(arguments).command == "pin":
        pin_all()
        return
    for layer in layer_names():
        folder = build(layer)
        print(f"{layer:12}{unzipped_bytes(folder) / 1e6:8.1f} MB  {folder.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
