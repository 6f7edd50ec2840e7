"""The name of a release: what is deployed, told apart by its content.

Every function carries it in its description, which a published version keeps. So each release publishes a version of
every function, also of those whose own code did not change, and whoever rolls back finds the versions that belong
together. The same sources give the same name: deploying them again changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from infra.assembly.code_asset import ROOT, content_hash
from infra.assembly.stage import Stage
from infra.catalog import Catalog

_LENGTH = 12
_MARK = re.compile(rf" \(release ([0-9a-f]{{{_LENGTH}}})\)$")


def release_name(code: Path, layers: Mapping[str, Path], catalog: Catalog, stage: Stage) -> str:
    """Twelve hex digits that change with the code, the layers, the catalog, the stage and how functions are made.

    code and layers: folders whose names change with their content, as `assemble_code` and the building of layers
    leave them.
    """
    made_by = sorted(
        path.relative_to(ROOT)
        for folder in ("constructs", "stacks")
        for path in (ROOT / "infra" / folder).glob("*.py")
    )
    parts = [
        code.name,
        *(f"{name}={folder.name}" for name, folder in sorted(layers.items())),
        repr(catalog),
        stage.model_dump_json(),
        content_hash(ROOT, made_by),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_LENGTH]


def with_release(purpose: str, release: str) -> str:
    """The description of a function: `Takes an idea (release 0123456789ab)`."""
    return f"{purpose} (release {release})"


def release_of(description: str) -> str:
    """The release that a description names; empty when it names none."""
    found = _MARK.search(description)
    return found[1] if found else ""
