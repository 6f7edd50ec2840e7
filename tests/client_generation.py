"""The typed Python client that openapi-python-client writes from the OpenAPI document.

`python -m tests.client_generation` writes it to build/client, as a package to install; the end-to-end tests use one
of their own, which is written anew whenever the document changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from infra.assembly.code_asset import rename_into_place
from infra.openapi.__main__ import text

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
PACKAGE = "roboagency_client"
_CONFIG = {
    "project_name_override": "roboagency-client",
    "package_name_override": PACKAGE,
    "post_hooks": [],
}


def generate(document: str, target: Path, meta: str) -> None:
    """Write a client into a folder. meta: `none` writes the package alone. Raises CalledProcessError.

    Whatever of the document the generator would leave out is an error.
    """
    with tempfile.TemporaryDirectory(prefix="robo-client-") as name:
        folder = Path(name)
        (folder / "openapi.json").write_text(document, encoding="utf-8")
        (folder / "config.json").write_text(json.dumps(_CONFIG), encoding="utf-8")
        arguments = ["--path", "openapi.json", "--config", "config.json", "--meta", meta]
        subprocess.run(
            [
                *(sys.executable, "-m", "openapi_python_client", "generate", *arguments),
                *("--output-path", str(target.absolute()), "--overwrite", "--fail-on-warning"),
            ],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )


def client_folder() -> Path:
    """Return a folder to import the client of the present document from; it is written once."""
    document = text()
    seed = f"{version('openapi-python-client')}\n{document}"
    target = BUILD / f"client-{hashlib.sha256(seed.encode()).hexdigest()[:16]}"
    if not target.exists():
        BUILD.mkdir(exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix="client-", dir=BUILD))
        generate(document, aside / PACKAGE, "none")
        # A package says so to type checkers.
        (aside / PACKAGE / "py.typed").touch()
        rename_into_place(aside, target)
    return target


def main() -> None:
    """Write the client for others to build/client."""
    target = BUILD / "client"
    generate(text(), target, "uv")
    print(f"{os.path.relpath(target)}: pip install ./{os.path.relpath(target)}")


if __name__ == "__main__":
    main()
