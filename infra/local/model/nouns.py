"""Which words of the idea name the things and roles of its product."""

from __future__ import annotations

from infra.local.model.language import lexicon as lx
from infra.local.model.language.inflection import is_uncountable, singular, trim
from infra.local.model.language.parser import Audience, Idea, noun_kind
from infra.local.model.library import Archetype
from infra.local.model.phrases import Noun, Words

LONGEST = 44


def _strong(phrase: str) -> str:
    words = [word for word in phrase.split(" of ")[0].split() if word.casefold() not in lx.WEAK]
    return " ".join(words[-2:]) or phrase


def mark(idea: Idea) -> str:
    """The word that ties a thing to the idea's people or place: "fire brigade", "rural", "refugee child"."""
    audience = idea.audience
    if idea.topic:
        return singular(" ".join(idea.topic.split()[-2:]))
    if audience is None:
        return ""
    if audience.kind == "place":
        before = [word for word in audience.phrase.split()[:-1] if word.casefold() not in lx.STOP]
        return " ".join(before[-2:]) or audience.phrase
    return _strong(audience.phrase)


def _joined(*parts: str) -> str:
    """Join nouns to a compound without saying a word twice in a row."""
    words: list[str] = []
    for word in " ".join(part for part in parts if part).split():
        if not words or words[-1].casefold() != word.casefold():
            words.append(word)
    return trim(" ".join(words), LONGEST)


def thing_noun(idea: Idea, archetype: Archetype, head: str) -> Noun:
    """Name the main thing: the object itself when it is a record one can count, else object (or mark) and head."""
    thing = idea.object
    person = noun_kind(thing)[0] in ("person", "organisation") if thing else False
    if not thing:
        own = mark(idea) or " ".join(idea.words[:1]).casefold()
        return Noun(_joined(own, head), _joined(idea.topic.split()[-1] if idea.topic else "", head))
    tokens = (
        thing.split(" of ")[0].split() if archetype.object == "own" else thing.replace(" of ", " ").split()
    )
    short = tokens[-1]
    own_record = archetype.object == "own" and not is_uncountable(thing) and not person and thing.isascii()
    if own_record:
        front = mark(idea) if len(tokens) == 1 and "-" not in thing else ""
        return Noun(_joined(front, thing), _joined(*tokens[-2:]) if len(tokens) > 1 else short)
    front = mark(idea) if len(tokens) == 1 and "-" not in thing and not person else ""
    return Noun(_joined(front, " ".join(tokens[-3:]), head), _joined(short, head))


def _person(phrase: str) -> Noun:
    words = phrase.split(" of ")[0].split()
    return Noun(trim(phrase, 60), trim(words[-1], 40))


def _members(audience: Audience) -> tuple[Noun, Noun]:
    """Who belongs to an organisation and who runs it, marked with the organisation's own words."""
    member, staff = lx.ORGANISATIONS[audience.head]
    front = audience.phrase.split()[: -len(audience.head.split())]
    kept = " ".join(word for word in front if word.casefold() not in lx.WEAK)
    member = "" if member in kept.casefold() else member
    return Noun(_joined(kept, member or audience.phrase), member or kept), Noun(_joined(kept, staff), staff)


def roles(idea: Idea, archetype: Archetype) -> dict[str, Noun]:
    """Name the roles: the idea's people where it names some, else the archetype's with the idea's mark."""
    core = idea.object.split(" of ")[0].split()[-1:] if noun_kind(idea.object)[0] == "thing" else []
    made: dict[str, Noun] = {}
    for key, default in archetype.roles.items():
        made[key] = Noun(_joined(mark(idea) if not core else core[0], default), default)
    people = [one for one in idea.audiences if one.kind == "person"]
    groups = [one for one in idea.audiences if one.kind == "organisation"]
    subject = next((clause.subject for clause in idea.clauses if clause.subject), "")
    first, second = archetype.audience, "other" if archetype.audience == "doer" else "doer"
    if subject and idea.counterpart and noun_kind(subject)[0] == "person":
        made["doer"], made["other"] = _person(subject), _person(idea.counterpart)
    elif people:
        made[first] = _person(people[0].phrase)
        if len(people) > 1 and people[1].phrase.split()[-1] != people[0].phrase.split()[-1]:
            made[second] = _person(people[1].phrase)
        elif archetype.both:
            made[second] = made[first]
    if groups:
        member, staff = _members(groups[0])
        made["office"] = staff
        if not people:
            made["doer" if first == "office" else first] = member
            if archetype.both:
                made[second] = member
            elif len(groups) > 1:
                made[second] = _members(groups[1])[0]
    if not archetype.both and made["doer"].short == made["other"].short:
        default = archetype.roles["other" if made["doer"].short != archetype.roles["other"] else "doer"]
        made[second] = Noun(_joined(mark(idea), default), default)
    return made


def words_for(idea: Idea, archetype: Archetype) -> Words:
    """Return the nouns for every slot of an archetype's templates."""
    named = dict(roles(idea, archetype))
    main = thing_noun(idea, archetype, archetype.things["main"].noun)
    thing = idea.object or idea.topic or archetype.things["main"].noun
    core = (main.short.removesuffix(archetype.things["main"].noun).strip() or main.short).split()[-1]
    named["object"] = Noun(trim(thing, 60), trim(thing, 60))
    named["main"] = main
    for key, line in archetype.things.items():
        if key == "main":
            continue
        role = line.noun.strip("{}")
        if role in named:
            named[key] = named[role]
        else:
            front = core if not idea.object or idea.object.isascii() else ""
            if front.casefold() in line.noun.casefold().split():
                front = mark(idea)
            strong = main.full.removesuffix(archetype.things["main"].noun).strip() or front
            named[key] = Noun(_joined(strong, line.noun), line.noun)
    return Words(named)
