"""The product's screens with sample data, as the film shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from functions.agency.artifacts.drawing.canvas import Box, Canvas, line_height, paragraph_height
from functions.agency.artifacts.drawing.fonts import drawable
from functions.agency.artifacts.drawing.layout import hot_spot, lay_out, paint
from functions.agency.artifacts.drawing.theme import WHITE, Theme, product_theme
from functions.agency.artifacts.drawing.view import View, views_with_data, views_without_data
from functions.agency.artifacts.prototype.colour import mix
from shared.models.answers import PrototypeAnswer, Screen

_BAR = 58
_MENU = 196
_MARGIN = 26


@dataclass(frozen=True)
class ScreenPicture:
    """A drawn screen: the frame that stays, the content that scrolls under it, and where everything is.

    `viewport` is in pixels of the frame; `boxes` (component id → box) and `hot` (the point
    that a person would press) are in pixels of the content; `words` is what can be read on a component's labels.
    """

    frame: Image.Image
    content: Image.Image
    viewport: Box
    boxes: dict[str, Box]
    hot: dict[str, tuple[int, int]]
    words: dict[str, str]

    @property
    def scroll_range(self) -> int:
        """How far the content can be scrolled, in pixels."""
        return max(0, self.content.height - self.viewport.height)

    def at(self, scroll: int) -> Image.Image:
        """Return the screen scrolled down by `scroll` pixels."""
        picture = self.frame.copy()
        view = self.viewport
        part = self.content.crop((0, scroll, view.width, min(self.content.height, scroll + view.height)))
        picture.paste(part, (view.x, view.y))
        return picture


def draw_screen(
    screen: Screen,
    *,
    name: str,
    accent: str,
    size: tuple[int, int] = (1280, 720),
    prototype: PrototypeAnswer | None = None,
    menu: Sequence[Screen] = (),
) -> Image.Image:
    """Return the top of a screen of the product `name` as an RGB picture of `size` pixels.

    With `prototype`, sample rows fill it; without, grey bars. `menu` are the screens of its side menu.
    """
    return compose_screen(screen, name=name, accent=accent, size=size, prototype=prototype, menu=menu).at(0)


def compose_screen(
    screen: Screen,
    *,
    name: str,
    accent: str,
    size: tuple[int, int],
    prototype: PrototypeAnswer | None = None,
    menu: Sequence[Screen] = (),
) -> ScreenPicture:
    """Draw a screen whole, however high its content is, so that it can be scrolled."""
    theme = product_theme(accent)
    frame = _frame(screen, name, theme, size, menu)
    left = _MENU if menu else 0
    viewport = Box(left, _BAR, size[0] - left, size[1] - _BAR)
    width = viewport.width - 2 * _MARGIN
    views = views_with_data(screen, theme, prototype) if prototype else views_without_data(screen, theme, {})
    layout = lay_out(views, width)
    top = _MARGIN + _head_height(screen, theme, width)
    canvas = Canvas(viewport.width, max(viewport.height, top + layout.height + 8), theme.page)
    _paint_head(canvas, screen, theme, width)
    boxes: dict[str, Box] = {}
    words: dict[str, str] = {}
    hot: dict[str, tuple[int, int]] = {}
    for placement in layout.placements:
        paint(canvas, placement, (_MARGIN, top))
        box = placement.box.moved(_MARGIN, top)
        boxes[placement.view.component.id] = box
        x, y = hot_spot(placement)
        hot[placement.view.component.id] = (_MARGIN + x, top + y)
        words[placement.view.component.id] = _words(placement.view)
    return ScreenPicture(frame.image, canvas.image, viewport, boxes, hot, words)


def _words(view: View) -> str:
    part = view.component
    return " ".join([part.label, part.entity, part.kind, *part.fields, *view.labels, *view.buttons])


def _frame(screen: Screen, name: str, theme: Theme, size: tuple[int, int], menu: Sequence[Screen]) -> Canvas:
    width, height = size
    canvas = Canvas(width, height, theme.page)
    canvas.fill(Box(0, 0, width, _BAR), theme.accent)
    mark = Box(20, 14, 30, 30)
    canvas.rounded(mark, 8, WHITE)
    canvas.text(35, 29, initial(name), 21, theme.accent, weight="Bold", anchor="m")
    canvas.text(62, 29, name, 23, WHITE, weight="Bold", width=width * 0.55)
    canvas.circle(width - 36, 29, 16, mix(theme.accent, WHITE, 0.25))
    canvas.circle(width - 36, 25, 5, WHITE)
    canvas.rounded(Box(width - 45, 32, 18, 9), 5, WHITE)
    canvas.text(width - 62, 29, screen.actor, 18, WHITE, width=width * 0.28, anchor="r")
    if menu:
        canvas.fill(Box(0, _BAR, _MENU, height - _BAR), theme.panel)
        canvas.fill(Box(_MENU - 1, _BAR, 1, height - _BAR), theme.border)
    for number, item in enumerate(menu):
        y = _BAR + 18 + number * 44
        active = item.id == screen.id
        if active:
            canvas.rounded(Box(10, y, _MENU - 20, 38), 8, theme.soft)
            canvas.rounded(Box(10, y + 7, 4, 24), 2, theme.accent)
        canvas.text(
            26,
            y + 19,
            item.title,
            18,
            theme.accent if active else theme.muted,
            weight="Semibold" if active else "Regular",
            width=_MENU - 44,
        )
    return canvas


def _head_height(screen: Screen, theme: Theme, width: int) -> int:
    return line_height(30) + paragraph_height(screen.purpose, theme.body, width, 2) + theme.body


def _paint_head(canvas: Canvas, screen: Screen, theme: Theme, width: int) -> None:
    canvas.text(
        _MARGIN, _MARGIN + line_height(30) // 2 - 4, screen.title, 30, theme.ink, weight="Bold", width=width
    )
    canvas.paragraph(
        _MARGIN, _MARGIN + line_height(30), width, screen.purpose, theme.body, theme.muted, lines=2
    )


def initial(name: str) -> str:
    """Return the first letter or digit of a name, in upper case; a bullet when it has none to show."""
    return next((letter.upper() for letter in drawable(name) if letter.isalnum()), "•")
