"""Drawing primitives: smooth rounded boxes, text that fits, badges, placeholder bars."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from PIL import Image, ImageDraw

from functions.agency.artifacts.drawing.fonts import Weight, fit, font, wrap

_SMOOTH = 4


class Box(NamedTuple):
    """A rectangle in pixels: left and top edge, width and height."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column right of the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row below the box."""
        return self.y + self.height

    def inset(self, horizontal: int, vertical: int | None = None) -> Box:
        """Return the box made smaller on every side."""
        down = horizontal if vertical is None else vertical
        return Box(
            self.x + horizontal,
            self.y + down,
            max(1, self.width - 2 * horizontal),
            max(1, self.height - 2 * down),
        )

    def moved(self, right: int, down: int) -> Box:
        """Return the box at another place."""
        return Box(self.x + right, self.y + down, self.width, self.height)


@lru_cache(maxsize=128)
def _rounded_mask(width: int, height: int, radius: int) -> Image.Image:
    """Return a smooth mask of a rounded box. Only the corners are drawn large and reduced."""
    mask = Image.new("L", (width, height), 255)
    side = radius * _SMOOTH
    disc = Image.new("L", (2 * side, 2 * side), 0)
    ImageDraw.Draw(disc).ellipse((0, 0, 2 * side - 1, 2 * side - 1), fill=255)
    disc = disc.resize((2 * radius, 2 * radius), Image.Resampling.BOX)
    for left, x in ((0, 0), (radius, width - radius)):
        for top, y in ((0, 0), (radius, height - radius)):
            mask.paste(disc.crop((left, top, left + radius, top + radius)), (x, y))
    return mask


class Canvas:
    """An RGB picture and the few things that are drawn on it. Coordinates are pixels, colours `#rrggbb`."""

    def __init__(self, width: int, height: int, fill: str) -> None:
        self.image = Image.new("RGB", (width, height), fill)
        self._draw = ImageDraw.Draw(self.image)

    def fill(self, box: Box, colour: str) -> None:
        """Fill a sharp rectangle."""
        self._draw.rectangle((box.x, box.y, box.right - 1, box.bottom - 1), fill=colour)

    def rounded(self, box: Box, radius: int, fill: str, border: str = "", thickness: int = 1) -> None:
        """Fill a rounded box, with a border inside its edge when a colour for it is given."""
        radius = max(0, min(radius, box.width // 2, box.height // 2))
        if border:
            self.rounded(box, radius, border)
            self.rounded(box.inset(thickness), max(1, radius - thickness), fill)
        elif radius == 0:
            self.fill(box, fill)
        else:
            self.image.paste(fill, (box.x, box.y), _rounded_mask(box.width, box.height, radius))

    def line(self, points: list[tuple[int, int]], colour: str, thickness: int = 1) -> None:
        """Draw a line through the points."""
        self._draw.line(points, fill=colour, width=thickness, joint="curve")

    def circle(self, x: int, y: int, radius: int, fill: str, border: str = "", thickness: int = 1) -> None:
        """Fill a smooth disc around a point."""
        self.rounded(Box(x - radius, y - radius, 2 * radius, 2 * radius), radius, fill, border, thickness)

    def text(
        self,
        x: int,
        middle: int,
        words: str,
        size: int,
        colour: str,
        *,
        weight: Weight = "Regular",
        width: float = 10_000,
        anchor: str = "l",
    ) -> int:
        """Draw one line, vertically centred on `middle`, cut to `width`; return the width drawn.

        `anchor` says what `x` is: `l` the left edge, `m` the middle, `r` the right edge.
        """
        face = font(size, weight)
        shown = fit(words, face, width)
        self._draw.text((x, middle), shown, font=face, fill=colour, anchor=f"{anchor}m")
        return round(face.getlength(shown))

    def paragraph(
        self,
        x: int,
        y: int,
        width: int,
        words: str,
        size: int,
        colour: str,
        *,
        lines: int,
        weight: Weight = "Regular",
        anchor: str = "l",
    ) -> int:
        """Draw wrapped text from `y` down and return its height; a line is 1.35 × size high."""
        leading = line_height(size)
        shown = wrap(words, font(size, weight), width, lines)
        left = {"l": x, "m": x + width // 2, "r": x + width}[anchor]
        for number, part in enumerate(shown):
            self.text(
                left, y + number * leading + leading // 2, part, size, colour, weight=weight, anchor=anchor
            )
        return len(shown) * leading

    def badge(self, x: int, middle: int, words: str, size: int, fill: str, colour: str, width: int) -> int:
        """Draw words on a pill of at most `width` pixels, left edge at `x`; return the width of the pill."""
        pill = badge_width(words, size, width)
        height = round(size * 1.5)
        self.rounded(Box(x, middle - height // 2, pill, height), height // 2, fill)
        self.text(x + size // 2, middle, words, size, colour, weight="Semibold", width=pill - size)
        return pill


def line_height(size: int) -> int:
    """Return the height of a line of text of that size, in pixels."""
    return round(size * 1.35)


def paragraph_height(words: str, size: int, width: int, lines: int, weight: Weight = "Regular") -> int:
    """Return the height that `Canvas.paragraph` would use."""
    return len(wrap(words, font(size, weight), width, lines)) * line_height(size)


def badge_width(words: str, size: int, width: int) -> int:
    """Return the width of the pill that `Canvas.badge` would draw."""
    shown = fit(words, font(size, "Semibold"), width - size)
    return min(width, round(font(size, "Semibold").getlength(shown)) + size)
