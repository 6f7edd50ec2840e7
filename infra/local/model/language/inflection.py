"""Plurals, articles, verb forms and capitals of English words and short noun phrases.

Rules with the common exceptions, not a dictionary: an unknown word gets its regular form. Words in other
scripts pass unchanged. All functions are total: any text gives a text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from infra.local.model.language.lexicon import (
    COUNTABLE_ING,
    ENDS_IN_S,
    IRREGULAR,
    SINGULAR,
    SMALL_WORDS,
    UNCOUNTABLE,
)

VOWEL_SOUND = re.compile(
    r"(?i)^(?:[aeio]|u(?!ni[cfoqstv]|s[aeiu]|r[aiu][nt]|k|tili|biq)|hon(?:est|our|or)|hour|heir)"
)
CONSONANT_SOUND = re.compile(r"(?i)^(?:eu|ew|one\b|once|u-|uk\b|us\b|usa\b)")
LETTER_NAMES = frozenset("AEFHILMNORSX")


def _last(phrase: str) -> tuple[str, str]:
    head, space, word = phrase.rpartition(" ")
    return head + space, word


def is_uncountable(phrase: str) -> bool:
    """Whether the last word of `phrase` takes no article and no plural ("lab equipment")."""
    word = _last(phrase)[1].casefold()
    return word in UNCOUNTABLE or (word.endswith("ing") and len(word) > 5 and word not in COUNTABLE_ING)


def plural(phrase: str) -> str:
    """Return the plural of a noun phrase: its last word, or the word before "of", is inflected."""
    before, of, after = phrase.partition(" of ")
    if of and before:
        return f"{plural(before)}{of}{after}"
    rest, word = _last(phrase)
    lower = word.casefold()
    if not word or is_uncountable(word):
        return phrase
    if lower in IRREGULAR:
        return rest + _like(word, IRREGULAR[lower])
    if not word.isascii() or not word[-1].isalpha():
        return phrase
    if lower.endswith(("man", "woman")) and lower not in ("human", "german", "roman", "talisman"):
        return rest + word[:-2] + "en"
    if lower.endswith("person") and len(lower) > 6:
        return rest + word[:-6] + "people"
    if lower in SINGULAR or (singular(lower) != lower):
        return phrase
    if lower.endswith(("s", "x", "z", "ch", "sh")):
        return rest + word + "es"
    if lower.endswith("y") and len(lower) > 1 and lower[-2] not in "aeiou":
        return rest + word[:-1] + "ies"
    return rest + word + "s"


def singular(phrase: str) -> str:
    """Return the singular of a noun phrase: its last word, or the word before "of", is inflected."""
    before, of, after = phrase.partition(" of ")
    if of and before:
        return f"{singular(before)}{of}{after}"
    rest, word = _last(phrase)
    lower = word.casefold()
    if lower in SINGULAR:
        return rest + _like(word, SINGULAR[lower])
    if lower in UNCOUNTABLE or lower in ENDS_IN_S or lower in IRREGULAR or len(lower) < 4:
        return phrase
    if lower.endswith("speople"):
        return rest + word[:-6] + "person"
    if lower.endswith(("men", "women")) and lower not in ("specimen", "regimen", "omen", "abdomen", "acumen"):
        return rest + word[:-2] + "an"
    if lower.endswith("ies") and len(lower) > 4:
        return rest + word[:-3] + "y"
    if lower.endswith(("sses", "xes", "zzes", "ches", "shes")):
        return rest + word[:-2]
    if lower.endswith(("ss", "us", "is", "ous", "ics")) or not lower.endswith("s") or not word.isascii():
        return phrase
    return rest + word[:-1]


def is_plural(phrase: str) -> bool:
    """Whether the head of `phrase` looks like a plural."""
    return singular(phrase) != phrase


def _like(model: str, word: str) -> str:
    return word.capitalize() if model[:1].isupper() and not model.isupper() else word


def article(phrase: str) -> str:
    """Return "a" or "an" for what follows it."""
    first = re.split(r"[\s-]", phrase.strip(), maxsplit=1)[0]
    letters = first.isupper() and first.isascii() and 1 < len(first) < 6
    if letters and (len(first) < 4 or not re.search("[AEIOU]", first[1:])):
        return "an" if first[0] in LETTER_NAMES else "a"
    if re.match(r"[A-Za-z]-", phrase.strip()):
        return "an" if first[0].upper() in LETTER_NAMES else "a"
    if CONSONANT_SOUND.match(first):
        return "a"
    return "an" if VOWEL_SOUND.match(first) else "a"


def a(phrase: str) -> str:
    """Return `phrase` with its indefinite article; nothing before an uncountable or plural head."""
    if is_uncountable(phrase) or is_plural(phrase):
        return phrase
    return f"{article(phrase)} {phrase}"


def possessive(phrase: str) -> str:
    """Return "skipper's", "skippers'", "children's"."""
    return f"{phrase}'" if phrase.endswith("s") else f"{phrase}'s"


def base_verb(word: str) -> str:
    """Return the base form of a verb in the third person ("offers" → "offer", "matches" → "match")."""
    lower = word.casefold()
    special = {"does": "do", "goes": "go", "has": "have", "is": "be", "are": "be", "buys": "buy"}
    if lower in special:
        return special[lower]
    if lower.endswith("ies") and len(lower) > 4:
        return lower[:-3] + "y"
    if lower.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return lower[:-2]
    if lower.endswith("s") and not lower.endswith(("ss", "us")) and len(lower) > 3:
        return lower[:-1]
    return lower


def capital(text: str) -> str:
    """Return `text` with its first letter in upper case; the rest stays."""
    for position, character in enumerate(text):
        if character.isalpha():
            return text[:position] + character.upper() + text[position + 1 :]
        if character.isdigit():
            break
    return text


def title_case(text: str) -> str:
    """Return `text` with a capital on every word but the small ones."""
    words = text.split(" ")
    return " ".join(w if i and w in SMALL_WORDS else capital(w) for i, w in enumerate(words))


def listed(words: Sequence[str], conjunction: str = "and") -> str:
    """Return "a", "a and b", "a, b and c"; empty for no words."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def cut(text: str, limit: int) -> str:
    """Return `text` within `limit` characters, cut between words and marked with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    short = text[: limit - 1]
    space = short.rfind(" ")
    if space > limit // 2:
        short = short[:space]
    return short.rstrip(" ,;:–-(") + "…"


def trim(text: str, limit: int) -> str:
    """Return the leading whole words of `text` within `limit` characters; for names, without an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    short = text[:limit]
    space = short.rfind(" ")
    words = (short[:space] if space > 0 else short).rstrip(" ,;:–-(").split(" ")
    while len(words) > 1 and words[-1].casefold() in SMALL_WORDS:
        words.pop()
    return " ".join(words)
