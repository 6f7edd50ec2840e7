"""Where an action is done: which component of its screen carries it.

A component carries an action when it is of a kind that can (a form creates, a table has rows to change) and
shows the same entity; one that names the same requirement goes first. An action no component can carry stands
in a section of its own at the end of the screen, so none is lost.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from shared.models.answers import Action, Component, EntitySpec, Screen
from shared.models.answers.design import ComponentKind
from shared.models.answers.prototype import ActionKind

WITHOUT_ENTITY: Final[frozenset[ComponentKind]] = frozenset({"text", "notice", "button"})
_LISTS: Final[tuple[ComponentKind, ...]] = ("table", "cards", "board")
_ROWS: Final[tuple[ComponentKind, ...]] = (*_LISTS, "detail")
_BUTTON: Final[tuple[ComponentKind, ...]] = ("button",)
# The kinds of component that carry an action, best first.
_CARRIERS: Final[dict[ActionKind, tuple[tuple[ComponentKind, ...], ...]]] = {
    "create": (("form",), _BUTTON),
    "update": (("form",), _ROWS, _BUTTON),
    "transition": (_ROWS, _BUTTON),
    "delete": (_ROWS, _BUTTON),
    "notify": (_ROWS, _BUTTON),
    "search": (("search",), _LISTS),
    "filter": (("search",), _LISTS),
    "summarise": (("stat", "chart"), _BUTTON, _LISTS),
    "compare": (_LISTS, _BUTTON),
    "export": (_BUTTON, _LISTS),
}


@dataclass
class Placed:
    """A component with the entity it shows (empty when none) and the actions it carries."""

    part: Component
    entity: str
    actions: list[Action] = field(default_factory=list)

    def requirements(self) -> list[str]:
        """What the component and its actions realise, each once, in order."""
        return list(dict.fromkeys([*self.part.requirements, *(a.requirement for a in self.actions)]))


def find_entity(words: str, entities: list[EntitySpec]) -> str:
    """Return the name of the entity that `words` name by name, label or plural, in any case; else empty."""
    wanted = " ".join(words.replace("_", " ").split()).casefold()
    if not wanted:
        return ""
    called = {
        entity.name: {
            text.replace("_", " ").casefold() for text in (entity.name, entity.label, entity.plural)
        }
        for entity in entities
    }
    for name, names in called.items():
        if wanted in names or wanted.removesuffix("s") in names or f"{wanted}s" in names:
            return name
    for name, names in called.items():
        if any(set(wanted.split()) & set(text.split()) for text in names):
            return name
    return ""


def _main_entity(screen: Screen, actions: list[Action], entities: list[EntitySpec]) -> str:
    """Return the entity that most of the screen is about; the first one when nothing tells."""
    named = [action.entity for action in actions]
    named += [name for part in screen.components if (name := find_entity(part.entity, entities))]
    return Counter(named).most_common(1)[0][0] if named else entities[0].name


def place(
    screen: Screen, actions: list[Action], entities: list[EntitySpec]
) -> tuple[list[Placed], list[Action]]:
    """Return the components of a screen with the actions they carry, and the actions left over."""
    fallback = _main_entity(screen, actions, entities)
    placed = []
    for part in screen.components:
        entity = find_entity(part.entity, entities)
        if not entity and part.kind not in WITHOUT_ENTITY:
            entity = fallback
        placed.append(Placed(part, entity))
    left = []
    # Creating comes first: what is left of the forms may then serve to update.
    for action in sorted(actions, key=lambda item: item.kind != "create"):
        carrier = _carrier(action, placed)
        if carrier is None:
            left.append(action)
        else:
            carrier.actions.append(action)
    _wake_buttons(placed, actions)
    return placed, left


def _carrier(action: Action, placed: list[Placed]) -> Placed | None:
    for kinds in _CARRIERS[action.kind]:
        fit = [item for item in placed if item.part.kind in kinds and _can_carry(item, action)]
        # Stable: among equals the one drawn first wins.
        fit.sort(key=lambda item: action.requirement not in item.part.requirements)
        if fit:
            return fit[0]
    return None


def _can_carry(item: Placed, action: Action) -> bool:
    serves = action.requirement in item.part.requirements
    match item.part.kind:
        case "button":
            # A button that leads to a screen keeps doing so.
            idle = not item.part.goes_to and not item.actions
            return idle and serves and item.entity in (action.entity, "")
        case "form":
            idle = not item.actions and item.entity == action.entity
            return idle and (serves or action.kind == "create")
        case _:
            return item.entity == action.entity


def _wake_buttons(placed: list[Placed], actions: list[Action]) -> None:
    """Give a button that leads nowhere and does nothing an action of its requirement or entity to do."""
    for item in placed:
        if item.part.kind != "button" or item.part.goes_to or item.actions:
            continue
        able = [action for action in actions if action.kind not in ("search", "filter")]
        same = [action for action in able if action.requirement in item.part.requirements]
        same += [action for action in able if action.entity == item.entity and action.kind == "create"]
        item.actions.extend(same[:1])
