"""Reads an idea: its own nouns, people, places and verbs, whatever the phrasing.

A heuristic reader for English with word lists, not a grammar: what it does not know it treats as a noun. Ideas in
other languages and junk come out as plain words. `parse` is total and deterministic.
"""

from __future__ import annotations

import re
from collections import Counter

from infra.local.model.language import lexicon as lx
from infra.local.model.language.clauses import HELPERS, RELATIVES, clauses_in
from infra.local.model.language.idea import Audience, Idea, audience_of, carries_meaning, noun_kind
from infra.local.model.language.inflection import base_verb, is_plural, singular
from infra.local.model.language.tokens import clean, sentences, words

PLACE_PREPOSITIONS = frozenset(["in", "at", "across", "around", "near", "on", "inside", "within"])
LOOSE_PREPOSITIONS = frozenset(["of", "with", "to", "using", "without", "about", "against"])
PAIRING = frozenset(["connecting", "linking", "matching", "pairing"])
SHARED_PREPOSITIONS = PAIRING | frozenset(["between", "among", "by", "from", "amongst"])
CALLED = re.compile(r"\b(?:called|named)\s+[\"'“‘]?([A-Z][\w-]{1,30}(?:\s[A-Z][\w-]{1,20})?)")
NUMBERED = re.compile(r"\b(\d{1,3}(?:[ ,.]\d{3})+|\d{1,7})\s+(?:[a-z-]+\s){0,2}?([a-z-]{3,})\b")


def parse(text: str) -> Idea:
    """Return what an idea of any length and language says about its things, people and verbs."""
    cleaned = clean(text)
    parts = sentences(cleaned)
    if not parts:
        return Idea(text=text, words=())
    name = _given_name(cleaned, parts)
    if name and len(parts) > 1 and parts[0] == name:
        parts = parts[1:]
    tokenised = [tokens for tokens in (_cased(words(part)) for part in parts[:80]) if tokens]
    content = tuple(word for tokens in tokenised for word in tokens if carries_meaning(word))
    made = _best_reader(tokenised, content)
    clauses = [clause for tokens in tokenised for clause in clauses_in(tokens)]
    audiences = made.audiences + [audience_of(clause.subject) for clause in clauses]
    numbers = {
        singular(match[2].casefold()): int(re.sub(r"\D", "", match[1]))
        for match in NUMBERED.finditer(cleaned)
    }
    return Idea(
        text=text,
        words=content,
        name=name,
        object=made.object,
        activity=made.activity,
        topic=made.topic,
        verb=made.verb,
        counterpart=made.counterpart,
        audiences=tuple({one.phrase.casefold(): one for one in audiences if one.phrase}.values())[:6],
        place=made.place,
        qualifiers=tuple(dict.fromkeys(made.qualifiers)),
        clauses=tuple({(c.verb, c.rest): c for c in clauses}.values())[:12],
        numbers=numbers,
    )


def _best_reader(tokenised: list[list[str]], content: tuple[str, ...]) -> _Reader:
    """Read the first sentence that names a product or an activity; else the first, with the text's commonest noun."""
    readers = []
    for tokens in tokenised[:25] or [[]]:
        reader = _Reader(tokens)
        reader.read()
        if reader.activity or (reader.names_product and (reader.object or reader.verb)):
            break
        readers.append(reader)
    else:
        reader = readers[0]
        if noun_kind(reader.object)[0] == "person" or (reader.guessed and len(tokenised) > 1):
            things = [
                singular(word)
                for word in content
                if noun_kind(word)[0] == "thing" and base_verb(word.casefold()) not in lx.VERBS
            ]
            reader.object = Counter(things).most_common(1)[0][0] if things else reader.object
    if readers and reader is not readers[0]:
        reader.audiences += readers[0].audiences
    return reader


def _cased(tokens: list[str]) -> list[str]:
    """Lower the capitals that only mark a start or a title; keep those of names and abbreviations."""
    lettered = [word for word in tokens if word[0].isalpha()]
    title = sum(word[0].isupper() for word in lettered) * 3 > len(lettered) * 2
    shouting = all(word.isupper() for word in lettered) and len(lettered) > 2
    made = []
    for position, word in enumerate(tokens):
        abbreviation = word.isupper() and 1 < len(word) < 6 and not shouting
        plain = word.casefold()
        known = plain in lx.STOP or plain in lx.PRODUCT_WORDS or plain in lx.VERBS or plain in lx.PEOPLE
        if abbreviation:
            made.append(word)
        elif position == 0 or title or shouting or known:
            made.append(word if re.search(r"[a-z][A-Z]", word) else word.lower())
        else:
            made.append(word)
    return made


def _given_name(cleaned: str, parts: list[str]) -> str:
    called = CALLED.search(cleaned)
    if called:
        return called[1]
    first = parts[0].split()
    lead = re.match(r"([A-Z][\w-]{2,24}(?:\s[A-Z][\w-]{1,20})?)\s+is\s+(?:a|an|the|our|where)\b", cleaned)
    if lead and lead[1].casefold() not in lx.STOP and noun_kind(lead[1])[0] == "thing":
        return lead[1]
    marked = re.match(r"[A-Z][\w-]{2,24}(?:\s[A-Z][\w-]{1,20})?\s*(?::\s|\s[–—-]\s)", cleaned)
    if marked and len(parts) > 1 and len(first) <= 2 and first[0].casefold() not in lx.NAME_LABELS:
        return parts[0]
    return ""


class _Reader:
    """Reads the first sentence: HEAD, then segments behind prepositions and relatives."""

    def __init__(self, tokens: list[str]) -> None:
        start = 0
        while start < len(tokens) - 1 and tokens[start].casefold() in lx.LEAD_IN:
            start += 1
        if start and tokens[start].casefold() in lx.FOR_WORDS:
            start -= 1
        self.tokens = tokens[start:]
        self.object = self.activity = self.topic = self.verb = self.counterpart = self.place = ""
        self.audiences: list[Audience] = []
        self.qualifiers: list[str] = []
        self.guessed = False
        self.names_product = any(word.casefold() in lx.PRODUCT_WORDS for word in tokens)

    def read(self) -> None:
        """Fill the attributes from the tokens."""
        head, segments = self._split()
        self._head(head)
        for preposition, tokens in segments:
            self._segment(preposition, tokens)
        if not self.object and not self.activity and not self.audiences and not self.topic:
            self.guessed = True
            self.object = _phrase([word for word in self.tokens if carries_meaning(word)][:4])

    def _split(self) -> tuple[list[str], list[tuple[str, list[str]]]]:
        groups: list[tuple[str, list[str]]] = [("", [])]
        boundaries = lx.FOR_WORDS | RELATIVES | HELPERS | PLACE_PREPOSITIONS | SHARED_PREPOSITIONS
        for position, word in enumerate(self.tokens):
            lower = word.casefold()
            if lower in PAIRING and position:
                groups[-1][1].append(word)
                continue
            relative = groups[-1][0] in RELATIVES | HELPERS | {"to"}
            starts = lower in boundaries or lower in LOOSE_PREPOSITIONS
            opens = lower in lx.FOR_WORDS | SHARED_PREPOSITIONS or self._helping(position)
            if starts and not relative and (position or opens):
                groups.append((lower, []))
            else:
                groups[-1][1].append(word)
        return groups[0][1], groups[1:]

    def _helping(self, position: int) -> bool:
        """Whether the sentence begins with "Help somebody …", and is not about a help desk."""
        follows = self.tokens[position + 1 : position + 2]
        return self.tokens[position].casefold() in HELPERS and follows not in (
            ["desk"],
            ["line"],
            ["centre"],
            ["center"],
        )

    def _head(self, tokens: list[str]) -> None:
        kept: list[str] = []
        for word in tokens:
            if word.casefold() in lx.QUALIFIERS:
                self.qualifiers.append(word)
            else:
                kept.append(word)
        if len(kept) > 1:
            first = kept[0].casefold()
            as_verb = _gerund(first) or (first if first in lx.VERBS else "")
            follows = kept[1].casefold()
            compound = follows in lx.ACTIVITIES or (follows in lx.GENERIC and not is_plural(follows))
            noun_first = first in lx.ALSO_NOUNS and follows not in lx.STOP
            if as_verb and not compound and not noun_first:
                self.verb = as_verb
                self.activity = first if first.endswith("ing") else ""
                kept = kept[1:]
        dropped = lx.STOP if self.verb else lx.STOP | lx.GENERIC
        kept = [word for word in kept if word.casefold() not in dropped and not word.isdigit()]
        kept = self._without_activity(kept)
        self.object = _phrase(kept)
        if not self.activity and not self.verb and noun_kind(self.object)[0] == "organisation":
            self.audiences.append(audience_of(self.object))
            self.object = ""

    def _without_activity(self, kept: list[str]) -> list[str]:
        """Take the activity off the end of a compound; in front of a format ("dashboard") there may be a second."""
        found: list[str] = []
        while kept and kept[-1].casefold() in lx.ACTIVITIES and not (len(kept) == 1 and self.verb):
            if found and found[0] not in lx.PRODUCT_WORDS | lx.FORMATS:
                break
            found.insert(0, kept[-1].casefold())
            kept = kept[:-1]
        self.activity = " ".join(found) or self.activity
        return kept

    def _segment(self, preposition: str, tokens: list[str]) -> None:
        if preposition in RELATIVES | HELPERS | {"to"}:
            self._relative(preposition, tokens)
            return
        for phrase in _noun_phrases(tokens):
            kind, head = noun_kind(phrase)
            one = singular(phrase)
            if preposition == "of" and not self.object:
                self.object = one
            elif kind in ("person", "organisation"):
                if preposition not in ("with", "using", "without") or head in lx.PEOPLE:
                    self.audiences.append(Audience(one, kind, head))
            elif kind == "place" and preposition != "of":
                self.place = self.place or phrase
                self.audiences.append(Audience(one, kind, head))
            elif preposition in lx.FOR_WORDS and not self.object:
                self.object = one
            elif preposition in lx.FOR_WORDS | {"about", "in", "on"} and not self.topic:
                self.topic = phrase

    def _relative(self, opener: str, tokens: list[str]) -> None:
        found = list(clauses_in(tokens))
        if found:
            first = found[0]
            self.verb = self.verb or first.verb
            self.audiences.append(audience_of(first.subject))
            self._rest(first.rest)
            return
        lowered = [word.casefold() for word in tokens]
        start = 0
        while start < len(lowered) and lowered[start] in lx.STOP:
            start += 1
        if start < len(lowered) and base_verb(lowered[start]) in lx.VERBS and opener != "so":
            self.verb = self.verb or base_verb(lowered[start])
            self._rest(" ".join(tokens[start + 1 :]))
        else:
            for phrase in _noun_phrases(tokens)[:2]:
                kind, head = noun_kind(phrase)
                if kind in ("person", "organisation"):
                    self.audiences.append(Audience(singular(phrase), kind, head))
                elif not self.object:
                    self.object = singular(phrase)

    def _rest(self, rest: str) -> None:
        """Read what stands behind the verb of a clause: its object, the people and the topic."""
        groups: list[tuple[str, list[str]]] = [("", [])]
        for word in rest.split():
            if word.casefold() in lx.FOR_WORDS | PLACE_PREPOSITIONS | SHARED_PREPOSITIONS | {
                "to",
                "with",
                "about",
            }:
                groups.append((word.casefold(), []))
            else:
                groups[-1][1].append(word)
        for preposition, tokens in groups:
            for phrase in _noun_phrases(tokens)[:2]:
                kind, head = noun_kind(phrase)
                one = singular(phrase)
                if kind in ("person", "organisation"):
                    self.counterpart = self.counterpart or (one if kind == "person" else "")
                    self.audiences.append(Audience(one, kind, head))
                elif kind == "place":
                    self.place = self.place or phrase
                elif not preposition and not self.object:
                    self.object = one
                elif preposition in ("in", "about") and not self.topic:
                    self.topic = phrase


def _gerund(word: str) -> str:
    """Return the verb of "tracking", "sharing"; empty when the word is none."""
    if not word.endswith("ing"):
        return ""
    bare = word[:-3]
    doubled = bare[:-1] if len(bare) > 2 and bare[-1] == bare[-2] else bare
    return next((verb for verb in (bare, bare + "e", doubled) if verb in lx.VERBS), "")


def _phrase(tokens: list[str]) -> str:
    """A noun phrase of at most four words, singular."""
    return singular(" ".join(_apart(word) for word in tokens[-4:])) if tokens else ""


def _apart(word: str) -> str:
    """Write "fishing-quota" apart; "second-hand" and "e-bike" stay together."""
    parts = word.split("-")
    together = (
        len(parts) != 2 or parts[0].casefold() in lx.HYPHEN_FIRST or parts[1].casefold() in lx.HYPHEN_LAST
    )
    return word if together or len(parts[0]) < 4 else " ".join(parts)


def _noun_phrases(tokens: list[str]) -> list[str]:
    """The runs of words between the small words; "of" joins; verbs that are no nouns end a run."""
    runs: list[list[str]] = [[]]
    for word in tokens:
        lower = word.casefold()
        if lower == "of" and runs[-1]:
            runs[-1].append("of")
        elif (
            lower.endswith("ing")
            and runs[-1]
            and noun_kind(" ".join(runs[-1]))[0] in ("person", "organisation")
        ):
            break
        elif lower in lx.STOP or lower in lx.QUALIFIERS or (lower in lx.VERBS and lower not in lx.ALSO_NOUNS):
            runs.append([])
        else:
            runs[-1].append(word)
    trimmed = [run[:-1] if run and run[-1] == "of" else run for run in runs]
    return [" ".join(run[:5]) for run in trimmed if run]
