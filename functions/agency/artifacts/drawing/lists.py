"""The components that show many things: table, cards, board, calendar, chart."""

from __future__ import annotations

import calendar
from collections import Counter
from datetime import date

from functions.agency.artifacts.drawing.blocks import Block, paint_button, paint_label, paint_value
from functions.agency.artifacts.drawing.canvas import Box, Canvas, badge_width, line_height
from functions.agency.artifacts.drawing.fonts import drawable, font
from functions.agency.artifacts.drawing.theme import WHITE
from functions.agency.artifacts.drawing.view import View

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _buttons_height(view: View) -> int:
    return view.theme.row + view.theme.gap if view.buttons else 0


def _paint_buttons(canvas: Canvas, box: Box, view: View) -> None:
    x = box.x
    for number, words in enumerate(view.buttons):
        room = box.right - x
        if room < 60:
            break
        made = paint_button(canvas, x, box.bottom - view.theme.row, words, view, room, main=number == 0)
        x += made + view.theme.gap


class TableBlock(Block):
    """Header and rows; the state of a row stands on a pill at its end."""

    hot = (0.3, 0.4)

    def height(self, view: View, width: int) -> int:
        del width
        return (1 + len(view.rows)) * view.theme.row + _buttons_height(view)

    def paint(self, canvas: Canvas, box: Box, view: View) -> None:
        theme = view.theme
        has_states = any(view.states)
        pill = max(
            (badge_width(state, theme.small, box.width // 5) for state in view.states if state), default=0
        )
        widths = _column_widths(view, box.width - theme.gap * 2 - (pill + theme.gap if has_states else 0))
        canvas.rounded(Box(box.x, box.y, box.width, theme.row), 6, theme.soft)
        for number in range(1 + len(view.rows)):
            y = box.y + number * theme.row
            x = box.x + theme.gap
            for column, wide in enumerate(widths):
                right = view.right_aligned[column]
                cell = Box(x, y, wide - round(theme.body * 1.4), theme.row)
                if number == 0:
                    paint_label(canvas, cell, view.labels[column], view, right=right)
                else:
                    value = view.rows[number - 1][column]
                    paint_value(canvas, cell, value, view, bold=column == 0, right=right)
                x += wide
            if number and view.states[number - 1]:
                middle = y + theme.row // 2
                canvas.badge(
                    box.right - theme.gap - pill,
                    middle,
                    view.states[number - 1],
                    theme.small,
                    theme.soft,
                    theme.accent,
                    pill,
                )
            canvas.fill(Box(box.x, y + theme.row - 1, box.width, 1), theme.bar)
        _paint_buttons(canvas, box, view)


def _column_widths(view: View, width: int) -> list[int]:
    """Share `width` among the columns by their longest text, none below two thirds of an even share."""
    theme = view.theme
    face, head = font(theme.body, "Semibold"), font(theme.small, "Semibold")
    even = width / len(view.labels)
    wanted = []
    for column, label in enumerate(view.labels):
        texts = [face.getlength(drawable(row[column] or "")) for row in view.rows]
        needed = max(head.getlength(drawable(label)), *texts) + round(theme.body * 1.4)
        wanted.append(min(max(needed, even * 0.66), even * 2))
    scale = width / sum(wanted)
    return [int(part * scale) for part in wanted]


class CardsBlock(Block):
    """A card for each thing, in columns."""

    hot = (0.17, 0.3)

    def _columns(self, view: View, width: int) -> int:
        return max(1, min(len(view.rows), width // (14 * view.theme.body)))

    def _card_height(self, view: View) -> int:
        theme = view.theme
        lines = len(self._shown(view))
        return line_height(theme.body) + lines * round(theme.body * 1.45) + 2 * theme.gap

    def _shown(self, view: View) -> list[int]:
        """Return the columns below the title: those that do not repeat it."""
        first = view.titles[0]
        return [place for place, value in enumerate(view.rows[0]) if value is None or value != first][:4]

    def height(self, view: View, width: int) -> int:
        lines = -(-len(view.rows) // self._columns(view, width))
        return lines * (self._card_height(view) + view.theme.gap) - view.theme.gap + _buttons_height(view)

    def paint(self, canvas: Canvas, box: Box, view: View) -> None:
        theme = view.theme
        columns = self._columns(view, box.width)
        wide = (box.width - (columns - 1) * theme.gap) // columns
        high = self._card_height(view)
        step = round(theme.body * 1.45)
        for number, row in enumerate(view.rows):
            x = box.x + (number % columns) * (wide + theme.gap)
            y = box.y + (number // columns) * (high + theme.gap)
            canvas.rounded(Box(x, y, wide, high), 8, theme.field, theme.border)
            inner = Box(x, y, wide, high).inset(theme.gap)
            title = Box(inner.x, inner.y, inner.width, line_height(theme.body))
            paint_value(canvas, title, view.titles[number], view, bold=True)
            top = title.bottom
            for place in self._shown(view):
                label = round(inner.width * 0.38)
                paint_label(canvas, Box(inner.x, top, label - 6, step), view.labels[place], view)
                cell = Box(inner.x + label, top, inner.width - label, step)
                paint_value(canvas, cell, row[place], view)
                top += step
        _paint_buttons(canvas, box, view)


class BoardBlock(Block):
    """A column for each state, with the things that are in it."""

    hot = (0.12, 0.35)

    def _inside(self, view: View) -> dict[str, list[int]]:
        columns: dict[str, list[int]] = {name: [] for name in view.columns[:5]}
        for number, state in enumerate(view.states):
            columns.setdefault(state if state in columns else view.columns[0], []).append(number)
        return columns

    def _card(self, view: View) -> int:
        return line_height(view.theme.body) + line_height(view.theme.small) + round(view.theme.gap * 1.4)

    def height(self, view: View, width: int) -> int:
        del width
        most = max(len(inside) for inside in self._inside(view).values())
        cards = max(1, most) * (self._card(view) + view.theme.gap)
        return view.theme.row + cards + _buttons_height(view)

    def paint(self, canvas: Canvas, box: Box, view: View) -> None:
        theme = view.theme
        inside = self._inside(view)
        wide = (box.width - (len(inside) - 1) * theme.gap) // len(inside)
        high = box.height - _buttons_height(view)
        for place, (name, numbers) in enumerate(inside.items()):
            x = box.x + place * (wide + theme.gap)
            canvas.rounded(Box(x, box.y, wide, high), 8, theme.soft)
            head = f"{name} ({len(numbers)})" if view.titles[0] is not None else name
            canvas.text(
                x + theme.gap,
                box.y + theme.row // 2,
                head,
                theme.small,
                theme.ink,
                weight="Semibold",
                width=wide - 2 * theme.gap,
            )
            y = box.y + theme.row
            for number in numbers:
                card = Box(x + 8, y, wide - 16, self._card(view))
                canvas.rounded(card, 6, theme.field, theme.border)
                inner = card.inset(round(theme.gap * 0.7))
                title = Box(inner.x, inner.y, inner.width, line_height(theme.body))
                paint_value(canvas, title, view.titles[number], view, bold=True)
                under = Box(inner.x, title.bottom, inner.width, line_height(theme.small))
                value = _under_title(view, number)
                if value is None:
                    paint_value(canvas, under, None, view)
                else:
                    canvas.text(
                        under.x,
                        under.y + under.height // 2,
                        value,
                        theme.small,
                        theme.muted,
                        width=under.width,
                    )
                y = card.bottom + theme.gap
        _paint_buttons(canvas, box, view)


def _under_title(view: View, number: int) -> str | None:
    """Return the values of a row that its title does not already hold."""
    title = view.titles[number]
    if title is None:
        return None
    left = [value for value in view.rows[number] if value and value not in title and value != "–"]
    return " · ".join(left[:2])


class CalendarBlock(Block):
    """A month with what happens on its days; the month in which most happens."""

    hot = (0.5, 0.6)

    def _month(self, view: View) -> tuple[int, int]:
        months = Counter(day[:7] for day, _ in view.marks)
        if not months:
            return 0, 0
        year, month = months.most_common(1)[0][0].split("-")
        return int(year), int(month)

    def _weeks(self, view: View) -> list[list[int]]:
        year, month = self._month(view)
        if year == 0:
            return [[0] * 7 for _ in range(4)]
        return calendar.monthcalendar(year, month)

    def _cell(self, view: View) -> int:
        return round(view.theme.body * (2.9 if view.marks else 2.0))

    def height(self, view: View, width: int) -> int:
        del width
        return view.theme.row + len(self._weeks(view)) * self._cell(view) + _buttons_height(view)

    def paint(self, canvas: Canvas, box: Box, view: View) -> None:
        theme = view.theme
        year, month = self._month(view)
        marks: dict[int, list[str]] = {}
        for when, words in view.marks:
            if when.startswith(f"{year:04d}-{month:02d}"):
                marks.setdefault(date.fromisoformat(when).day, []).append(words)
        wide = box.width // 7
        cell = self._cell(view)
        prefix = f"{calendar.month_abbr[month]} " if month else ""
        for column, name in enumerate(_WEEKDAYS):
            canvas.text(
                box.x + column * wide + wide // 2,
                box.y + theme.row // 2,
                name,
                theme.small,
                theme.muted,
                weight="Semibold",
                width=wide - 4,
                anchor="m",
            )
        for number, week in enumerate(self._weeks(view)):
            for column, day in enumerate(week):
                place = Box(box.x + column * wide, box.y + theme.row + number * cell, wide + 1, cell + 1)
                canvas.fill(place, theme.border)
                canvas.fill(place.inset(1), theme.field if day or not month else theme.page)
                if not day:
                    continue
                head = f"{prefix}{day}" if day == 1 else str(day)
                canvas.text(place.x + 6, place.y + theme.small // 2 + 5, head, theme.small, theme.muted)
                if day in marks:
                    self._paint_mark(canvas, place, marks[day], view)
        _paint_buttons(canvas, box, view)

    def _paint_mark(self, canvas: Canvas, place: Box, words: list[str], view: View) -> None:
        theme = view.theme
        high = line_height(theme.small)
        pill = Box(place.x + 4, place.bottom - high - 5, place.width - 8, high)
        canvas.rounded(pill, 5, theme.accent)
        more = f" +{len(words) - 1}" if len(words) > 1 else ""
        extra = round(font(theme.small).getlength(more))
        drawn = canvas.text(
            pill.x + 6, pill.y + high // 2, words[0], theme.small, WHITE, width=pill.width - 12 - extra
        )
        canvas.text(pill.x + 6 + drawn, pill.y + high // 2, more, theme.small, WHITE)


class ChartBlock(Block):
    """Horizontal bars: their labels stay legible however long they are."""

    hot = (0.5, 0.3)

    def height(self, view: View, width: int) -> int:
        del width
        return max(1, len(view.bars)) * round(view.theme.body * 2.1) + _buttons_height(view)

    def paint(self, canvas: Canvas, box: Box, view: View) -> None:
        theme = view.theme
        most = max((size for _, size, _ in view.bars), default=0.0) or 1.0
        step = round(theme.body * 2.1)
        left = int(box.width * 0.36)
        room = box.width - left - round(theme.body * 4.6)
        for number, (label, size, words) in enumerate(view.bars):
            middle = box.y + number * step + step // 2
            if words is None:
                paint_value(canvas, Box(box.x, middle - step // 2, left - theme.body, step), None, view)
            else:
                canvas.text(box.x, middle, label, theme.small, theme.ink, width=left - theme.gap)
            thick = round(theme.body * 1.1)
            wide = max(4, int(room * max(0.0, size) / most))
            canvas.rounded(Box(box.x + left, middle - thick // 2, wide, thick), 4, theme.accent)
            if words is not None:
                canvas.text(
                    box.x + left + wide + 8,
                    middle,
                    words,
                    theme.small,
                    theme.ink,
                    width=box.width - left - wide - 8,
                )
        _paint_buttons(canvas, box, view)
