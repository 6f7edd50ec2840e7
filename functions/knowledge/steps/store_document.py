"""Writes the rows of a document, its points, and that it is indexed."""

from __future__ import annotations

from typing import Any

from functions.knowledge.uploads.states import Work
from functions.knowledge.uploads.storing import store
from shared.bootstrap import container
from shared.observability import observed


@observed("knowledge.store_document")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Store what was read."""
    del context
    return store(container(), Work.parse(event))
