"""What each layer holds, exactly: the closure of its `requirements.in` at the versions of a lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.assembly.layers.target import DEPLOYED, Target

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "layers"
LOCK = FOLDER / "lock" / "run.txt"
BASE = "core"


def layer_names(folder: Path = FOLDER) -> list[str]:
    """Every layer, the base first."""
    names = sorted(path.parent.name for path in folder.glob("*/requirements.in"))
    return [BASE, *(name for name in names if name != BASE)]


def parsed(text: str) -> list[Requirement]:
    """The requirements of a file, without its comments."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line]


def _applies(requirement: Requirement, target: Target, extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**target.markers, "extra": extra})


def locked_versions(lock: Path = LOCK, target: Target = DEPLOYED) -> dict[str, str]:
    """Canonical name → the exact version that the lock gives to the target's Python."""
    return {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement in parsed(lock.read_text(encoding="utf-8"))
        if _applies(requirement, target)
    }


def _needs(name: str, extras: set[str], target: Target) -> list[Requirement]:
    """What an installed distribution asks for on the target."""
    declared = [Requirement(text) for text in metadata.requires(name) or ()]
    return [need for need in declared if any(_applies(need, target, extra) for extra in {"", *extras})]


def closure(wanted: Iterable[Requirement], target: Target = DEPLOYED) -> set[str]:
    """Canonical names of all that requirements need, down to the leaves.

    Read from the metadata of what is installed here. Raises PackageNotFoundError for what is not.
    """
    seen: dict[str, set[str]] = {}
    waiting = list(wanted)
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), set(requirement.extras)
        if name in seen and extras <= seen[name]:
            continue
        seen[name] = seen.get(name, set()) | extras
        waiting += _needs(name, seen[name], target)
    return set(seen)


def _layer_closure(layer: str, folder: Path, target: Target) -> set[str]:
    return closure(parsed((folder / layer / "requirements.in").read_text(encoding="utf-8")), target)


def at_versions(names: Iterable[str], versions: Mapping[str, str]) -> list[str]:
    """`name==version`, in order. Raises KeyError for a package that the lock does not have."""
    return [f"{name}=={versions[name]}" for name in sorted(names)]


def pinned(
    layer: str, versions: Mapping[str, str], folder: Path = FOLDER, target: Target = DEPLOYED
) -> list[str]:
    """The lines of the layer's requirements.txt. Raises KeyError for a package that the lock does not have."""
    names = _layer_closure(layer, folder, target)
    if layer != BASE:
        names -= _layer_closure(BASE, folder, target)
    return at_versions(names, versions)


def pin_all(folder: Path = FOLDER, lock: Path = LOCK) -> None:
    """Write every requirements.txt, for what is deployed."""
    versions = locked_versions(lock)
    for layer in layer_names(folder):
        pins = "\n".join(pinned(layer, versions, folder))
        text = f"# Written by `python -m infra.assembly.layers pin`.\n{pins}\n"
        (folder / layer / "requirements.txt").write_text(text, encoding="utf-8")


def pins_for(layer: str, target: Target) -> list[str]:
    """The pins of a layer: those in the repository for what is deployed, the same recipe at the lock's versions of
    another target otherwise.
    """
    if target == DEPLOYED:
        return [str(one) for one in parsed((FOLDER / layer / "requirements.txt").read_text(encoding="utf-8"))]
    return pinned(layer, locked_versions(target=target), target=target)


@cache
def _distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def importable_modules(layer: str, folder: Path = FOLDER) -> set[str]:
    """The top-level modules that the layer's distributions bring."""
    held = {
        canonicalize_name(requirement.name)
        for requirement in parsed((folder / layer / "requirements.txt").read_text(encoding="utf-8"))
    }
    return {
        module
        for module, distributions in _distributions().items()
        if any(canonicalize_name(distribution) in held for distribution in distributions)
    }
