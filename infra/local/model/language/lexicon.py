"""The words the parser and the inflection know: people, organisations, places, verbs, and words without meaning.

They stand in `data/words.yaml`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).parents[1] / "data" / "words.yaml"


def _load() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader, in C
    return dict(data)


def _organisations(lines: list[str]) -> dict[str, tuple[str, str]]:
    made = {}
    for line in lines:
        names, member, staff = (part.strip() for part in line.split("|"))
        for name in names.split(","):
            made[name.strip()] = (member, staff)
    return made


_WORDS = _load()


def _words(key: str) -> frozenset[str]:
    return frozenset(str(_WORDS[key]).split())


UNCOUNTABLE = _words("uncountable")
ENDS_IN_S = _words("ends_in_s")
COUNTABLE_ING = _words("countable_ing")
SMALL_WORDS = _words("small_words")
PEOPLE = _words("people")
PERSON_SUFFIXES = ("ist", "ian", "eer", "smith", "wright", "keeper", "worker", "owner", "holder", "maker")
NOT_PEOPLE = _words("not_people")
PLACES = _words("places")
#: words for the product itself; `GENERIC` are those that say nothing about its kind
PRODUCT_WORDS = _words("product")
GENERIC = PRODUCT_WORDS - _words("telling_product")
QUALIFIERS = _words("qualifiers")
STOP = _words("stop")
#: "for" in the languages the idea may be written in
FOR_WORDS = _words("for_words")
ALSO_NOUNS = _words("also_nouns")
ACTIVITIES = _words("activities")
WEAK = _words("weak")
FORMATS = _words("formats")
DESKS = _words("desks")
PALE = _words("pale")
ANYBODY = _words("anybody")
OUTSIDERS = _words("outsiders")
RECORDS = _words("records")
LEAD_IN = _words("lead_in")
AUXILIARIES = _words("auxiliaries")
CLAUSE_ENDS = _words("clause_ends")
NAME_LABELS = _words("name_labels")
HYPHEN_FIRST = _words("hyphen_first")
HYPHEN_LAST = _words("hyphen_last")
#: verb → kind of action it usually is in a product
VERBS: dict[str, str] = {verb: kind for kind, verbs in _WORDS["verbs"].items() for verb in str(verbs).split()}
#: organisation → (who belongs to it or comes to it, who works for it)
ORGANISATIONS = _organisations(_WORDS["organisations"])
IRREGULAR: dict[str, str] = dict(_WORDS["irregular"])
SINGULAR: dict[str, str] = {many: one for one, many in IRREGULAR.items()} | dict(_WORDS["singular"])
