"""Step 5: the wireframe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.models.answers.base import (
    Answer,
    AnswerContext,
    Name,
    Part,
    RequirementId,
    Sentence,
    Slug,
    faults,
    not_in,
    repeated,
    uncovered,
)
from shared.models.base import line

ComponentKind = Literal[
    "text",
    "stat",
    "form",
    "table",
    "cards",
    "board",
    "detail",
    "calendar",
    "chart",
    "search",
    "button",
    "notice",
]


class Component(Part):
    """A part of a screen.

    `entity` names the thing it shows or edits (one word, singular, empty when none); `fields` are the
    labels it shows; `goes_to` is the screen it leads to, empty when none.
    """

    id: Slug = Field(pattern=r"^[a-z][a-z0-9-]*$", description="unique within its screen")
    kind: ComponentKind
    label: Annotated[str, line(100)]
    entity: Annotated[str, line(60, 0)]
    fields: list[Annotated[str, line(60)]] = Field(max_length=10)
    goes_to: Annotated[str, line(60, 0)]
    requirements: list[RequirementId]


class Screen(Part):
    """A page of the product."""

    id: Slug = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: Annotated[str, line(60)]
    purpose: Sentence
    actor: Annotated[str, line(80)]
    components: list[Component] = Field(min_length=2, max_length=10)

    def requirements(self) -> list[str]:
        """The requirements that the components of this screen serve, each once, in order."""
        return list(dict.fromkeys(item for part in self.components for item in part.requirements))


class NavigationLink(Part):
    """A way from one screen to another, and the words on it."""

    from_screen: Slug
    to_screen: Slug
    label: Name


class DesignAnswer(Answer):
    """The wireframe: 4–10 screens, all reachable from the first, every requirement on one of them."""

    screens: list[Screen] = Field(min_length=4, max_length=10)
    navigation: list[NavigationLink] = Field(min_length=3, max_length=60)
    accent: Annotated[str, line(7)] = Field(
        pattern=r"^#[0-9a-f]{6}$", description="the product's colour, dark enough for white text"
    )

    def problems(self, given: AnswerContext) -> list[str]:
        """References resolve, every screen can be reached, every requirement is served."""
        screens = [screen.id for screen in self.screens]
        links = [(link.from_screen, link.to_screen) for link in self.navigation]
        for screen in self.screens:
            links += [(screen.id, part.goes_to) for part in screen.components if part.goes_to]
        served = [item for screen in self.screens for item in screen.requirements()]
        known = given.requirement_ids()
        reached = {screens[0]}
        while grown := {end for start, end in links if start in reached and end not in reached}:
            reached |= grown
        return [
            *faults("screen ids repeated", repeated(screens)),
            *faults(
                "component ids repeated",
                repeated(f"{s.id}/{part.id}" for s in self.screens for part in s.components),
            ),
            *faults("links to unknown screens", not_in((n for ln in links for n in ln), screens)),
            *faults("screens nobody can reach", uncovered(screens, reached)),
            *faults("requirements served that do not exist", not_in(served, known)),
            *faults("requirements on no screen", uncovered(known, served)),
        ]
