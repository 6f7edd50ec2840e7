"""`make layers`: what the layers and functions weigh on Lambda, and what importing each handler takes here."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from infra.assembly.bytecode import compiler_for
from infra.assembly.code_asset import assemble_code
from infra.assembly.layers.build import build_all
from infra.assembly.layers.imports import Imported, measure
from infra.assembly.layers.pins import layer_names
from infra.assembly.layers.sizes import LIMIT_BYTES, biggest_packages, function_bytes, unzipped_bytes
from infra.assembly.layers.target import DEPLOYED, RUNTIME_PYTHON, Target, runnable
from infra.catalog import CATALOG, Catalog, Function

HEAVY = ("anthropic", "qdrant_client", "numpy", "boto3", "sqlalchemy", "alembic", "PIL", "av", "cedarpy")
"""What is worth knowing that a handler imports before anybody has asked it anything."""


@dataclass(frozen=True)
class Built:
    """Trees for a target: the code and each layer by name."""

    target: Target
    code: Path
    layers: Mapping[str, Path]

    def paths(self, function: Function) -> list[Path]:
        """What comes before the standard library for a function, in Lambda's order."""
        return [self.code, *(self.layers[name] / "python" for name in function.layers)]


def built_for(target: Target, into: Path, progress: TextIO | None = None) -> Built:
    """Build everything for a target; say on `progress` how far it is."""

    def tell(name: str, folder: Path) -> None:
        if progress is not None:
            print(f"  {target}: {name} ({folder.name})", file=progress, flush=True)

    layers = build_all(layer_names(), into, target, tell)
    code = assemble_code(into, compiler=target.compiler)
    tell("code", code)
    return Built(target, code, layers)


def unwanted(catalog: Catalog, function: Function) -> set[str]:
    """The packages that must not come when a function that answers the API is imported."""
    if function.name not in {catalog.authorizer, *(route.function for route in catalog.routes)}:
        return set()
    searches = "VectorSettings" in function.settings
    return {"anthropic"} if searches else {"anthropic", "qdrant_client"}


def faults(catalog: Catalog, sizes: Mapping[str, int], imported: Mapping[str, Imported]) -> list[str]:
    """What must not be, in sentences: too large for Lambda, or importing what it should not. By function's name."""
    found = [
        f"{name}: {size} bytes with its layers, Lambda takes {LIMIT_BYTES}"
        for name, size in sizes.items()
        if size > LIMIT_BYTES
    ]
    for function in catalog.functions:
        came = unwanted(catalog, function) & set(imported[function.name].packages)
        found += [f"{function.name}: imports {package} before anybody asked" for package in sorted(came)]
    return found


def report(into: Path, *, times: int, as_json: bool, out: TextIO = sys.stdout) -> int:
    """Build, measure and print; return the exit status: 1 when something must not be."""
    progress = sys.stderr
    lambda_trees = built_for(DEPLOYED, into, progress)
    here = built_for(runnable(), into, progress)
    compiler = compiler_for(here.target.python)
    if compiler is None:
        raise RuntimeError(f"Python {here.target.python} has gone")
    weights = {name: unzipped_bytes(folder) for name, folder in lambda_trees.layers.items()}
    code = unzipped_bytes(lambda_trees.code)
    sizes = {one.name: function_bytes(one, weights, code) for one in CATALOG.functions}
    imported: dict[str, Imported] = {}
    for number, function in enumerate(CATALOG.functions, 1):
        print(f"\r  importing {number} of {len(sizes)}", end="", file=progress, flush=True)
        imported[function.name] = measure(compiler.interpreter, function.handler, here.paths(function), times)
    print(file=progress)
    wrong = faults(CATALOG, sizes, imported)
    if as_json:
        print(json.dumps(_document(lambda_trees, here.target, sizes, imported, wrong), indent=2), file=out)
    else:
        print(_text(lambda_trees, here.target, sizes, imported), file=out)
        print(
            "\n".join(wrong) or "Nothing is too large, and nothing is imported that should not be.", file=out
        )
    return 1 if wrong else 0


def _document(
    built: Built,
    measured_on: Target,
    sizes: Mapping[str, int],
    imported: Mapping[str, Imported],
    wrong: Sequence[str],
) -> dict[str, Any]:
    return {
        "deployed": asdict(built.target),
        "measured_on": asdict(measured_on),
        "limit_bytes": LIMIT_BYTES,
        "code_bytes": unzipped_bytes(built.code),
        "layers": {
            name: {"bytes": unzipped_bytes(folder), "biggest": dict(biggest_packages(folder))}
            for name, folder in built.layers.items()
        },
        "functions": {
            one.name: {
                "bytes": sizes[one.name],
                "layers": one.layers,
                "import_seconds": imported[one.name].seconds,
                "slowest_seconds": dict(imported[one.name].slowest),
                "packages": imported[one.name].packages,
            }
            for one in CATALOG.functions
        },
        "faults": list(wrong),
    }


def _text(
    built: Built, measured_on: Target, sizes: Mapping[str, int], imported: Mapping[str, Imported]
) -> str:
    lines = [f"Layers for {built.target}", ""]
    for name, folder in built.layers.items():
        biggest = ", ".join(f"{package} {size / 1e6:.1f}" for package, size in biggest_packages(folder))
        lines.append(f"  {name:12}{unzipped_bytes(folder) / 1e6:8.1f} MB   {biggest}")
    lines.append(f"  {'code':12}{unzipped_bytes(built.code) / 1e6:8.1f} MB")
    about = "" if measured_on.python == RUNTIME_PYTHON else f"; no Python {RUNTIME_PYTHON} here"
    lines += [
        "",
        f"Functions: MB with layers on Lambda, of {LIMIT_BYTES / 1e6:.0f}; milliseconds to import the handler, "
        f"{measured_on}{about}",
        "",
    ]
    for function in CATALOG.functions:
        found = imported[function.name]
        heavy = ", ".join(name for name in HEAVY if name in found.packages) or "nothing heavy"
        slow = ", ".join(f"{package} {seconds * 1000:.0f}" for package, seconds in found.slowest)
        lines.append(
            f"  {function.name:36}{sizes[function.name] / 1e6:6.0f} MB {found.seconds * 1000:7.0f} ms   "
            f"{heavy:30} slowest: {slow}"
        )
    return "\n".join([*lines, ""])
