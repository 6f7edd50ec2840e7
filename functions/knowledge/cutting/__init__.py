"""Cuts what was read into chunks by its structure: headings, functions and classes, keys and items."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from functions.knowledge.chunk import Chunk
from functions.knowledge.collections import collection_named
from functions.knowledge.cutting.definitions import cut_definition
from functions.knowledge.cutting.markdown import cut_markdown
from functions.knowledge.cutting.source import cut_source
from functions.knowledge.cutting.text import CHUNK_CHARACTERS, shortened, storable
from functions.knowledge.extraction.readable import Definition, Prose, Readable, SourceCode

__all__ = ["CHUNK_CHARACTERS", "cut"]

_PLACES = ("page", "first_line", "last_line")
# What is documented of each collection and can be found in a file; the rest is said of the file by who uploads it.
# `relevance_score` of knowledge_base is how well an answer fits its question, so searches have it and points do not.
_FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "code_embeddings": ("function_name", "language", "imports", "complexity"),
        "code_patterns": ("pattern_name", "tags"),
        "knowledge_base": ("title", "tags"),
        "marketing_knowledge": ("tags",),
    }
)
_LANGUAGES = {
    "text/markdown": "markdown",
    "text/html": "html",
    "application/json": "json",
    "application/yaml": "yaml",
}
_TITLE_CHARACTERS = 300


def cut(readable: Readable, collection: str) -> list[Chunk]:
    """Return the chunks of what was read, in the order of the document; none for one that says nothing.

    Each has 1 to CHUNK_CHARACTERS characters that a row can hold, and is not blank. Its payload holds the documented
    fields of the collection that are found in the document, and its place (`page`, `first_line`, `last_line`).
    The same document gives the same chunks. Raises Invalid for an unknown collection.
    """
    wanted = (*_FIELDS.get(collection_named(collection).name, ()), *_PLACES)
    of_document, chunks = _cut(readable)
    made = []
    for chunk in chunks:
        found = {**of_document, "pattern_name": chunk.payload.get("function_name", ""), **chunk.payload}
        found["pattern_name"] = found["pattern_name"] or of_document.get("title", "")
        payload = {name: found[name] for name in wanted if found.get(name) not in (None, "", [])}
        made.append(Chunk(chunk.text, chunk.heading, payload))
    return made


def _cut(readable: Readable) -> tuple[dict[str, Any], list[Chunk]]:
    """What is known of the whole document, and its chunks with what is known of each."""
    match readable:
        case Prose(media_type, title, markdown):
            known = {"title": _title(title), "language": _LANGUAGES.get(media_type, "text")}
            return known, cut_markdown(storable(markdown))
        case SourceCode(_, language, text):
            return {}, cut_source(language, storable(text))
        case Definition(media_type, title, text):
            kind = media_type.partition(";")[0]
            known = {"title": _title(title), "language": _LANGUAGES.get(kind, "text")}
            return known, cut_definition(media_type, storable(text))


def _title(title: str) -> str:
    return shortened(storable(title), _TITLE_CHARACTERS)
