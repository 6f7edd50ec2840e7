"""The wireframe as a picture: one board with every screen, what it serves and where it leads."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image

from functions.agency.artifacts.drawing.canvas import Box, Canvas, line_height, paragraph_height
from functions.agency.artifacts.drawing.layout import BADGE, Layout, lay_out, paint
from functions.agency.artifacts.drawing.screen import draw_screen
from functions.agency.artifacts.drawing.theme import WHITE, Theme, wireframe_theme
from functions.agency.artifacts.drawing.view import views_without_data
from shared.models.answers import DesignAnswer, Screen

_COLUMNS: Final = 3
_PANEL: Final = 720
_MARGIN: Final = 48
_INSET: Final = 22
_BROWSER: Final = 40
_TITLE: Final = 26
_LINK: Final = 30

INK: Final = "#1c2229"


@dataclass(frozen=True)
class _Panel:
    """A screen of the board: its number, its laid-out components and the links that leave it."""

    number: int
    screen: Screen
    layout: Layout
    links: list[tuple[str, str]]
    """Name of the screen and words on the link."""

    def head(self, theme: Theme) -> int:
        """Height of browser bar, title, actor and purpose."""
        purpose = paragraph_height(self.screen.purpose, theme.body, _PANEL - 2 * _INSET, 3)
        actor = line_height(theme.small)
        return _BROWSER + _INSET + line_height(_TITLE) + actor + purpose + theme.body

    def height(self, theme: Theme) -> int:
        """Height of the whole panel."""
        return self.head(theme) + self.layout.height + self.links_height(theme) + theme.gap

    def links_height(self, theme: Theme) -> int:
        """Height of the list of links at the foot; 0 without any."""
        return line_height(theme.small) + len(self.links) * _LINK + theme.body if self.links else 0


def draw_wireframe(*, name: str, design: DesignAnswer) -> bytes:
    """Return the board as PNG, 2,304 pixels wide and as high as the screens need.

    Every screen is numbered; badges name the requirements a component serves and the screen it leads to, and
    the links of the navigation stand below each screen. Equal answers give equal bytes.
    """
    theme = wireframe_theme()
    names = {screen.id: f"{number} {screen.title}" for number, screen in enumerate(design.screens, 1)}
    panels = [_panel(number, screen, design, names, theme) for number, screen in enumerate(design.screens, 1)]
    rows = [panels[start : start + _COLUMNS] for start in range(0, len(panels), _COLUMNS)]
    width = _COLUMNS * _PANEL + (_COLUMNS + 1) * _MARGIN - _MARGIN // 2 * 2
    heights = [max(panel.height(theme) for panel in row) for row in rows]
    top = 150
    canvas = Canvas(width, top + sum(heights) + _MARGIN * len(rows), theme.page)
    _paint_head(canvas, name, len(panels), theme)
    y = top
    for row, high in zip(rows, heights, strict=True):
        for column, panel in enumerate(row):
            x = _MARGIN // 2 + column * (_PANEL + _MARGIN)
            _paint_panel(canvas, panel, Box(x, y, _PANEL, high), theme)
        y += high + _MARGIN
    out = BytesIO()
    # Greys, one blue and smooth edges need few colours, and make the file less than half as large. The octree
    # keeps the blue; a median cut gives it up, because so few pixels have it.
    palette = canvas.image.quantize(256, method=Image.Quantize.FASTOCTREE)
    palette.save(out, "PNG", compress_level=9)
    return out.getvalue()


def _panel(number: int, screen: Screen, design: DesignAnswer, names: dict[str, str], theme: Theme) -> _Panel:
    views = views_without_data(screen, theme, names)
    links = [
        (names[link.to_screen], link.label) for link in design.navigation if link.from_screen == screen.id
    ]
    return _Panel(number, screen, lay_out(views, _PANEL - 2 * _INSET), links)


def _paint_head(canvas: Canvas, name: str, count: int, theme: Theme) -> None:
    x = _MARGIN // 2
    width = canvas.image.width - 2 * x
    canvas.text(x, 46, f"{name}: wireframe", 42, INK, weight="Bold", width=width)
    drawn = canvas.text(x, 98, f"{count} screens. ", theme.body + 3, theme.muted)
    place = x + drawn + 14
    place += canvas.badge(place, 98, "FR-1", theme.small, BADGE, WHITE, 200) + 8
    place += canvas.text(place, 98, "requirement served", theme.body + 3, theme.muted) + 26
    place += canvas.badge(place, 98, "→ 2 Title", theme.small, theme.bar, theme.ink, 200) + 8
    place += canvas.text(place, 98, "screen a component leads to", theme.body + 3, theme.muted) + 26
    canvas.rounded(Box(place, 93, 60, 10), 5, theme.bar)
    canvas.text(place + 68, 98, "content from data", theme.body + 3, theme.muted)


def _paint_panel(canvas: Canvas, panel: _Panel, box: Box, theme: Theme) -> None:
    canvas.rounded(box, 14, WHITE, theme.border, 2)
    bar = Box(box.x + 2, box.y + 2, box.width - 4, _BROWSER)
    canvas.rounded(bar, 12, theme.soft)
    canvas.fill(Box(bar.x, bar.bottom - 14, bar.width, 14), theme.soft)
    canvas.fill(Box(bar.x, bar.bottom, bar.width, 1), theme.border)
    for number in range(3):
        canvas.circle(bar.x + 22 + number * 20, bar.y + _BROWSER // 2, 6, theme.border)
    address = Box(bar.x + 84, bar.y + 8, bar.width - 100, _BROWSER - 16)
    canvas.rounded(address, 12, WHITE)
    canvas.text(
        address.x + 14,
        address.y + address.height // 2,
        f"/{panel.screen.id}",
        theme.small,
        theme.muted,
        width=address.width - 28,
    )
    inner = box.inset(_INSET)
    y = box.y + _BROWSER + _INSET
    canvas.circle(inner.x + 18, y + 16, 18, INK)
    canvas.text(inner.x + 18, y + 16, str(panel.number), 20, WHITE, weight="Bold", anchor="m")
    canvas.text(inner.x + 48, y + 16, panel.screen.title, _TITLE, INK, weight="Bold", width=inner.width - 48)
    y += line_height(_TITLE)
    canvas.text(
        inner.x + 48,
        y + line_height(theme.small) // 2 - 2,
        panel.screen.actor,
        theme.small,
        theme.muted,
        weight="Semibold",
        width=inner.width - 48,
    )
    y += line_height(theme.small)
    canvas.paragraph(inner.x, y + 6, inner.width, panel.screen.purpose, theme.body, theme.muted, lines=3)
    top = box.y + panel.head(theme)
    for placement in panel.layout.placements:
        paint(canvas, placement, (inner.x, top))
    if panel.links:
        high = panel.links_height(theme)
        _paint_links(canvas, panel, Box(inner.x, box.bottom - high, inner.width, high), theme)


def _paint_links(canvas: Canvas, panel: _Panel, box: Box, theme: Theme) -> None:
    """The links stand at the foot of the panel, so that the eye finds them at one height."""
    canvas.fill(Box(box.x, box.y, box.width, 1), theme.border)
    y = box.y + theme.gap // 2
    canvas.text(
        box.x, y + line_height(theme.small) // 2, "Links", theme.small, theme.muted, weight="Semibold"
    )
    y += line_height(theme.small)
    for target, words in panel.links:
        middle = y + _LINK // 2
        pill = canvas.badge(
            box.x, middle, f"→ {target}", theme.small, theme.bar, theme.ink, box.width * 55 // 100
        )
        canvas.text(box.x + pill + 10, middle, words, theme.body, theme.ink, width=box.width - pill - 10)
        y += _LINK


__all__ = ["draw_screen", "draw_wireframe"]
