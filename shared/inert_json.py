"""JSON for prompts: whatever a text in it says, it stays data.

A language model reads a prompt as one text. So what could close a tag or a code fence around the data, look like one,
or hide from a reader's eye is written as a JSON escape; line ends are escapes already.
"""

from __future__ import annotations

import json
import unicodedata

_ACTIVE = "<>&`"
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
# What is drawn as nothing and still read: variation selectors carry bytes past every eye.
_SELECTORS = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))


def inert(data: str) -> str:
    """Return JSON that reads as the same value and holds neither `<`, `>`, `&`, backticks nor unseen characters.

    data: JSON without line breaks between its parts.
    """
    return "".join(_escaped(character) if _is_active(character) else character for character in data)


def _is_active(character: str) -> bool:
    if character.isascii():
        return character in _ACTIVE or not character.isprintable()
    return unicodedata.category(character) in _UNSEEN or any(
        low <= ord(character) <= high for low, high in _SELECTORS
    )


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04x}" if character.isascii() else json.dumps(character)[1:-1]
