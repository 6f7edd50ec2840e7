"""Which operations need a body, as the document in the repository says: nothing of the functions is imported."""

from __future__ import annotations

import json
from pathlib import Path

_FILE = Path(__file__).resolve().parents[2] / "functions" / "portal" / "openapi.json"


def with_required_body(file: Path = _FILE) -> dict[str, tuple[str, ...]]:
    """The media types of the body, by operation; one whose body may be left out is not among them."""
    document = json.loads(file.read_text(encoding="utf-8"))
    return {
        operation["operationId"]: tuple(operation["requestBody"]["content"])
        for path in document["paths"].values()
        for operation in path.values()
        if operation.get("requestBody", {}).get("required")
    }
