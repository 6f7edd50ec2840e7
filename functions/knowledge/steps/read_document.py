"""Reads an object and cuts it into chunks, in a process of its own that is bounded in memory and time."""

from __future__ import annotations

from typing import Any

from functions.knowledge.extraction.child import read_and_cut
from functions.knowledge.uploads.reading import read
from functions.knowledge.uploads.states import Work
from shared.bootstrap import container
from shared.observability import observed


@observed("knowledge.read_document")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Read the version that was claimed. Raises Unreadable."""
    del context
    return read(container(), Work.parse(event), read_and_cut)
