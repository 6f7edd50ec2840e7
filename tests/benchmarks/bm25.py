"""BM25 as the textbook has it, to hold the engine's sparse search against.

Robertson & Zaragoza 2009, k1 = 1.2 and b = 0.75, with the exact mean length of this corpus. Nothing is shared with
`shared.adapters.lexical`: a word is a run of letters, digits and underscores in lower case.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

K1, B = 1.2, 0.75


def whole_words(text: str) -> list[str]:
    """Words as they stand, in lower case."""
    return re.findall(r"\w+", text.lower())


class Bm25:
    """An inverted index over a corpus that stays as it is."""

    def __init__(self, passages: Sequence[str], words: Callable[[str], list[str]] = whole_words) -> None:
        self._words = words
        counted = [Counter(words(passage)) for passage in passages]
        mean = sum(counts.total() for counts in counted) / len(counted)
        self._size = len(counted)
        self._postings: dict[str, dict[int, float]] = {}
        for number, counts in enumerate(counted):
            norm = K1 * (1 - B + B * counts.total() / mean)
            for word, tf in counts.items():
                self._postings.setdefault(word, {})[number] = tf * (K1 + 1) / (tf + norm)

    def best(self, question: str, limit: int) -> list[int]:
        """Return the numbers of the passages that share words with the question, best first."""
        scores = self.scores(question)
        return sorted(scores, key=lambda number: (-scores[number], number))[:limit]

    def scores(self, question: str) -> dict[int, float]:
        """Return the scores of the passages that share words with the question, by number."""
        scores: dict[int, float] = {}
        for word in set(self._words(question)):
            postings = self._postings.get(word, {})
            idf = math.log((self._size - len(postings) + 0.5) / (len(postings) + 0.5) + 1)
            for number, weight in postings.items():
                scores[number] = scores.get(number, 0.0) + idf * weight
        return scores
