"""What shows where to look in the film: the mouse pointer, the ripple of a click, the light on a component."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw

from functions.agency.artifacts.drawing.canvas import Box

_SMOOTH = 4
_ARROW = ((1, 1), (1, 25), (7, 20), (11, 29), (16, 27), (12, 18), (20, 18))
_DIM = 56
"""How much darker all but the lit component gets, of 255."""


@lru_cache(maxsize=1)
def _arrow() -> Image.Image:
    large = Image.new("RGBA", (24 * _SMOOTH, 34 * _SMOOTH), (0, 0, 0, 0))
    points = [((x + 1) * _SMOOTH, (y + 1) * _SMOOTH) for x, y in _ARROW]
    draw = ImageDraw.Draw(large)
    draw.polygon(points, fill=(20, 26, 33, 255))
    draw.line([*points, points[0]], fill=(255, 255, 255, 255), width=2 * _SMOOTH, joint="curve")
    return large.resize((36, 51), Image.Resampling.LANCZOS)


@lru_cache(maxsize=32)
def _ring(radius: int, colour: str, strength: int) -> Image.Image:
    side = 2 * radius + 8
    mask = Image.new("L", (side * _SMOOTH, side * _SMOOTH), 0)
    edge = 4 * _SMOOTH
    ImageDraw.Draw(mask).ellipse(
        (edge, edge, side * _SMOOTH - edge, side * _SMOOTH - edge), outline=strength, width=5 * _SMOOTH
    )
    ring = Image.new("RGBA", (side, side), colour)
    ring.putalpha(mask.resize((side, side), Image.Resampling.BOX))
    return ring


def with_pointer(picture: Image.Image, at: tuple[int, int]) -> Image.Image:
    """Return a copy of the picture with the tip of the pointer at a place, in pixels."""
    made = picture.copy()
    made.paste(_arrow(), (at[0] - 3, at[1] - 3), _arrow())
    return made


def ripple(picture: Image.Image, at: tuple[int, int], share: float, colour: str) -> None:
    """Draw the ring of a click around a place; it widens and fades as `share` goes from 0 to 1."""
    ring = _ring(round(10 + 26 * share), colour, round(230 * (1 - share)))
    picture.paste(ring, (at[0] - ring.width // 2, at[1] - ring.height // 2), ring)


def lit(picture: Image.Image, box: Box, clip: Box, colour: str) -> Image.Image:
    """Return a copy in which `clip` is darker but for `box`, which gets an edge in `colour`."""
    shade = Image.new("L", picture.size, 0)
    draw = ImageDraw.Draw(shade)
    draw.rectangle((clip.x, clip.y, clip.right - 1, clip.bottom - 1), fill=_DIM)
    hole = (
        max(box.x - 8, clip.x),
        max(box.y - 8, clip.y),
        min(box.right + 7, clip.right - 1),
        min(box.bottom + 7, clip.bottom - 1),
    )
    draw.rounded_rectangle(hole, radius=14, fill=0)
    made = picture.copy()
    made.paste("#10161d", (0, 0), shade)
    ImageDraw.Draw(made).rounded_rectangle(hole, radius=14, outline=colour, width=4)
    return made
