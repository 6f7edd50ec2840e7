"""A chunk: the part of a document that is embedded and found on its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Chunk:
    """A row of knowledge.chunks before it has a place. text: what is embedded and shown, never blank.

    heading: where in its document it stands, outermost first (`Payments > Refunds`, `class Quota > settle`); may be
    blank. payload: what is known of this chunk beside what is known of its document, in the documented fields of its
    collection (`function_name`, `imports`, `complexity`) and as places (`first_line`, `last_line`, `page`).
    """

    text: str
    heading: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
