"""What the product of an idea is: its nouns, things, screens and capabilities.

All eight answers are drawn from it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from infra.local.model import naming
from infra.local.model.language.idea import Idea
from infra.local.model.language.inflection import a, capital, cut, plural, trim
from infra.local.model.language.parser import parse
from infra.local.model.library import Archetype, Capability, ScreenLine, Sector, sectors
from infra.local.model.matching import choose, topic_of
from infra.local.model.nouns import words_for
from infra.local.model.own_words import own_capabilities
from infra.local.model.phrases import Words
from infra.local.model.samples import Samples, identifier

MOST_FEATURES = 10
MOST_REQUIREMENTS = 18


@dataclass(frozen=True)
class Ability:
    """A capability in the words of the idea. `entity` and `screen` are names in the blueprint."""

    name: str
    actor: str
    actors: str
    do: str
    benefit: str
    given: str
    when: str
    then: str
    button: str
    done: str
    kind: str
    entity: str
    screen: str
    priority: str
    from_states: tuple[str, ...]
    to_state: str
    fields: tuple[str, ...]
    quote: str

    @property
    def description(self) -> str:
        """Who does what and why, as a sentence."""
        quoted = f" In the lead's words: “{self.quote}”." if self.quote else ""
        return cut(f"{capital(self.actors)} {self.do}, so that {self.benefit}.{quoted}", 400)

    @property
    def statement(self) -> str:
        """The requirement: the system shall …"""
        return cut(f"The system shall let {self.actor} {self.do}.", 400)


@dataclass(frozen=True)
class ScreenPlan:
    """A screen in the words of the idea."""

    id: str
    title: str
    purpose: str
    actor: str
    extras: tuple[str, ...]


@dataclass(frozen=True)
class Blueprint:
    """Everything the eight answers share."""

    idea: Idea
    seed: int
    sector: Sector
    archetype: Archetype
    secondary: Archetype | None
    words: Words
    name: str
    abilities: tuple[Ability, ...]
    screens: tuple[ScreenPlan, ...]
    entities: tuple[dict[str, Any], ...]
    constraints: Mapping[str, Any]
    junk: bool

    def entity(self, name: str) -> dict[str, Any]:
        """Return the entity of that name; KeyError when there is none."""
        for entity in self.entities:
            if entity["name"] == name:
                return entity
        raise KeyError(name)

    @property
    def features(self) -> tuple[Ability, ...]:
        """The abilities that are features of their own."""
        return tuple(one for one in self.abilities if one.priority != "support")


def blueprint(brief: Mapping[str, Any]) -> Blueprint:
    """Return the blueprint of a brief `{idea, sector, constraints, company}`; any text is an idea."""
    idea = brief.get("idea")
    sector = brief.get("sector")
    constraints = brief.get("constraints")
    kept = constraints if isinstance(constraints, dict) else {}
    text = json.dumps(kept, sort_keys=True, default=str)
    return _blueprint(
        idea if isinstance(idea, str) else "", sector if isinstance(sector, str) else "other", text
    )


@lru_cache(maxsize=64)
def _blueprint(text: str, sector: str, constraints: str) -> Blueprint:
    idea = parse(text)
    seed = int.from_bytes(
        hashlib.sha256(" ".join(text.split()).encode("utf-8", "replace")).digest()[:6], "big"
    )
    primary, secondary = choose(idea, sector)
    words = words_for(idea, primary)
    topic = topic_of(idea)
    samples = Samples(words, topic, idea.place, seed)
    names = _entity_names(words, primary)
    entities = [samples.entity(key, line, names[key]) for key, line in primary.things.items()]
    own = own_capabilities(idea, primary, words)
    maker = _Maker(words, primary, dict(zip(primary.things, entities, strict=True)), samples)
    abilities = maker.abilities(own)
    screens = list(maker.screens({one.screen for one in abilities}))
    blend = _blend(idea, secondary, samples, entities) if secondary else None
    if blend:
        entity, ability, screen = blend
        entities.append(entity)
        abilities.append(ability)
        screens.append(screen)
    return Blueprint(
        idea=idea,
        seed=seed,
        sector=sectors().get(sector, sectors()["other"]),
        archetype=primary,
        secondary=secondary,
        words=words,
        name=naming.product_name(idea, primary, words, seed),
        abilities=tuple(_demoted(abilities)),
        screens=tuple(screens),
        entities=tuple(entities),
        constraints=json.loads(constraints),
        junk=naming.is_junk(idea),
    )


def _blend(
    idea: Idea, secondary: Archetype, samples: Samples, entities: list[dict[str, Any]]
) -> tuple[dict[str, Any], Ability, ScreenPlan] | None:
    """Take one thing, what is done with it and its screen over from the second kind of product; None on a clash."""
    item = next(
        (one for one in secondary.capabilities if one.name in secondary.lends and one.kind == "create"), None
    )
    if item is None:
        return None
    words = words_for(idea, secondary)
    noun = words[item.thing]
    name = identifier(noun.short, "")
    taken = {str(entity[key]).casefold() for entity in entities for key in ("name", "label", "plural")}
    if not name or {name, noun.short.casefold(), noun.phrase(full=False, many=True).casefold()} & taken:
        return None
    entity = samples.blended(words).entity(item.thing, secondary.things[item.thing], name)
    maker = _Maker(words, secondary, {item.thing: entity}, samples)
    line = next(screen for screen in secondary.screens if screen.key == item.at)
    screen = maker.screen(replace(line, key=f"{secondary.key}-{line.key}", extras=()))
    ability = replace(maker.ability(item), screen=screen.id, priority="could")
    return entity, ability, screen


def _entity_names(words: Words, archetype: Archetype) -> dict[str, str]:
    names: dict[str, str] = {}
    for key, line in archetype.things.items():
        fallback = identifier(line.noun.strip("{}"), "record")
        name = identifier(words[key].short, fallback)
        names[key] = name if name not in names.values() else f"{fallback[:30]}_{key}"
    return names


class _Maker:
    """Turns capabilities of the library into abilities of the product."""

    def __init__(
        self, words: Words, archetype: Archetype, entities: dict[str, dict[str, Any]], samples: Samples
    ) -> None:
        self.words = words
        self.archetype = archetype
        self.entities = entities
        self.samples = samples
        main, thing = words["main"].short, words["object"].short
        # A short name of two own words ("lab equipment listing") tells the idea apart: sentences stay lighter.
        named = words["object"] != words["main"] and len(thing.split()) > 1
        self.telling = named and thing.split()[-2:] == main.split()[:2]

    def abilities(self, own: list[Capability]) -> list[Ability]:
        """The library's capabilities in the idea's words, the idea's own ones first among the rest; names differ."""
        made: list[Ability] = []
        seen: set[str] = set()
        for item in own:
            ability = self.ability(item)
            if ability.name.casefold() not in seen and len(made) < MOST_REQUIREMENTS:
                seen.add(ability.name.casefold())
                made.append(ability)
        return made

    def ability(self, item: Capability) -> Ability:
        """A capability in the idea's words."""
        words, role = self.words, self.words[item.role]
        entity = self.entities[item.thing]
        kind = item.kind
        told = self.telling or role.full == words["main"].owner
        if kind == "transition" and not entity["states"]:
            kind = "update"
        if kind == "filter" and not self._choice(entity):
            kind = "search"
        return Ability(
            name=trim(words.fill(item.name, full=True), 80),
            actor=a(item.actor) if item.actor else words.lower(f"{{a {item.role}}}", full=True),
            actors=plural(item.actor) if item.actor else role.phrase(full=True, many=True),
            do=cut(words.lower(item.text, full=not told), 260),
            benefit=cut(words.lower(item.benefit).rstrip("."), 200),
            given=cut(words.lower(item.given), 300),
            when=cut(words.lower(item.when), 300),
            then=cut(words.lower(item.then), 300),
            button=trim(words.fill(item.button), 80),
            done=cut(words.fill(item.done), 160),
            kind=kind,
            entity=entity["name"],
            screen=item.at,
            priority=item.priority,
            from_states=item.from_states if kind == "transition" else (),
            to_state=item.to_state if kind == "transition" else "",
            fields=tuple(self._fields(item, kind, entity)),
            quote=item.quote,
        )

    def _choice(self, entity: dict[str, Any]) -> str:
        return next((field["name"] for field in entity["fields"] if field["type"] == "choice"), "")

    def _fields(self, item: Capability, kind: str, entity: dict[str, Any]) -> list[str]:
        fields = entity["fields"]
        lines = self.archetype.things[item.thing].fields
        named = [
            field["name"] for line, field in zip(lines, fields, strict=True) if line.label in item.fields
        ]
        match kind:
            case "create":
                return [field["name"] for field in fields]
            case "transition" | "delete" | "notify":
                return []
            case "filter":
                choices = [name for name in named if _type(fields, name) == "choice"]
                return (choices or [self._choice(entity)])[:1]
            case "search":
                wanted = [field["name"] for field in fields if field["type"] in ("text", "choice")]
                return named or wanted[:4] or [fields[0]["name"]]
            case "summarise":
                return (
                    named or [field["name"] for field in fields if field["type"] in ("number", "money")][:3]
                )
            case "update":
                changing = ("money", "number", "date", "time", "choice", "long_text")
                wanted = [field["name"] for field in fields[1:] if field["type"] in changing]
                return named or wanted[:3] or [fields[-1]["name"]]
            case _:
                return named or [field["name"] for field in fields if field["type"] != "long_text"][:6]

    def screens(self, used: set[str]) -> tuple[ScreenPlan, ...]:
        """The archetype's screens that an ability uses, and always the first four."""
        kept = [line for number, line in enumerate(self.archetype.screens) if number < 4 or line.key in used]
        return tuple(self.screen(line) for line in kept)

    def screen(self, line: ScreenLine) -> ScreenPlan:
        """A screen in the idea's words."""
        return ScreenPlan(
            id=line.key,
            title=trim(self.words.fill(line.title), 60),
            purpose=cut(self.words.fill(line.purpose, full=True), 400),
            actor=capital(trim(self.words[line.role].full, 80)),
            extras=line.extras,
        )


def _type(fields: list[dict[str, Any]], name: str) -> str:
    return str(next(field["type"] for field in fields if field["name"] == name))


def _demoted(made: list[Ability]) -> list[Ability]:
    """Leave the first ten features; what comes later supports them."""
    kept, count = [], 0
    for one in made:
        if one.priority != "support":
            count += 1
            one = replace(one, priority="support") if count > MOST_FEATURES else one
        kept.append(one)
    return kept
