"""Claims the document of a key, looks at its object and decides what is to be done."""

from __future__ import annotations

from typing import Any

from functions.knowledge.uploads.looking import look
from functions.knowledge.uploads.states import Hint
from shared.bootstrap import container
from shared.observability import observed


@observed("knowledge.look_at_object")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Say what is to be done about the key of `{key, again}`."""
    del context
    return look(container(), Hint.parse(event))
