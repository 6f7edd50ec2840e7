"""Nouns of an idea and templates with slots for them.

Slots: `{main}` `{mains}` `{a main}` `{the main}` `{Main}` `{A main}` and the same for item, party, doer, other,
office and object.

In full mode the first thing named gets its full phrase ("second-hand lab equipment listing"), later ones
the short one ("listing"): that keeps sentences readable and still tells two ideas apart. `<is/are>` agrees
with `{objects}`, which stays singular when it cannot be counted ("lab equipment is", "tools are").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from infra.local.model.language.inflection import a, capital, is_uncountable, plural, possessive

SLOT = re.compile(r"\{(?P<article>[Aa]n? |[Tt]he )?(?P<key>[A-Za-z]+)(?P<own>'s)?\}")
NUMBER = re.compile(r"<([^/<>]*)/([^/<>]*)>")
THINGS = ("main", "item", "party", "object", "extra")
PLURALS = {"parties": "party"}


@dataclass(frozen=True)
class Noun:
    """A noun phrase, singular: in full and as short as a label needs it; `owner` is whose it is in full."""

    full: str
    short: str
    owner: str = ""

    def phrase(self, *, full: bool, many: bool) -> str:
        """Return the full or short phrase, singular or plural ("neighbours' tools")."""
        word = self.full if full else self.short
        front = f"{possessive(self.owner)} "
        if many and full and self.owner and word.startswith(front):
            return f"{possessive(plural(self.owner))} {plural(word.removeprefix(front))}"
        return plural(word) if many else word


@dataclass(frozen=True)
class Words:
    """The nouns of a blueprint by slot key."""

    nouns: Mapping[str, Noun]

    def __getitem__(self, key: str) -> Noun:
        return self.nouns[key]

    def fill(self, template: str, *, full: bool = False) -> str:
        """Return `template` with its slots filled and a capital at its start; KeyError for an unknown slot."""
        return capital(self.lower(template, full=full))

    def lower(self, template: str, *, full: bool = False) -> str:
        """Like `fill`, without the capital at the start."""
        named_thing = False
        has_thing = any(self._key(match["key"])[0] in THINGS for match in SLOT.finditer(template))

        def slot(match: re.Match[str]) -> str:
            nonlocal named_thing
            key, many = self._key(match["key"])
            in_full = full and not named_thing and (key in THINGS or not has_thing)
            named_thing = named_thing or in_full
            noun = self.nouns[key].phrase(full=in_full, many=many)
            article = (match["article"] or "").strip()
            text = a(noun) if article.lower() in ("a", "an") else noun
            if article.lower() == "the":
                text = f"the {noun}"
            if match["own"]:
                text = possessive(text)
            return capital(text) if article[:1].isupper() or match["key"][0].isupper() else text

        one = self.nouns["object"].short
        many_objects = not is_uncountable(one)
        agreed = NUMBER.sub(lambda match: match[2] if many_objects else match[1], template)
        return " ".join(SLOT.sub(slot, agreed).split())

    def _key(self, name: str) -> tuple[str, bool]:
        lower = name.lower()
        if lower in PLURALS:
            return PLURALS[lower], True
        if lower in self.nouns:
            return lower, False
        if lower.endswith("s") and lower[:-1] in self.nouns:
            return lower[:-1], True
        raise KeyError(name)
