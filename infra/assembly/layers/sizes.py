"""How much of Lambda's limit a function takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from infra.catalog import Function

# What Lambda takes: a function and its layers, unzipped.
LIMIT_BYTES = 250 * 1024 * 1024


def unzipped_bytes(folder: Path) -> int:
    """How much of Lambda's limit the folder takes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def biggest_packages(layer: Path, most: int = 4) -> list[tuple[str, int]]:
    """The biggest packages below `<layer>/python` with their bytes; a wheel's libraries count as its own."""
    sizes: dict[str, int] = {}
    for path in (layer / "python").iterdir():
        name = path.name.removesuffix(".libs").removesuffix(".py")
        size = unzipped_bytes(path) if path.is_dir() else path.stat().st_size
        sizes[name] = sizes.get(name, 0) + size
    return sorted(sizes.items(), key=lambda found: (-found[1], found[0]))[:most]


def function_bytes(function: Function, layers: Mapping[str, int], code: int) -> int:
    """The bytes of a function with its layers. `layers`: those of each layer; `code`: those of its code."""
    return code + sum(layers[name] for name in function.layers)


def check_sizes(functions: Iterable[Function], folders: Mapping[str, Path], code: Path) -> None:
    """Raise ValueError for a function that, with its layers, is more than Lambda takes."""
    sizes = {name: unzipped_bytes(folder) for name, folder in folders.items()}
    own = unzipped_bytes(code)
    for function in functions:
        total = function_bytes(function, sizes, own)
        if total > LIMIT_BYTES:
            raise ValueError(f"{function.name}: {total} bytes with its layers, Lambda takes {LIMIT_BYTES}")
