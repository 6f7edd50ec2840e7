"""Source code: a text in one of the languages with a grammar."""

from __future__ import annotations

from functions.knowledge.extraction.characters import bounded
from functions.knowledge.extraction.readable import SourceCode


def read_code(text: str, media_type: str, language: str) -> SourceCode:
    """Return source code as it stands; whether it parses is for who cuts it. Raises Unreadable: `empty`, …"""
    return SourceCode(media_type, language, bounded(text))
