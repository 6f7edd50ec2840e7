"""Words of a text as search sees them, and the sparse vector made from them.

Identifiers are split (`getUserName`, `user_name`), letters folded to lower case without accents, common
endings cut off (Porter 1980, steps 1 and 5a), Chinese, Japanese and Korean runs cut into overlapping pairs.
Documents and queries must pass through the same code, in whatever process, so nothing depends on `hash()`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

# Saturation and length normalisation of BM25 (Robertson & Zaragoza 2009); a chunk has about 128 such words.
BM25_K = 1.2
BM25_B = 0.75
MEAN_LENGTH = 128

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
_STOPWORDS = frozenset(
    _WORD.findall(
        "a about after all also an and any are as at be been but by can could do does each for from had has have "
        "he her his how i if in into is it its just let like may more most my no not of on one only or other our "
        "out own s she so some such t than that the their them then there these they this those to today too up "
        "us use used using very want was we were what when where which while who why will with would you your"
    )
)


@dataclass(frozen=True)
class SparseVector:
    """Weights by term id: `indices` ascending, unique, 0..2³²-1; `values` positive, of the same length."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


def words(text: str) -> list[str]:
    """Return the stemmed words of `text` in order, without stopwords; an identifier also as a whole."""
    found: list[str] = []
    for run in _WORD.findall(unicodedata.normalize("NFKC", text)):
        found.extend(_stems(run))
    return found


def sparse_terms(text: str) -> SparseVector:
    """Return the term weights of a document: BM25's term frequency part; the engine multiplies the IDF."""
    counts = Counter(words(text))
    norm = BM25_K * (1 - BM25_B + BM25_B * counts.total() / MEAN_LENGTH)
    return _vector({word: tf * (BM25_K + 1) / (tf + norm) for word, tf in counts.items()})


def sparse_query(text: str) -> SparseVector:
    """Return the term weights of a query: 1 for each distinct word."""
    return _vector(dict.fromkeys(words(text), 1.0))


def _vector(weights: dict[str, float]) -> SparseVector:
    by_id: dict[int, float] = {}
    for word, weight in weights.items():
        term = crc32(word.encode())
        by_id[term] = by_id.get(term, 0.0) + weight
    terms = sorted(by_id)
    return SparseVector(tuple(terms), tuple(by_id[term] for term in terms))


@lru_cache(maxsize=65_536)
def _stems(run: str) -> tuple[str, ...]:
    """The words in one run of letters and digits; more than one when it is an identifier."""
    parts = _CAMEL.split(run)
    if len(parts) > 1:
        parts.append(run)
    found: list[str] = []
    for part in parts:
        plain = _fold(part)
        if _UNSPACED.search(plain):
            found.extend(plain[i : i + 2] for i in range(len(plain) - 1))
        elif plain not in _STOPWORDS:
            found.append(stem(plain))
    return tuple(found)


def _fold(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))


_VOWEL = re.compile(r"[aeiouy]")
_DOUBLE = re.compile(r"([^aeiouylsz])\1$")


def stem(word: str) -> str:
    """Cut the common English endings off a lower-case word: plural, -ed, -ing, final y and e."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    word = _singular(word)
    for ending in ("ing", "ed"):
        base = word.removesuffix(ending)
        if base != word and len(base) > 2 and _VOWEL.search(base):
            word = _DOUBLE.sub(r"\1", base)
            break
    if word.endswith("y") and len(word) > 3:
        return word[:-1] + "i"
    if word.endswith("e") and len(word) > 3:
        return word[:-1]
    return word


def _singular(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 else word[:-1]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
