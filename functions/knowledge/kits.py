"""The files of a kit in the vector engine: documents by their headings, source code by its functions.

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
from functions.knowledge.collections import CODE_EMBEDDINGS, DOC_CHUNKS, Collection
from functions.knowledge.cutting import cut
from functions.knowledge.extraction.readable import Definition, Prose, Readable, SourceCode
from shared.models.asset import Asset

__all__ = ["KitFile", "Place", "document_id", "kit_file", "place_of"]

_DATA = {".json": "application/json", ".yaml": "application/yaml", ".yml": "application/yaml"}
# What generated projects are written in.
_LANGUAGES = {
    ".css": "css",
    ".html": "html",
    ".js": "javascript",
    ".py": "python",
    ".sh": "bash",
    ".sql": "sql",
    ".toml": "toml",
    ".ts": "typescript",
    ".tsx": "tsx",
    ".yaml": "yaml",
    ".yml": "yaml",
}
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
    return KitFile(asset, place, cut(_readable(asset, read(asset).decode()), place.collection.name))


def _readable(asset: Asset, text: str) -> Readable:
    """What a file of a kit is: the house wrote it, so its name tells."""
    suffix = PurePosixPath(asset.path).suffix
    if suffix in _DATA:
        return Definition(_DATA[suffix], "", text)
    if suffix in _LANGUAGES:
        return SourceCode(asset.content_type, _LANGUAGES[suffix], text)
    return Prose("text/markdown", "", text)


def _is_text(asset: Asset) -> bool:
    return asset.content_type.startswith("text/") or asset.content_type == "application/json"
