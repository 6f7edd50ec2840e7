"""Which words of the idea name the things and roles of its product."""

from __future__ import annotations

from infra.local.model.language import lexicon as lx
from infra.local.model.language.idea import Audience, Idea, noun_kind
from infra.local.model.language.inflection import is_uncountable, possessive, singular, trim
from infra.local.model.language.tokens import stem
from infra.local.model.library import Archetype
from infra.local.model.phrases import Noun, Words

LONGEST = 60


def _strong(phrase: str) -> str:
    words = [word for word in phrase.split(" of ")[0].split() if word.casefold() not in lx.WEAK]
    return " ".join(words[-2:]) or phrase


def mark(idea: Idea) -> str:
    """The word that ties a thing to the idea's people or place: "fire brigade", "rural", "refugee child"."""
    audience = idea.audience
    if idea.topic:
        return singular(" ".join(idea.topic.split()[-2:]))
    if audience is None or not _usable(audience.phrase):
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


def _owned(owner: str, front: str, *parts: str) -> tuple[str, str]:
    """Return a full phrase behind its owner ("neighbour's tool") or its mark ("bakery shift"), and the owner."""
    rest = _joined(*parts)
    if owner and owner.casefold() not in rest.casefold():
        return f"{possessive(owner)} {rest}", owner
    return _joined(front, rest), ""


def thing_noun(idea: Idea, archetype: Archetype, head: str) -> Noun:
    """Name the main thing: the object itself when it is a record one can count, else object (or mark) and head.

    An object of one word is told apart by its people ("photographer's expense") or their house ("bakery shift").
    """
    audience = idea.audience
    known = audience is not None and audience.kind == "person" and not idea.topic and _usable(audience.phrase)
    owner = audience.phrase if audience and known else ""
    thing = idea.object
    if not thing:
        topic = " ".join(idea.topic.split()[-2:])
        front = mark(idea) or " ".join(idea.words[:1]).casefold()
        full, whose = _owned(owner, front, head)
        return Noun(full, _joined(singular(topic), head), whose)
    tokens = thing.replace(" of ", " ").split()
    person = noun_kind(thing)[0] in ("person", "organisation")
    alone = len(tokens) == 1 and not person
    whose, front = (owner, mark(idea)) if alone else ("", "")
    record = tokens[-1].casefold() in lx.RECORDS or tokens[-1].casefold().endswith(head)
    if record or (archetype.object == "own" and not is_uncountable(thing) and not person and thing.isascii()):
        full, whose = _owned(whose, front, " ".join(thing.split()[-4:]))
        return Noun(full, _joined(*tokens[-2:]), whose)
    full, whose = _owned(whose, front, " ".join(tokens[-3:]), head)
    return Noun(
        full,
        _joined(*tokens[-2:], head) if len(_joined(*tokens[-2:], head)) < 26 else _joined(tokens[-1], head),
        whose,
    )


def _usable(phrase: str) -> bool:
    return phrase.split()[-1].casefold() not in lx.ANYBODY


def _person(phrase: str) -> Noun:
    words = phrase.split(" of ")[0].split()
    short = phrase if words[-1].casefold() in lx.PALE and len(words) < 3 else words[-1]
    return Noun(trim(phrase, 60), trim(short, 40))


def _members(audience: Audience, archetype: Archetype) -> tuple[Noun, Noun]:
    """Who belongs to an organisation and who runs it; inside tools are for its own people, not for its guests."""
    member, staff = lx.ORGANISATIONS[audience.head]
    front = audience.phrase.split()[: -len(audience.head.split())]
    kept = " ".join(word for word in front if word.casefold() not in lx.WEAK)
    if archetype.inside and member in lx.OUTSIDERS:
        default = archetype.roles["doer"]
        return Noun(_joined(audience.head, default), default), Noun(staff, staff)
    if kept and audience.head in lx.DESKS:
        return Noun(member, member), Noun(audience.phrase, audience.phrase)
    member = "" if member in kept.casefold() else member
    return Noun(_joined(kept, member or audience.phrase), member or kept), Noun(staff, staff)


def _usual(idea: Idea, archetype: Archetype) -> dict[str, str]:
    """The archetype's roles, as they are called in the idea's field ("client" and "adviser" for legal advice)."""
    said = {stem(word) for word in idea.words}
    fitting = (names for cue, names in archetype.roles_for.items() if stem(cue) in said)
    return next(fitting, archetype.roles)


def roles(idea: Idea, archetype: Archetype) -> dict[str, Noun]:
    """Name the roles: the idea's people where it names some, else the archetype's, marked where that reads well."""
    core = idea.object.split()[-1:] if noun_kind(idea.object)[0] == "thing" and archetype.compounds else []
    place = mark(idea) if idea.audience and idea.audience.kind == "place" and not idea.topic else ""
    made: dict[str, Noun] = {}
    usual = _usual(idea, archetype)
    for key, default in usual.items():
        front = core[0] if core and key != "office" else place
        made[key] = Noun(_joined(front, default), default)
    people = [one for one in idea.audiences if one.kind == "person" and _usable(one.phrase)]
    groups = [one for one in idea.audiences if one.kind == "organisation"]
    subject = next((clause.subject for clause in idea.clauses if clause.subject), "")
    first, second = archetype.audience, "other" if archetype.audience == "doer" else "doer"
    if subject and idea.counterpart and noun_kind(subject)[0] == "person" and _usable(subject):
        made["doer"], made["other"] = _person(subject), _person(idea.counterpart)
    elif (
        people
        and archetype.seller
        and any(clause.verb in ("sell", "offer", "make") for clause in idea.clauses)
    ):
        made["doer"] = _person(people[0].phrase)
    elif people and (same := _role_of(people[0], archetype)) and same != first:
        made[same] = _person(people[0].phrase)
    elif people:
        made[first] = _person(people[0].phrase)
        if len(people) > 1 and people[1].phrase.split()[-1] != people[0].phrase.split()[-1]:
            made[second] = _person(people[1].phrase)
        elif archetype.both:
            made[second] = made[first]
    if groups:
        member, staff = _members(groups[0], archetype)
        desk = next((one for one in groups if one.head in lx.DESKS and len(one.phrase.split()) > 1), None)
        made["office"] = _members(desk, archetype)[1] if desk else staff
        if not people:
            made["doer" if first == "office" else first] = member
            if archetype.both:
                made[second] = member
            elif len(groups) > 1:
                made[second] = _members(groups[1], archetype)[0]
    if not archetype.both and made["doer"].short == made["other"].short:
        default = archetype.roles[second]
        made[second] = (
            Noun(default, default) if made[first].short != default else Noun(f"other {default}", default)
        )
    return made


def _role_of(audience: Audience, archetype: Archetype) -> str:
    """The role whose usual name the audience bears ("elevator technician"); empty when none does."""
    last = audience.phrase.split()[-1].casefold()
    return next((key for key, default in archetype.roles.items() if default.split()[-1] == last), "")


def words_for(idea: Idea, archetype: Archetype) -> Words:
    """Return the nouns for every slot of an archetype's templates."""
    named = dict(roles(idea, archetype))
    head = archetype.things["main"].noun
    main = thing_noun(idea, archetype, head)
    thing = idea.object or idea.topic or head
    named["object"] = Noun(trim(thing, 60), trim(thing, 60)) if idea.object or idea.topic else main
    named["main"] = main
    for key, line in archetype.things.items():
        if key == "main":
            continue
        role = line.noun.strip("{}")
        if role in named:
            named[key] = named[role]
            continue
        last = main.full.split()[-1]
        ends = last == head or (last.casefold() in lx.RECORDS and last in line.noun.split())
        strong = main.full.removesuffix(last).strip() if ends else main.full
        strong = strong or main.full
        if strong.split()[-1].casefold() == line.noun.casefold():
            strong = " ".join(strong.split()[:-1]) or strong
        named[key] = Noun(_joined(strong, line.noun), line.noun, main.owner)
    return Words(named)
