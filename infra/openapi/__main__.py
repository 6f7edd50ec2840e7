"""Writes `functions/portal/openapi.json`, which the API serves: the contract of every operation.

python -m infra.openapi
"""

from __future__ import annotations

import json
from pathlib import Path

from infra.catalog import CATALOG, Catalog
from infra.openapi.document import document

FILE = Path(__file__).resolve().parents[2] / "functions" / "portal" / "openapi.json"


def text(catalog: Catalog = CATALOG) -> str:
    """Return the document as the file holds it."""
    return json.dumps(document(catalog), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file."""
    FILE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
