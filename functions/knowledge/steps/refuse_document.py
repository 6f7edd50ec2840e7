"""Puts a version that cannot be read into quarantine."""

from __future__ import annotations

from typing import Any

from functions.knowledge.uploads.states import Work
from functions.knowledge.uploads.storing import refuse
from shared.bootstrap import container
from shared.observability import observed


@observed("knowledge.refuse_document")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Keep why the version cannot be read."""
    del context
    return refuse(container(), Work.parse(event))
