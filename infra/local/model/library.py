"""The library of product archetypes, topics and sectors: data in YAML, read once into frozen values.

An archetype says how a kind of product works: its roles, things, screens and capabilities, as text with slots
(`{main}`, `{a doer}`, `{offices}` …) that `phrases.Words` fills with the nouns of an idea.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "archetypes"
DO = re.compile(
    r"^(?P<kind>\w+) (?P<thing>\w+)(?: (?P<states>[^@\[]+?))?(?: \[(?P<fields>[^\]]+)\])?"
    r" @ (?P<at>[\w-]+) by (?P<role>\w+), (?P<priority>must|should|could|support)$"
)


@dataclass(frozen=True)
class FieldLine:
    """A field of a thing: `maker` says how sample values come about (see `samples`)."""

    label: str
    type: str
    required: bool
    maker: str


@dataclass(frozen=True)
class ThingLine:
    """A thing the product keeps. `noun` is its head noun; `states` is empty or starts with the first state."""

    noun: str
    about: str
    fields: tuple[FieldLine, ...]
    states: tuple[str, ...]


@dataclass(frozen=True)
class Capability:
    """What somebody does with a thing: the seed of a feature, requirement, component, action and story.

    `quote` holds the lead's words for it; `actor` names somebody of the idea who is none of the roles.
    """

    kind: str
    thing: str
    at: str
    role: str
    priority: str
    name: str
    text: str
    benefit: str
    given: str
    when: str
    then: str
    button: str
    done: str
    from_states: tuple[str, ...] = ()
    to_state: str = ""
    fields: tuple[str, ...] = ()
    quote: str = ""
    actor: str = ""


@dataclass(frozen=True)
class ScreenLine:
    """A screen: title, purpose and role are templates; `extras` are components beyond those of its capabilities."""

    key: str
    title: str
    purpose: str
    role: str
    extras: tuple[str, ...]


@dataclass(frozen=True)
class Archetype:
    """A kind of product.

    `object` is "own" when the idea's object is itself the record kept, else "head". `audience` is the
    role of the people named after "for"; `roles_for` names the roles otherwise when a word of the idea
    asks for it; `both`: they take both sides; `inside`: it is for an organisation's own people;
    `compounds`: roles are named after the object ("cheese producer"); `seller`: who sells or offers is
    the doer.
    """

    key: str
    title: str
    cues: dict[str, float]
    sectors: tuple[str, ...]
    tails: tuple[str, ...]
    object: str
    roles: dict[str, str]
    roles_for: dict[str, dict[str, str]]
    audience: str
    both: bool
    inside: bool
    compounds: bool
    seller: bool
    things: dict[str, ThingLine]
    screens: tuple[ScreenLine, ...]
    capabilities: tuple[Capability, ...]
    lends: tuple[str, ...]
    problem: str
    promise: str
    goals: tuple[str, ...]
    epics: tuple[tuple[str, str, str], ...]
    risks: tuple[tuple[str, str, str, str], ...]
    qualities: tuple[tuple[str, str, float, str], ...]
    metrics: tuple[tuple[str, float, str, str], ...]
    questions: tuple[str, ...]
    out_of_scope: tuple[str, ...]
    pricing: str
    usage: tuple[int, int]


@dataclass(frozen=True)
class Topic:
    """Words of a field of life: what its kinds are called, sample names and the kind of each, units and prices."""

    key: str
    cues: tuple[str, ...]
    label: str
    kinds: tuple[str, ...]
    items: tuple[str, ...]
    of_kinds: tuple[int, ...]
    unit: str
    amount: tuple[float, float] | None
    price: tuple[float, float] | None
    price_label: str


@dataclass(frozen=True)
class Sector:
    """What a sector adds: law, risks, qualities, questions, services and a colour (hue in degrees)."""

    key: str
    label: str
    hue: int
    law: str
    risks: tuple[tuple[str, str, str, str], ...]
    qualities: tuple[tuple[str, str, float, str], ...]
    questions: tuple[str, ...]
    threat: str


def _parts(line: str, count: int) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in line.split("|"))
    if len(parts) != count:
        raise ValueError(f"{count} parts expected, separated by |: {line!r}")
    return parts


def field_line(line: str) -> FieldLine:
    """Read `Label? | type | maker`; the question mark makes the field optional."""
    label, kind, maker = _parts(line, 3)
    return FieldLine(label.rstrip("?"), kind, not label.endswith("?"), maker)


def _thing(data: dict[str, Any]) -> ThingLine:
    states = tuple(part.strip() for part in data.get("states", "").split(",") if part.strip())
    return ThingLine(data["noun"], data["about"], tuple(field_line(line) for line in data["fields"]), states)


def _capability(data: dict[str, str]) -> Capability:
    head = DO.match(data["do"])
    if not head:
        raise ValueError(f"not understood: {data['do']!r}")
    text, comma, benefit = data["text"].partition(", so that ")
    if not comma:
        raise ValueError(f"no benefit: {data['text']!r}")
    given, when, then = _parts(data["check"], 3)
    button, done = (part.strip() for part in data["button"].split("->"))
    leaving, _, reaching = (head["states"] or "").partition(">")
    return Capability(
        kind=head["kind"],
        thing=head["thing"],
        at=head["at"],
        role=head["role"],
        priority=head["priority"],
        name=data["name"],
        text=text,
        benefit=benefit,
        given=given,
        when=when,
        then=then,
        button=button,
        done=done,
        from_states=tuple(part.strip() for part in leaving.split("/") if part.strip()),
        to_state=reaching.strip(),
        fields=tuple(part.strip() for part in (head["fields"] or "").split(",") if part.strip()),
    )


def _screen(key: str, line: str) -> ScreenLine:
    title, purpose, role, extras = _parts(line, 4)
    return ScreenLine(key, title, purpose, role, tuple(extras.split()))


def _qualities(lines: list[str]) -> tuple[tuple[str, str, float, str], ...]:
    made = []
    for line in lines:
        quality, statement, target, unit = _parts(line, 4)
        made.append((quality, statement, float(target), unit))
    return tuple(made)


def _fours(lines: list[str]) -> tuple[tuple[str, str, str, str], ...]:
    return tuple((a, b, c, d) for a, b, c, d in (_parts(line, 4) for line in lines))


def _archetype(key: str, data: dict[str, Any]) -> Archetype:
    metrics = tuple((a, float(b), c, d) for a, b, c, d in (_parts(line, 4) for line in data["metrics"]))
    return Archetype(
        key=key,
        title=data["title"],
        cues={str(cue): float(weight) for cue, weight in data["cues"].items()},
        sectors=tuple(data.get("sectors", "").split()),
        tails=tuple(data["tails"].split()),
        object=data["object"],
        roles=dict(data["roles"]),
        roles_for={cue: dict(roles) for cue, roles in data.get("roles_for", {}).items()},
        audience=data["audience"],
        both=data.get("both", False),
        inside=data.get("inside", False),
        compounds=data.get("compounds", False),
        seller=data.get("seller", False),
        things={name: _thing(thing) for name, thing in data["things"].items()},
        screens=tuple(_screen(name, line) for name, line in data["screens"].items()),
        capabilities=tuple(_capability(item) for item in data["capabilities"]),
        lends=tuple(data["lends"]),
        problem=data["problem"],
        promise=data["promise"],
        goals=tuple(data["goals"]),
        epics=tuple((a, b, c) for a, b, c in (_parts(line, 3) for line in data["epics"])),
        risks=_fours(data["risks"]),
        qualities=_qualities(data["qualities"]),
        metrics=metrics,
        questions=tuple(data["questions"]),
        out_of_scope=tuple(data["out_of_scope"]),
        pricing=data["pricing"],
        usage=(int(data["usage"][0]), int(data["usage"][1])),
    )


def _load(path: Path) -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader, in C


@cache
def archetypes() -> dict[str, Archetype]:
    """Return every archetype by key, in the order of their files; ValueError names a line that is malformed."""
    made: dict[str, Archetype] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for key, data in _load(path).items():
            made[key] = _archetype(key, data)
    return made


def _range(text: str | None) -> tuple[float, float] | None:
    if not text:
        return None
    low, high = text.split("..")
    return float(low), float(high)


@cache
def topics() -> tuple[Topic, ...]:
    """Return every topic, in the order of the file."""
    made = []
    for key, data in _load(FOLDER.parent / "data" / "topics.yaml").items():
        made.append(
            Topic(
                key=key,
                cues=tuple(data["cues"].split()),
                label=data["label"],
                kinds=tuple(part.strip() for part in data["kinds"].split(",")),
                items=tuple(part.strip() for part in data["items"].split(",")),
                of_kinds=tuple(int(digit) - 1 for digit in str(data["of_kinds"])),
                unit=data.get("unit", ""),
                amount=_range(data.get("amount")),
                price=_range(data.get("price")),
                price_label=data.get("price_label", ""),
            )
        )
    return tuple(made)


@cache
def sectors() -> dict[str, Sector]:
    """Return what each sector adds, by key."""
    return {
        key: Sector(
            key=key,
            label=data["label"],
            hue=int(data["hue"]),
            law=data["law"],
            risks=_fours(data["risks"]),
            qualities=_qualities(data["qualities"]),
            questions=tuple(data["questions"]),
            threat=data["threat"],
        )
        for key, data in _load(FOLDER.parent / "data" / "sectors.yaml").items()
    }


@cache
def pools() -> dict[str, tuple[str, ...]]:
    """Return the pools of sample words (given names, surnames, places …) by name."""
    return {
        key: tuple(part.strip() for part in text.split(","))
        for key, text in _load(FOLDER.parent / "data" / "pools.yaml").items()
    }
