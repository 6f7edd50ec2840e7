"""Read a version of an object: its bytes become chunks. No table, no vectors: only the bucket, and a process that is
bounded in memory and time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from functions.knowledge.chunk import Chunk
from functions.knowledge.extraction.limits import MAX_OBJECT_BYTES
from functions.knowledge.uploads.states import ReadChunk, Reading, Work
from shared.bootstrap import Container


class Read(Protocol):
    """What is found in a file."""

    @property
    def media_type(self) -> str:
        """What the file is."""

    @property
    def title(self) -> str:
        """What it calls itself; may be blank."""

    @property
    def chunks(self) -> Sequence[Chunk]:
        """Its chunks, in order."""


def read(own: Container, todo: Work, reader: Callable[[bytes, str, str], Read]) -> dict[str, Any]:
    """Put what a version holds into the hand-over bucket and return where it lies.

    reader: given the bytes, the document's name and its collection; raises Unreadable.
    Bytes that the rows know already are not read again. Raises Unreadable; NotFound when the version is gone, which
    another look explains; otherwise as the store does.
    """
    body = own.objects.get(own.storage.knowledge_bucket, todo.key, todo.version, max_bytes=MAX_OBJECT_BYTES)
    digest = hashlib.sha256(body).hexdigest()
    if digest == todo.content_hash:
        return todo.model_copy(update={"next": "store"}).dumped()
    found = reader(body, todo.name, todo.collection)
    reading = Reading(
        media_type=found.media_type,
        title=found.title,
        content_hash=digest,
        chunks=[ReadChunk(text=c.text, heading=c.heading, payload=dict(c.payload)) for c in found.chunks],
    )
    key = reading_key(todo)
    text = json.dumps(reading.dumped(), ensure_ascii=False)
    own.objects.put(own.storage.handoff_bucket, key, text.encode(), "application/json")
    return todo.model_copy(update={"next": "store", "reading": key}).dumped()


def reading_key(todo: Work) -> str:
    """Return where what was read waits to be stored; one place for each claim, so that nobody takes another's."""
    return f"knowledge/{todo.tenant_id}/{todo.address.document_id}/{todo.claim}.json"
