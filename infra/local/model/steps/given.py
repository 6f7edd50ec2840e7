"""What a step is given, and how the ids of earlier answers find back to the abilities they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from infra.local.model.blueprint import Ability, Blueprint
from infra.local.model.language import lexicon as lx
from infra.local.model.language.inflection import base_verb, cut, trim
from infra.local.model.language.tokens import clean, stem, words


@dataclass(frozen=True)
class Given:
    """The blueprint, the retrieved comparables, the accepted answers by step, passages of documents."""

    plan: Blueprint
    retrieved: Sequence[Mapping[str, Any]]
    answers: Mapping[str, Mapping[str, Any]]
    knowledge: Sequence[Mapping[str, Any]] = ()

    def part(self, step: str, key: str) -> list[dict[str, Any]]:
        """Return the list `key` of an earlier answer; empty when it is missing."""
        value = self.answers.get(step, {}).get(key, [])
        return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

    @property
    def name(self) -> str:
        """The product's name as accepted."""
        name = self.answers.get("qualify", {}).get("project_name")
        return trim(clean(name), 60) or self.plan.name if isinstance(name, str) else self.plan.name

    def requirements(self) -> list[tuple[dict[str, Any], Ability]]:
        """Return each accepted functional requirement with the ability behind it, guessed for foreign ones."""
        known = {one.name.casefold(): one for one in self.plan.abilities}
        pairs = []
        for item in self.part("specify", "functional_requirements"):
            ability = known.get(str(item.get("title", "")).casefold())
            pairs.append((item, ability or guess(self.plan, item)))
        return pairs


def guess(plan: Blueprint, item: Mapping[str, Any]) -> Ability:
    """Return an ability for a requirement or feature somebody else worded: its verb tells the kind of action."""
    title = clean(str(item.get("title") or item.get("name") or "Open the page"))
    text = f"{title} {clean(str(item.get('statement') or item.get('description') or ''))}"
    tokens = [word.casefold() for word in words(text)]
    kind = next((lx.VERBS[base_verb(word)] for word in tokens if base_verb(word) in lx.VERBS), "update")
    stems = {stem(word) for word in tokens}
    entity = max(
        plan.entities,
        key=lambda one: len(stems & {stem(word) for word in words(f"{one['label']} {one['plural']}")}),
    )
    alike = [one for one in plan.abilities if one.entity == entity["name"]]
    near = next((one for one in alike if one.kind == kind), None) or next(iter(alike), plan.abilities[0])
    if near.kind != kind:
        kind = "update" if kind in ("transition", "filter", "compare") else kind
    fields = near.fields if near.kind == kind else _fields(entity, kind)
    actor = clean(str(item.get("actor") or near.actor))
    return replace(
        near,
        name=trim(title, 80) or near.name,
        actor=trim(actor, 80) or near.actor,
        button=trim(title, 80) or near.button,
        do=cut(f"use “{title}”", 200),
        done=cut(f"{title}: done.", 160),
        kind=kind,
        entity=entity["name"],
        fields=tuple(fields),
        priority="support",
        from_states=near.from_states if kind == "transition" else (),
        to_state=near.to_state if kind == "transition" else "",
        quote="",
    )


def _fields(entity: Mapping[str, Any], kind: str) -> list[str]:
    names = [field["name"] for field in entity["fields"]]
    if kind == "create":
        return names
    if kind == "summarise":
        return [field["name"] for field in entity["fields"] if field["type"] in ("number", "money")][:3]
    return [] if kind in ("delete", "notify", "transition") else names[:4]
