"""How large a document may be, and what reading one may cost. Bytes, characters and seconds."""

from __future__ import annotations

MEBIBYTE = 1024 * 1024

MAX_OBJECT_BYTES = 25 * MEBIBYTE
"""A file as it was uploaded. What is larger is refused before it is fetched."""

MAX_TEXT_CHARACTERS = 5_000_000
"""The text found in a file."""

MAX_TEXT_BYTES = 4 * MAX_TEXT_CHARACTERS
"""A file that is a text itself: no encoding needs more for the characters that are allowed."""

MAX_CHUNKS = 3_000
"""The chunks of a document."""
