"""The simple components: text, figures, inputs, buttons, notices, facts."""

from __future__ import annotations

from abc import ABC, abstractmethod

from functions.agency.artifacts.drawing.canvas import Box, Canvas, line_height, paragraph_height
from functions.agency.artifacts.drawing.fonts import drawable, font
from functions.agency.artifacts.drawing.theme import WHITE
from functions.agency.artifacts.drawing.view import Value, View


class Block(ABC):
    """How a kind of component looks. Heights and widths are pixels; a block paints below its label."""

    framed = True
    """Whether the block stands on a panel with its label above."""
    hot = (0.5, 0.5)
    """Where a person would press, as shares of the block's width and height."""

    @abstractmethod
    def height(self, view: View, width: int) -> int:
        """Return the height of the body for that width."""

    def width(self, view: View, width: int) -> int:
        """Return how much of the offered width the block fills."""
        del view
        return width

    @abstractmethod
    def paint(self, canvas: Canvas, box: Box, view: View) -> None:
        """Paint the body into `box`, which is as high as `height` said."""


def paint_value(
    canvas: Canvas, box: Box, value: Value, view: View, *, bold: bool = False, right: bool = False
) -> None:
    """Draw a value on one line in the middle of `box`, or a grey bar where it is not known."""
    theme = view.theme
    middle = box.y + box.height // 2
    if value is None:
        # Bars of different lengths read as text; the place decides, so that a picture is always the same.
        share = 0.45 + 0.4 * ((box.x * 7 + box.y * 13) % 10) / 10
        height = max(6, theme.body // 2)
        canvas.rounded(
            Box(box.x, middle - height // 2, max(8, int(box.width * share)), height), height // 2, theme.bar
        )
        return
    canvas.text(
        box.right if right else box.x,
        middle,
        value,
        theme.body,
        theme.ink,
        weight="Semibold" if bold else "Regular",
        width=box.width,
        anchor="r" if right else "l",
    )


def paint_label(canvas: Canvas, box: Box, label: str, view: View, *, right: bool = False) -> None:
    """Draw the small label of a value on one line in `box`, or a grey bar where it is not known."""
    theme = view.theme
    middle = box.y + box.height // 2
    if label:
        x = box.right if right else box.x
        anchor = "r" if right else "l"
        canvas.text(x, middle, label, theme.small, theme.muted, width=box.width, anchor=anchor)
    else:
        canvas.rounded(Box(box.x, middle - 3, max(8, box.width // 3), 6), 3, theme.bar)


def paint_button(canvas: Canvas, x: int, y: int, words: str, view: View, width: int, *, main: bool) -> int:
    """Draw a button of at most `width` pixels and return its width."""
    theme = view.theme
    wide = button_width(words, view, width)
    box = Box(x, y, wide, theme.row)
    canvas.rounded(box, 7, theme.accent if main else theme.field, theme.accent)
    canvas.text(
        x + wide // 2,
        y + theme.row // 2,
        words,
        theme.body,
        WHITE if main else theme.accent,
        weight="Semibold",
        width=wide - theme.body,
        anchor="m",
    )
    return wide


def button_width(words: str, view: View, width: int) -> int:
    """Return the width of the button that `paint_button` would draw."""
    body = view.theme.body
    return min(width, round(font(body, "Semibold").getlength(drawable(words))) + 2 * body)


class TextBlock(Block):
    """A passage; its label is the text."""

    framed = False

    def height(self, view: View, width: int) -> int:
        return paragraph_height(view.component.label, view.theme.body, width, 4)

    def paint(self, canvas: Canvas, box: Box, view: View) -> None:
        canvas.paragraph(
            box.x, box.y, box.width, view.component.label, view.theme.body, view.theme.ink, lines=4
        )


class NoticeBlock(Block):
    """A message in a tinted box."""

    framed = False

    def height(self, view: View, width: int) -> int:
        theme = view.theme
        inner = width - 4 * theme.body
        return paragraph_height(view.component.label, theme.body, inner, 4) + 2 * theme.gap

    def paint(self, canvas: Canvas, box: Box, view: View) -> None:
        theme = view.theme
        canvas.rounded(box, 8, theme.soft, theme.border)
        canvas.rounded(Box(box.x, box.y + 6, 5, box.height - 12), 2, theme.accent)
        centre = box.x + round(1.6 * theme.body)
        canvas.circle(centre, box.y + box.height // 2, round(theme.body * 0.62), theme.accent)
        canvas.text(centre, box.y + box.height // 2, "i", theme.body, WHITE, weight="Bold", anchor="m")
        canvas.paragraph(
            box.x + 3 * theme.body,
            box.y + theme.gap,
            box.width - 4 * theme.body,
            view.component.label,
            theme.body,
            theme.ink,
            lines=4,
        )


class StatBlock(Block):
    """Figures in a row."""

    def height(self, view: View, width: int) -> int:
        del width
        return line_height(view.theme.small) + round(view.theme.body * 2.2)

    def paint(self, canvas: Canvas, box: Box, view: View) -> None:
        theme = view.theme
        step = box.width // len(view.stats)
        large = round(theme.body * 1.7)
        for number, (label, value) in enumerate(view.stats):
            x = box.x + number * step
            middle = box.y + round(theme.body * 1.05)
            if value is None:
                canvas.rounded(Box(x, middle - 10, min(90, step - theme.gap), 20), 6, theme.bar)
            else:
                canvas.text(x, middle, value, large, theme.accent, weight="Bold", width=step - theme.gap)
            under = box.bottom - line_height(theme.small) // 2 - 2
            canvas.text(x, under, label, theme.small, theme.muted, width=step - theme.gap)


class ButtonBlock(Block):
    """What can be pressed by itself."""

    framed = False

    def height(self, view: View, width: int) -> int:
        del width
        return view.theme.row

    def width(self, view: View, width: int) -> int:
        return button_width(view.buttons[0], view, width)

    def paint(self, canvas: Canvas, box: Box, view: View) -> None:
        paint_button(canvas, box.x, box.y, view.buttons[0], view, box.width, main=True)


class SearchBlock(Block):
    """A search input, with the choices it can be narrowed to."""

    framed = False

    def height(self, view: View, width: int) -> int:
        del width
        chips = view.theme.row if view.choices else 0
        return view.theme.row + 6 + chips

    def paint(self, canvas: Canvas, box: Box, view: View) -> None:
        theme = view.theme
        row = theme.row
        canvas.rounded(Box(box.x, box.y, box.width, row), row // 2, theme.field, theme.border, 2)
        x, y = box.x + row // 2 + 4, box.y + row // 2 - 2
        canvas.circle(x, y, theme.body // 3 + 1, theme.field, theme.muted, 2)
        canvas.line([(x + 5, y + 5), (x + 11, y + 11)], theme.muted, 3)
        hint = (
            ": ".join([view.component.label, ", ".join(view.labels)]) if view.labels else view.component.label
        )
        canvas.text(
            x + theme.body + 4, box.y + row // 2, hint, theme.body, theme.muted, width=box.width - 3 * row
        )
        left = box.x
        middle = box.y + row + 6 + row // 2
        for choice in view.choices:
            room = box.right - left
            if room < 60:
                break
            left += canvas.badge(left, middle, choice, theme.small, theme.soft, theme.accent, room) + 8


class FormBlock(Block):
    """Labelled inputs and a button; two columns where there is room."""

    def _columns(self, view: View, width: int) -> int:
        return 2 if width > 24 * view.theme.body and len(view.labels) > 1 else 1

    def height(self, view: View, width: int) -> int:
        theme = view.theme
        lines = -(-len(view.labels) // self._columns(view, width))
        return lines * (line_height(theme.small) + 4 + theme.row + theme.gap) + theme.row

    def paint(self, canvas: Canvas, box: Box, view: View) -> None:
        theme = view.theme
        columns = self._columns(view, box.width)
        wide = (box.width - (columns - 1) * theme.body) // columns
        step = line_height(theme.small) + 4 + theme.row + theme.gap
        values = view.rows[0]
        for number, label in enumerate(view.labels):
            x = box.x + (number % columns) * (wide + theme.body)
            y = box.y + (number // columns) * step
            paint_label(canvas, Box(x, y, wide, line_height(theme.small)), label, view)
            field = Box(x, y + line_height(theme.small) + 4, wide, theme.row)
            canvas.rounded(field, 6, theme.field, theme.border)
            paint_value(canvas, field.inset(theme.gap, 2), values[number], view)
        words = view.buttons[0] if view.buttons else view.component.label
        paint_button(canvas, box.x, box.bottom - theme.row, words, view, box.width, main=True)


class DetailBlock(Block):
    """Facts of one thing: label and value in lines, its state first."""

    def height(self, view: View, width: int) -> int:
        del width
        state = view.theme.row if view.states[0] else 0
        buttons = view.theme.row + view.theme.gap if view.buttons else 0
        return len(view.labels) * round(view.theme.body * 1.75) + state + buttons

    def paint(self, canvas: Canvas, box: Box, view: View) -> None:
        theme = view.theme
        y = box.y
        if view.states[0]:
            canvas.badge(
                box.x,
                y + theme.row // 2 - 4,
                view.states[0],
                theme.small,
                theme.soft,
                theme.accent,
                box.width,
            )
            y += theme.row
        step = round(theme.body * 1.75)
        split = int(box.width * 0.4)
        for label, value in zip(view.labels, view.rows[0], strict=True):
            paint_label(canvas, Box(box.x, y, split - theme.gap, step), label, view)
            paint_value(canvas, Box(box.x + split, y, box.width - split, step), value, view)
            y += step
            canvas.fill(Box(box.x, y - 1, box.width, 1), theme.bar)
        x = box.x
        for number, words in enumerate(view.buttons):
            if x < box.right - 60:
                room = box.right - x
                x += paint_button(canvas, x, y + theme.gap, words, view, room, main=number == 0) + theme.gap
