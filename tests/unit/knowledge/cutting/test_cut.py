"""What was read becomes chunks with what its collection documents."""

from __future__ import annotations

from typing import Any

import pytest

from functions.knowledge.collections import COLLECTIONS
from functions.knowledge.cutting import cut
from functions.knowledge.extraction.readable import Definition, Prose, Readable, SourceCode
from shared.errors import Invalid
from shared.models.base import refuse_unstorable

PROSE = Prose("application/pdf", "The handbook", "<!-- page 4 -->\n# Quota\n\nA right to fish.")
CODE = SourceCode("text/x-python", "python", "import os\n\n\ndef settle(due):\n    return due or os.name\n")
DATA = Definition("application/json", "Prices", '{"name": "Prices", "tonnes": 3}')
LINES = {"first_line": 4, "last_line": 5}


@pytest.mark.parametrize(
    ("readable", "collection", "payload"),
    [
        (PROSE, "doc_chunks", {"page": 4}),
        (PROSE, "knowledge_base", {"title": "The handbook", "page": 4}),
        (PROSE, "code_patterns", {"pattern_name": "The handbook", "page": 4}),
        (PROSE, "marketing_knowledge", {"page": 4}),
        (PROSE, "code_embeddings", {"language": "text", "page": 4}),
        (
            CODE,
            "code_embeddings",
            {"function_name": "settle", "language": "python", "imports": ["os"], "complexity": 2, **LINES},
        ),
        (CODE, "code_patterns", {"pattern_name": "settle", **LINES}),
        (CODE, "knowledge_base", LINES),
        (DATA, "code_embeddings", {"language": "json", "first_line": 1, "last_line": 1}),
        (DATA, "knowledge_base", {"title": "Prices", "first_line": 1, "last_line": 1}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_chunk_says_what_its_collection_documents(
    readable: Readable, collection: str, payload: dict[str, Any]
) -> None:
    assert cut(readable, collection)[-1].payload == payload


def test_every_collection_can_be_cut_for() -> None:
    for name in COLLECTIONS:
        assert [chunk.text for chunk in cut(PROSE, name)] == ["# Quota\n\nA right to fish."]


def test_an_unknown_collection_is_refused() -> None:
    with pytest.raises(Invalid, match="no collection"):
        cut(PROSE, "gossip")


@pytest.mark.parametrize(
    "readable",
    [
        Prose("text/plain", "Ti\x00tle", "# Quo\x00ta\x0c\r\n\r\nA\ud800 right\x7f."),
        SourceCode("text/x-python", "python", "def set\x00tle():\r\n  return '\udfff\x1b'\r"),
        Definition("application/json", "a\x01", '{"po\x00rt": "\ud83c", "end": "\\u0000"}'),
    ],
    ids=["prose", "code", "definition"],
)
@pytest.mark.parametrize("collection", ["knowledge_base", "code_embeddings"])
def test_a_row_can_hold_every_chunk(readable: Readable, collection: str) -> None:
    (chunk,) = cut(readable, collection)

    for text in (chunk.text, chunk.heading, *(str(value) for value in chunk.payload.values())):
        assert refuse_unstorable(text) == text
