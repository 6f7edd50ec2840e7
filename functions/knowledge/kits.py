"""The files of a kit in the vector engine: documents as passages, source code by file.

The rows are written first and say what is indexed where; the points are made from them, the first time as at every
rebuild.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from functions.knowledge.address import document_id
from functions.knowledge.chunk import Chunk
from functions.knowledge.chunking import chunk_text
from functions.knowledge.collections import CODE_EMBEDDINGS, DOC_CHUNKS, Collection
from shared.models.asset import Asset

__all__ = ["KitFile", "Place", "document_id", "kit_file", "place_of"]

_LANGUAGES = {".py": "python", ".toml": "toml", ".yml": "yaml"}
_DOCUMENTS = (".md", ".json")


@dataclass(frozen=True)
class Place:
    """Where a file of a kit is indexed: the name and the payload of its document in a collection."""

    collection: Collection
    name: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class KitFile:
    """A file of a kit that is to be found by its chunks."""

    asset: Asset
    place: Place
    chunks: list[Chunk]


def place_of(asset: Asset) -> Place | None:
    """Return where a file is indexed; None for what is not (pictures, film, archive)."""
    suffix = PurePosixPath(asset.path).suffix
    name = f"{asset.project_id}/{asset.path}"
    if asset.path.startswith("project/"):
        if suffix not in _LANGUAGES:
            return None
        payload = {
            "project_id": str(asset.project_id),
            "file_path": asset.path.removeprefix("project/"),
            "language": _LANGUAGES[suffix],
            "last_modified": asset.created_at.isoformat(),
        }
        return Place(CODE_EMBEDDINGS, name, payload)
    if asset.path.startswith("docs/") and suffix in _DOCUMENTS:
        payload = {
            "project_id": str(asset.project_id),
            "doc_type": PurePosixPath(asset.path).stem,
        }
        return Place(DOC_CHUNKS, name, payload)
    return None


def kit_file(asset: Asset, read: Callable[[Asset], bytes]) -> KitFile | None:
    """Return a file cut into chunks; None, without reading it, for what is not indexed."""
    place = place_of(asset) if _is_text(asset) else None
    if place is None:
        return None
    return KitFile(asset, place, [Chunk(text) for text in chunk_text(read(asset).decode())])


def _is_text(asset: Asset) -> bool:
    return asset.content_type.startswith("text/") or asset.content_type == "application/json"
