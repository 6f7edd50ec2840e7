"""Finds who does what in a sentence: a subject that is somebody, a known verb, and what follows it."""

from __future__ import annotations

from infra.local.model.language import lexicon as lx
from infra.local.model.language.idea import Clause, carries_meaning, noun_kind
from infra.local.model.language.inflection import base_verb, is_plural, singular

RELATIVES = frozenset(["where", "that", "which", "who", "whom", "so", "when", "while", "because", "whereby"])
HELPERS = frozenset(
    [
        "lets",
        "letting",
        "let",
        "helps",
        "help",
        "helping",
        "allows",
        "allow",
        "allowing",
        "enables",
        "enable",
        "enabling",
    ]
)


def clauses_in(tokens: list[str]) -> list[Clause]:
    """The clauses of a sentence whose subject is somebody and whose verb is known."""
    found: list[Clause] = []
    position = 0
    subject = ""
    while position < len(tokens):
        begun = position
        they = tokens[position].casefold() in ("they", "users", "people") and _verb_at(tokens, position + 1)
        hit = (subject, position + 1) if they else _subject_at(tokens, position)
        if hit:
            subject, position = hit
        verb = _verb_at(tokens, position) if hit or (subject and _continues(tokens, position)) else None
        if not verb:
            position += 1
            continue
        word, position = verb
        end = position
        while end < len(tokens) and end - position < 9 and not _ends(tokens, end):
            end += 1
        rest = tokens[position:end]
        while rest and rest[-1].casefold() in lx.STOP - {"them", "it", "up", "out", "off", "down", "away"}:
            rest.pop()
        if rest and any(carries_meaning(item) for item in rest):
            said = " ".join(tokens[begun : position + len(rest)]).replace(" ,", ",")
            found.append(Clause(subject, word, " ".join(rest), said.removeprefix("and ").strip(", ")))
        position = end
    return found


def _subject_at(tokens: list[str], start: int) -> tuple[str, int] | None:
    run: list[str] = []
    position = start
    while position < len(tokens) and len(run) < 4:
        lower = tokens[position].casefold()
        if lower in lx.STOP or (run and _agrees(run, lower)):
            break
        run.append(tokens[position])
        position += 1
    while run and noun_kind(" ".join(run))[0] not in ("person", "organisation"):
        run.pop()
        position -= 1
    if not run or (run[0].casefold() in lx.VERBS and len(run) > 1 and run[0].casefold() not in lx.ALSO_NOUNS):
        return None
    verb = _verb_at(tokens, position)
    helped = start > 0 and any(word.casefold() in HELPERS for word in tokens[max(0, start - 2) : start])
    if not verb or not (helped or verb[1] - position > 1 or _agrees(run, tokens[position].casefold())):
        return None
    return singular(" ".join(run)), position


def _agrees(run: list[str], verb: str) -> bool:
    """Whether `run` is somebody and `verb` has the form that goes with one or with many."""
    if noun_kind(" ".join(run))[0] not in ("person", "organisation"):
        return False
    many = is_plural(run[-1]) or run[-1].casefold() in ("people", "others", "children", "staff", "crew")
    return verb in lx.VERBS if many else verb.endswith("s") and base_verb(verb) in lx.VERBS


def _verb_at(tokens: list[str], start: int) -> tuple[str, int] | None:
    position = start
    while position < len(tokens) and tokens[position].casefold() in lx.AUXILIARIES | {"and", ","}:
        position += 1
    if position >= len(tokens):
        return None
    word = tokens[position].casefold()
    base = base_verb(word)
    return (base, position + 1) if base in lx.VERBS else None


def _continues(tokens: list[str], position: int) -> bool:
    return tokens[position].casefold() in ("and", ",") and _verb_at(tokens, position) is not None


def _ends(tokens: list[str], position: int) -> bool:
    word = tokens[position].casefold()
    if word == "and":
        start = position + 1
        while start < len(tokens) and tokens[start].casefold() in ("the", "a", "an", "their", "our"):
            start += 1
        return _verb_at(tokens, position) is not None or _subject_at(tokens, start) is not None
    return word in lx.CLAUSE_ENDS
