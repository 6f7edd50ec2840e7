"""From the raw text of an idea to clean sentences and words. Markup, addresses and symbols are left out."""

from __future__ import annotations

import re
import unicodedata

TAG = re.compile(r"<[^<>]{0,500}>|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,10});")
ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+|javascript:\S*", re.IGNORECASE)
CODE = re.compile(r"\{\{.*?\}\}|\$\{.*?\}|#\{.*?\}")
BREAK = re.compile(r"[.!?;:\n\r\u2028\u2029…。！？；：،؟•|]+(?=\s|$)|\s[–—-]\s|\n|[…。！？；、]")
WORD = re.compile(r"[^\W_]+(?:['’\-&/+][^\W_]+)*", re.UNICODE)
WORD_OR_COMMA = re.compile(rf"{WORD.pattern}|,(?=\s)")


def clean(text: str) -> str:
    """Return `text` without markup, addresses, control characters and symbols such as emoji; one line a line."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode("utf-8"))
    text = CODE.sub(" ", ADDRESS.sub(" ", TAG.sub(" ", text)))
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if character in "\n\r\u2028\u2029":
            kept.append("\n")
        elif category[0] in "LNZ" or category in ("Pd", "Po", "Ps", "Pe", "Pi", "Pf", "Mn", "Mc", "Sc"):
            kept.append(" " if character in '<>`\\*#"' or category[0] == "Z" else character)
        else:
            kept.append("+" if character == "+" else " ")
    return re.sub(r"[ \t]+", " ", "".join(kept)).strip()


def sentences(cleaned: str) -> list[str]:
    """Return the clauses of a cleaned text between full stops, colons, line ends and dashes; none is empty."""
    return [part.strip(" ,-–—'’") for part in BREAK.split(cleaned) if WORD.search(part)]


def words(sentence: str) -> list[str]:
    """Return the words and commas of a sentence; hyphens and apostrophes inside a word stay."""
    return [word.replace("’", "'") for word in WORD_OR_COMMA.findall(sentence)]


def stem(word: str) -> str:
    """Return a crude stem, for comparing words only ("tracking", "tracked", "tracks" → "track")."""
    lower = word.casefold().removesuffix("'s").rstrip("'")
    if lower in ("book", "books"):
        return "books"
    for suffix in (
        "ations",
        "ation",
        "ings",
        "ing",
        "ments",
        "ment",
        "ies",
        "ers",
        "er",
        "ed",
        "es",
        "s",
        "y",
    ):
        if lower.endswith(suffix) and len(lower) - len(suffix) >= 4:
            lower = lower[: -len(suffix)]
            break
    return lower[:-1] if len(lower) > 4 and lower[-1] == lower[-2] else lower.rstrip("e")
