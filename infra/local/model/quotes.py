"""The lead's own words, quoted exactly."""

from __future__ import annotations

import unicodedata

from infra.local.model.language.tokens import BREAK, WORD

LONGEST = 180
MOST = 3


def _quotable(word: str) -> bool:
    return all(unicodedata.category(character) not in ("Cc", "Cs", "Cn", "Zl", "Zp") for character in word)


def quotes(idea: str) -> list[tuple[str, str]]:
    """Return up to three `(sentence about it, exact words)`; the words are a substring of the idea.

    Whitespace counts as one space, as the check of the answer does. Words that no single line may hold end a quote.
    """
    found: list[str] = []
    for part in BREAK.split(" ".join(idea.split())):
        run: list[str] = []
        for word in part.split():
            if not _quotable(word) or len(" ".join([*run, word])) > LONGEST:
                break
            run.append(word)
        text = " ".join(run).strip()
        if len(WORD.findall(text)) >= 2 and text not in found:
            found.append(text)
    if not found and WORD.search(idea):
        run = [word for word in idea.split() if _quotable(word) and WORD.search(word)]
        found = [run[0][:LONGEST]] if run else []
    openers = ("The lead asks for", "The lead writes", "In the lead's words")
    made = []
    for opener, text in zip(openers, found[:MOST], strict=False):
        made.append((f"{opener}: “{text}”.", text))
    return made
