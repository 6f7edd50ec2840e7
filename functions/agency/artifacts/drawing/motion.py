"""How a scene of the film moves: the pointer goes to what the caption speaks of, clicks, and light falls on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image

from functions.agency.artifacts.drawing.pointer import lit, ripple, with_pointer
from functions.agency.artifacts.drawing.screen import ScreenPicture
from functions.agency.artifacts.drawing.theme import product_theme
from shared.models.answers import Component, Scene, Screen

LEAD: Final = 8
MOVE: Final = 18
CLICK: Final = 7
"""Frames before the first move, of a move and of a click."""

_SILENT: Final = frozenset({"text", "notice"})
# Short words that every sentence holds; the others are told apart by the length alone.
_EMPTY: Final = frozenset(
    {"the", "and", "for", "its", "you", "one", "all", "how", "who", "what", "when", "with"}
)
_WORD: Final = re.compile(r"\w{3,}")


@dataclass(frozen=True)
class Still:
    """A picture and for how many frames it stands."""

    picture: Image.Image
    frames: int


@dataclass(frozen=True)
class _Place:
    """Where the content is scrolled to and the pointer is, in pixels."""

    scroll: int
    x: int
    y: int

    def towards(self, other: _Place, share: float) -> _Place:
        """Return the place after `share` (0–1) of the way, starting and ending gently."""
        eased = share * share * (3 - 2 * share)
        return _Place(
            self.scroll + round((other.scroll - self.scroll) * eased),
            self.x + round((other.x - self.x) * eased),
            self.y + round((other.y - self.y) * eased),
        )


def focus(scene: Scene, screen: Screen, shown: ScreenPicture, count: int) -> list[str]:
    """Return the ids of the components that caption and narration speak of most, in the screen's order.

    A word of the caption counts twice one of the narration; of equals the larger one is taken, and text and
    notices only when there is nothing else.
    """
    caption, narration = _stems(scene.caption), _stems(scene.narration)

    def score(part: Component) -> tuple[bool, int, int]:
        own = _stems(shown.words[part.id])
        box = shown.boxes[part.id]
        spoken = 2 * len(own & caption) + len(own & narration)
        return part.kind not in _SILENT, spoken, box.width * box.height

    ranked = sorted(screen.components, key=score, reverse=True)[:count]
    return [part.id for part in screen.components if part in ranked]


def scene_stills(
    shown: ScreenPicture, band: Image.Image, stops: list[str], accent: str, frames: int
) -> Iterator[Still]:
    """Give the pictures of a scene; their frames add up to `frames`, which leaves room for every stop."""
    rest = frames - LEAD - len(stops) * (MOVE + CLICK)
    place = _Place(0, shown.viewport.x + shown.viewport.width * 3 // 4, shown.viewport.bottom - 90)
    yield Still(_framed(shown, place, band), LEAD)
    for number, stop in enumerate(stops):
        hold = rest // len(stops) + (rest % len(stops) if number == 0 else 0)
        goal = _goal(shown, place.scroll, stop)
        for frame in range(1, MOVE + 1):
            yield Still(_framed(shown, place.towards(goal, frame / MOVE), band), 1)
        place = goal
        yield from _click(shown, place, stop, band, accent, hold)


def _click(
    shown: ScreenPicture, place: _Place, stop: str, band: Image.Image, accent: str, hold: int
) -> Iterator[Still]:
    view, colour = shown.viewport, product_theme(accent).accent
    at = (place.x, place.y)
    dark = _with_band(shown.at(place.scroll), band)
    light = lit(dark, shown.boxes[stop].moved(view.x, view.y - place.scroll), view, colour)
    for frame in range(1, CLICK + 1):
        picture = Image.blend(dark, light, frame / CLICK)
        ripple(picture, at, frame / CLICK, colour)
        yield Still(with_pointer(picture, at), 1)
    yield Still(with_pointer(light, at), hold)


def _goal(shown: ScreenPicture, scroll: int, stop: str) -> _Place:
    """Return where to scroll so that the component is seen, and where to point in it."""
    view, box = shown.viewport, shown.boxes[stop]
    if box.y < scroll + 12 or box.bottom > scroll + view.height - 12:
        wanted = box.y - max(24, (view.height - box.height) // 2)
        scroll = min(max(0, wanted), shown.scroll_range)
    x, y = shown.hot[stop]
    if y > scroll + view.height - 60:
        # A component higher than the picture is shown where a person would press.
        scroll = min(y - view.height * 2 // 3, shown.scroll_range)
    return _Place(
        scroll,
        view.x + min(max(x, 12), view.width - 48),
        view.y + min(max(y - scroll, 12), view.height - 60),
    )


def _framed(shown: ScreenPicture, place: _Place, band: Image.Image) -> Image.Image:
    return with_pointer(_with_band(shown.at(place.scroll), band), (place.x, place.y))


def _with_band(picture: Image.Image, band: Image.Image) -> Image.Image:
    made = Image.new("RGB", (picture.width, picture.height + band.height))
    made.paste(picture, (0, 0))
    made.paste(band, (0, picture.height))
    return made


def _stems(words: str) -> set[str]:
    """Return the first five letters of every word of three letters or more, so that `bids` meets `bid`."""
    found = (word.casefold() for word in _WORD.findall(words.replace("_", " ")))
    return {word.rstrip("s")[:5] for word in found if word not in _EMPTY}


__all__ = ["Still", "focus", "scene_stills"]
