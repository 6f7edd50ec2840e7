"""Where the components of a screen stand: rows of twelve columns, each row as high as its highest block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.agency.artifacts.drawing import blocks, lists
from functions.agency.artifacts.drawing.canvas import (
    Box,
    Canvas,
    badge_width,
    paragraph_height,
)
from functions.agency.artifacts.drawing.theme import WHITE
from functions.agency.artifacts.drawing.view import View
from shared.models.answers.design import ComponentKind

COLUMNS: Final = 12

BLOCKS: Final[dict[ComponentKind, blocks.Block]] = {
    "text": blocks.TextBlock(),
    "stat": blocks.StatBlock(),
    "form": blocks.FormBlock(),
    "table": lists.TableBlock(),
    "cards": lists.CardsBlock(),
    "board": lists.BoardBlock(),
    "detail": blocks.DetailBlock(),
    "calendar": lists.CalendarBlock(),
    "chart": lists.ChartBlock(),
    "search": blocks.SearchBlock(),
    "button": blocks.ButtonBlock(),
    "notice": blocks.NoticeBlock(),
}
_SPANS: Final[dict[ComponentKind, int]] = {
    "stat": 5,
    "form": 6,
    "detail": 6,
    "chart": 6,
    "search": 7,
    "button": 4,
}


@dataclass(frozen=True)
class Placement:
    """A component's view and its box, relative to the top left of the screen's content."""

    view: View
    box: Box


@dataclass(frozen=True)
class Layout:
    """The placed components of a screen and the height that they take, in pixels."""

    placements: list[Placement]
    height: int


def lay_out(views: Sequence[View], width: int) -> Layout:
    """Place the components below each other, small ones beside each other, in a content of that width."""
    placed: list[Placement] = []
    y = 0
    for row in _rows(views, width):
        gap = row[0].theme.body
        total = sum(_span(view, width) for view in row)
        x = 0
        widths = [(width - gap * (len(row) - 1)) * _span(view, width) // total for view in row]
        heights = [_height(view, wide) for view, wide in zip(row, widths, strict=True)]
        for view, wide, high in zip(row, widths, heights, strict=True):
            block = BLOCKS[view.component.kind]
            down = max(heights) if block.framed else high
            across = wide if view.leads_to else block.width(view, wide)
            placed.append(Placement(view, Box(x, y, across, down)))
            x += wide + gap
        y += max(heights) + gap
    return Layout(placed, y)


def body_box(placement: Placement) -> Box:
    """Return where the body of a component stands, below its label and badges and within its panel."""
    view, box = placement.view, placement.box
    theme, block = view.theme, BLOCKS[view.component.kind]
    if not block.framed:
        return Box(box.x, box.y, box.width, box.height - _tags_height(view, box.width))
    inner = box.inset(theme.gap)
    head = paragraph_height(view.component.label, theme.body, inner.width, 2, "Semibold")
    top = inner.y + head + _tags_height(view, inner.width) + theme.gap // 2
    return Box(inner.x, top, inner.width, block.height(view, inner.width))


def hot_spot(placement: Placement) -> tuple[int, int]:
    """Return the point of a component that a person would press: its first button, else a telling place."""
    view, body = placement.view, body_box(placement)
    block = BLOCKS[view.component.kind]
    if view.buttons and block.framed and view.component.kind != "stat":
        wide = blocks.button_width(view.buttons[0], view, body.width)
        return body.x + wide * 2 // 3, body.bottom - view.theme.row // 2
    across, down = block.hot
    return body.x + int(body.width * across), body.y + int(body.height * down)


def paint(canvas: Canvas, placement: Placement, origin: tuple[int, int]) -> None:
    """Paint a placed component; `origin` is where the content of its screen begins."""
    view = placement.view
    theme, block = view.theme, BLOCKS[view.component.kind]
    box, body = placement.box.moved(*origin), body_box(placement).moved(*origin)
    if not block.framed:
        block.paint(canvas, body, view)
        _paint_tags(canvas, Box(box.x, body.bottom, box.width, box.bottom - body.bottom), view)
        return
    canvas.rounded(box, 10, theme.panel, theme.border)
    inner = box.inset(theme.gap)
    label = view.component.label
    head = canvas.paragraph(
        inner.x, inner.y, inner.width, label, theme.body, theme.ink, lines=2, weight="Semibold"
    )
    _paint_tags(canvas, Box(inner.x, inner.y + head, inner.width, _tags_height(view, inner.width)), view)
    block.paint(canvas, body, view)


def _rows(views: Sequence[View], width: int) -> list[list[View]]:
    rows: list[list[View]] = []
    for view in views:
        if rows and sum(_span(other, width) for other in rows[-1]) + _span(view, width) <= COLUMNS:
            rows[-1].append(view)
        else:
            rows.append([view])
    return rows


def _span(view: View, width: int) -> int:
    """Return how many columns a component wants; on a narrow screen all but figures and buttons want all."""
    narrow = width < 44 * view.theme.body
    wanted = _SPANS.get(view.component.kind, COLUMNS)
    if view.component.kind == "stat":
        return COLUMNS if len(view.stats) > 2 else wanted
    return COLUMNS if narrow and view.component.kind not in ("search", "button") else wanted


def _inner_width(view: View, width: int) -> int:
    return width - 2 * view.theme.gap if BLOCKS[view.component.kind].framed else width


def _height(view: View, width: int) -> int:
    theme = view.theme
    block = BLOCKS[view.component.kind]
    inner = _inner_width(view, width)
    tags = _tags_height(view, inner)
    if not block.framed:
        return block.height(view, inner) + tags
    head = paragraph_height(view.component.label, theme.body, inner, 2, "Semibold") + theme.gap // 2
    return head + tags + block.height(view, inner) + 2 * theme.gap


def _tags(view: View) -> list[tuple[str, bool]]:
    """Return the badges of a component in a wireframe: its requirements, then where it leads."""
    if not view.theme.shows_requirements:
        return []
    tags = [(requirement, False) for requirement in view.component.requirements]
    return [*tags, (f"→ {view.leads_to}", True)] if view.leads_to else tags


def _tag_places(view: View, width: int) -> list[tuple[str, bool, int, int]]:
    """Return words, kind, x and line of each badge; they wrap as words do."""
    places = []
    x = line = 0
    for words, is_link in _tags(view):
        wide = badge_width(words, view.theme.small, width)
        if x and x + wide > width:
            x, line = 0, line + 1
        places.append((words, is_link, x, line))
        x += wide + 6
    return places


def _tags_height(view: View, width: int) -> int:
    places = _tag_places(view, width)
    return (places[-1][3] + 1) * round(view.theme.body * 1.6) if places else 0


def _paint_tags(canvas: Canvas, box: Box, view: View) -> None:
    theme = view.theme
    step = round(theme.body * 1.6)
    for words, is_link, x, line in _tag_places(view, box.width):
        fill, colour = (theme.soft, theme.ink) if is_link else (BADGE, WHITE)
        middle = box.y + line * step + step // 2 + 1
        canvas.badge(box.x + x, middle, words, theme.small, fill, colour, box.width - x)


BADGE: Final = "#1f4e8c"
"""The colour of requirement badges, the only one in a wireframe; 8 : 1 against its white text."""

__all__ = ["BADGE", "BLOCKS", "COLUMNS", "Layout", "Placement", "body_box", "hot_spot", "lay_out", "paint"]
