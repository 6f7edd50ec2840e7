"""What the parser finds in an idea, and what kind of noun a phrase is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from infra.local.model.language import lexicon as lx
from infra.local.model.language.inflection import singular

NounKind = Literal["person", "organisation", "place", "thing"]


@dataclass(frozen=True)
class Clause:
    """Who does what, in the idea's words: `subject` singular, `verb` in base form, `rest` and `said` as written."""

    subject: str
    verb: str
    rest: str
    said: str = ""


@dataclass(frozen=True)
class Audience:
    """A group the idea names, singular: "volunteer fire brigade", its kind and its lexicon head ("fire brigade")."""

    phrase: str
    kind: NounKind
    head: str


@dataclass(frozen=True)
class Idea:
    """What the parser found. Empty text and tuples where the idea says nothing."""

    text: str
    words: tuple[str, ...]
    name: str = ""
    object: str = ""
    activity: str = ""
    topic: str = ""
    verb: str = ""
    counterpart: str = ""
    audiences: tuple[Audience, ...] = ()
    place: str = ""
    qualifiers: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def audience(self) -> Audience | None:
        """The first group that is not a place, else the first."""
        return next((one for one in self.audiences if one.kind != "place"), next(iter(self.audiences), None))


def noun_kind(phrase: str) -> tuple[NounKind, str]:
    """Return what the head of a noun phrase names and the lexicon's word for it."""
    phrase = phrase.split(" of ")[0]
    tokens = [singular(word.casefold()) for word in phrase.split()]
    for length in (3, 2, 1):
        candidate = " ".join(tokens[-length:])
        if len(tokens) >= length and candidate in lx.ORGANISATIONS:
            return "organisation", candidate
    last = tokens[-1] if tokens else ""
    if "-" in last and last not in lx.PEOPLE and last.rpartition("-")[2] in lx.ORGANISATIONS:
        return "organisation", last.rpartition("-")[2]
    if (
        last in lx.PEOPLE
        or last.endswith(("people", "person", "folk", *lx.PERSON_SUFFIXES))
        or last.rpartition("-")[2] in lx.PEOPLE
    ):
        return "person", last
    if last in lx.PLACES:
        return "place", last
    if (
        last.endswith(("er", "or"))
        and len(last) > 4
        and last not in lx.NOT_PEOPLE
        and not last.endswith("eter")
    ):
        return "person", last
    return "thing", last


def audience_of(phrase: str) -> Audience:
    """Return the group a noun phrase names."""
    one = singular(phrase)
    kind, head = noun_kind(one)
    return Audience(one, kind, head)


def carries_meaning(word: str) -> bool:
    """Whether a word says something about the idea."""
    lower = word.casefold()
    return len(lower) > 1 and lower not in lx.STOP and lower not in lx.GENERIC and not lower.isdigit()
