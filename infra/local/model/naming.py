"""The product's name, and whether an idea is one."""

from __future__ import annotations

import re

from infra.local.model.language import lexicon as lx
from infra.local.model.language.idea import Idea
from infra.local.model.language.inflection import capital, singular, trim
from infra.local.model.library import Archetype
from infra.local.model.nouns import mark
from infra.local.model.phrases import Words

VOWELS = re.compile(r"[aeiouyàáâäåæèéêëìíîïòóôöøùúûü]", re.IGNORECASE)
KEYBOARD = re.compile(
    r"asdf|qwer|zxcv|hjkl|lorem|foo+bar|blah|^(?:test|foo|bar|xxx+|abc|aaa+)$", re.IGNORECASE
)


def product_name(idea: Idea, archetype: Archetype, words: Words, seed: int) -> str:
    """Return the name the idea gives, else a short word of the idea joined with a tail of the archetype."""
    if idea.name:
        return trim(idea.name, 40)
    candidates = [idea.object.split(" of ")[0], idea.topic, mark(idea), *idea.words]
    for phrase in candidates:
        parts = [part for word in phrase.split() for part in word.split("-")]
        for word in reversed(parts):
            plain = singular(word.casefold())
            if 3 <= len(plain) <= 11 and plain.isalpha() and plain not in lx.STOP | lx.QUALIFIERS:
                if not plain.isascii():
                    return capital(plain)
                tails = [tail for tail in archetype.tails if tail not in plain]
                tail = tails[seed % len(tails)] if tails else "works"
                stem = plain[:-1] if plain[-1] in "ey" and tail[0] in "aeiou" else plain
                return capital(stem + tail)
    return trim(capital(words["main"].full), 40) or "Untitled"


def is_junk(idea: Idea) -> bool:
    """Whether the text holds no idea: nothing to read, or keys struck at random."""
    if not idea.words:
        return True
    real = [word for word in idea.words if len(word) > 2 and not KEYBOARD.search(word) and _readable(word)]
    return not real or (len(idea.words) < 2 and not idea.activity and not idea.audiences)


def _readable(word: str) -> bool:
    return not word.isascii() or (
        bool(VOWELS.search(word)) and not re.search(r"(.)\1\1|[^aeiouy\W]{6}", word)
    )
