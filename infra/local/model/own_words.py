"""Capabilities in the lead's own words: what the idea says people do becomes part of the product."""

from __future__ import annotations

from dataclasses import replace

from infra.local.model.language import lexicon as lx
from infra.local.model.language.idea import Clause, Idea, carries_meaning
from infra.local.model.language.inflection import base_verb
from infra.local.model.language.tokens import stem, words
from infra.local.model.library import Archetype, Capability
from infra.local.model.phrases import Words

MOST_OWN = 4
ROLES = ("doer", "other", "office")
BENEFITS = {
    "create": "it is written down once and found again",
    "update": "the {main} shows what is true today",
    "transition": "everybody sees how far the {main} is",
    "search": "the right {main} is found without asking around",
    "compare": "a choice between two {mains} has a reason",
    "summarise": "decisions about {mains} rest on figures",
    "export": "others can work with it outside the product",
    "notify": "nobody has to ask how the {main} stands",
}
FILES = frozenset(["file", "report", "csv", "pdf", "spreadsheet", "export", "certificate", "statement"])
KIND_TEXTS: dict[str, tuple[str, str, str]] = {
    "create": (
        "{a doer} with everything at hand",
        "the entry is saved without a required field",
        "the form names the field and keeps the rest",
    ),
    "update": (
        "{a main} that has changed",
        "the change is saved",
        "everybody sees the new values and who changed them",
    ),
    "transition": (
        "{a main} that waits",
        "the step is taken",
        "its state changes and the people concerned can see it",
    ),
    "search": (
        "{mains} of several kinds",
        "some of their words are typed",
        "only the ones that match are listed",
    ),
    "compare": ("two {mains}", "they are compared", "the same facts stand in the same rows"),
    "summarise": (
        "{mains} in several states",
        "the page is opened",
        "its totals equal the sum of the {mains} listed",
    ),
    "export": (
        "{mains} that are complete",
        "the file is asked for",
        "it holds one line for each of the {mains}",
    ),
    "notify": (
        "{a main} somebody should know about",
        "the message is sent",
        "it names the {main} and stands in the inbox",
    ),
}
#: kinds a product needs once: a clause of that kind is the capability that is there
ONCE = frozenset(["export", "summarise", "compare"])
BUTTONS = {
    "create": "Save", "update": "Save the change", "transition": "Take the step", "search": "Search",
    "compare": "Compare", "summarise": "Add up", "export": "Export", "notify": "Send a note",
}  # fmt: skip


def own_capabilities(idea: Idea, archetype: Archetype, nouns: Words) -> list[Capability]:
    """Return the archetype's capabilities with the idea's clauses worked in, and those it adds.

    A clause whose verb a capability already covers is quoted there; any other becomes a capability of its own.
    """
    made = list(archetype.capabilities)
    added = 0
    for clause in idea.clauses:
        quote = f"{clause.verb} {clause.rest}"
        if len(quote) > 70 or len(quote) < 6:
            continue
        position = _covering(made, clause, nouns)
        if position is None and clause is idea.clauses[0]:
            position = _central(made, clause, archetype)
        if position is not None:
            if not made[position].quote:
                made[position] = replace(made[position], quote=_said(clause, idea))
        elif added < MOST_OWN:
            made.insert(min(len(made), 2 + added), _own(clause, quote, idea, archetype, nouns))
            added += 1
    return made


def _kind(clause: Clause) -> str:
    """The kind of action of a clause; whoever gets a file gets an export."""
    kind = lx.VERBS.get(base_verb(clause.verb), "update")
    files = any(word.casefold() in FILES for word in clause.rest.split())
    return "export" if files and kind in ("search", "export", "notify") else kind


def _covering(made: list[Capability], clause: Clause, nouns: Words) -> int | None:
    for position, item in enumerate(made):
        name = [word for word in words(nouns.lower(item.name)) if word.casefold() not in lx.STOP]
        said = words(item.text)[:1] + name[:1]
        same_verb = any(stem(word) == stem(clause.verb) for word in said)
        shared = {stem(word) for word in words(clause.rest)} & {stem(word) for word in name[1:]}
        if item.priority != "support" and same_verb and (shared or len(clause.rest.split()) <= 2):
            return position
        if item.priority != "support" and item.kind == _kind(clause) and item.kind in ONCE:
            return position
    return None


def _central(made: list[Capability], clause: Clause, archetype: Archetype) -> int | None:
    """What the whole product is about ("teachers tutor …" in tutoring) belongs to its last main step."""
    strong = {
        stem(cue.removeprefix("to "))
        for cue, weight in archetype.cues.items()
        if weight >= 4 and " " not in cue
    }
    if stem(clause.verb) not in strong:
        return None
    steps = [
        number
        for number, item in enumerate(made)
        if item.priority == "must" and item.thing == "main" and item.kind in ("transition", "create")
    ]
    return steps[-1] if steps else None


def _named(clause: Clause, nouns: Words) -> bool:
    return any(stem(clause.subject.split()[-1]) in _stems(nouns[role].full) for role in ROLES)


def _stems(text: str) -> set[str]:
    return {stem(word) for word in words(text)}


def _role(clause: Clause, nouns: Words) -> str:
    last = clause.subject.split()[-1:] or [""]
    for role in ROLES:
        if last[0] and stem(last[0]) in {stem(word) for word in nouns[role].full.split()}:
            return role
    return "doer"


def _own(clause: Clause, quote: str, idea: Idea, archetype: Archetype, nouns: Words) -> Capability:
    kind = _kind(clause)
    thing = "main"
    rest = {stem(word) for word in words(clause.rest)}
    for key in archetype.things:
        if rest & {stem(word) for word in nouns[key].short.split()}:
            thing = key
    states = archetype.things[thing].states
    if kind == "transition" and len(states) < 2:
        kind = "update"
    role = _role(clause, nouns)
    like = [one for one in archetype.capabilities if one.thing == thing and one.kind == kind]
    near = (
        like or [one for one in archetype.capabilities if one.thing == thing] or list(archetype.capabilities)
    )
    given, when, then = KIND_TEXTS[kind]
    specific = any(
        carries_meaning(word) and word.casefold() not in lx.QUALIFIERS for word in clause.rest.split()
    )
    plain = _plain(quote)
    return Capability(
        kind=kind,
        thing=thing,
        at=near[0].at,
        role=role,
        priority="must",
        name=plain if specific else f"{plain} for {{a main}}",
        text=plain,
        benefit=BENEFITS[kind],
        given=given,
        when=when,
        then=then,
        button=_plain(quote) if len(quote) <= 40 else BUTTONS[kind],
        done="Done: " + _plain(quote) + ".",
        from_states=states[:1] if kind == "transition" else (),
        to_state=states[1] if kind == "transition" else "",
        quote=_said(clause, idea),
        actor=clause.subject if clause.subject and not _named(clause, nouns) else "",
    )


def _said(clause: Clause, idea: Idea) -> str:
    """The clause as the lead wrote it, when those very words stand in the idea; else empty."""
    text = " ".join(idea.text.split())
    return clause.said if clause.said and clause.said.casefold() in text.casefold() else ""


def _plain(text: str) -> str:
    return text.replace("{", "(").replace("}", ")")
