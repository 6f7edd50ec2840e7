"""The title card, the closing card and the caption band of the film."""

from __future__ import annotations

from PIL import Image

from functions.agency.artifacts.drawing.canvas import Box, Canvas, line_height, paragraph_height
from functions.agency.artifacts.drawing.fonts import font, wrap
from functions.agency.artifacts.drawing.screen import initial
from functions.agency.artifacts.drawing.theme import WHITE, product_theme
from functions.agency.artifacts.prototype.colour import mix

CAPTION_SIZE = 38
CAPTION_LINES = 2
BAND_COLOUR = "#10161d"

_NAME_SIZE = 84
_WORDS_SIZE = 40
_NOTE_SIZE = 26


def caption_band(size: tuple[int, int], caption: str, accent: str) -> Image.Image:
    """Return the band under the picture: white words on near black (18 : 1), centred, at most two lines."""
    width, height = size
    canvas = Canvas(width, height, BAND_COLOUR)
    canvas.fill(Box(0, 0, width, 4), mix(product_theme(accent).accent, WHITE, 0.25))
    inner = balanced(caption, width - 64)
    left = (width - inner) // 2
    used = paragraph_height(caption, CAPTION_SIZE, inner, CAPTION_LINES, "Semibold")
    top = 4 + (height - 4 - used) // 2
    canvas.paragraph(
        left, top, inner, caption, CAPTION_SIZE, WHITE, lines=CAPTION_LINES, weight="Semibold", anchor="m"
    )
    return canvas.image


def balanced(caption: str, width: int) -> int:
    """Return the least width, in steps of 40 pixels, that breaks a caption no worse: its lines are alike then."""
    face = font(CAPTION_SIZE, "Semibold")
    lines = wrap(caption, face, width, CAPTION_LINES)
    while len(lines) > 1:
        narrower = wrap(caption, face, width - 40, CAPTION_LINES)
        if " ".join(narrower) != " ".join(lines):
            break
        width -= 40
    return width


def title_card(size: tuple[int, int], name: str, tagline: str, title: str, accent: str) -> Image.Image:
    """Return the first picture: the product's mark, name and tagline, below them the title of the film."""
    return _card(size, name, tagline, title, accent)


def closing_card(size: tuple[int, int], name: str, closing: str, drafted_by: str, accent: str) -> Image.Image:
    """Return the last picture: the closing words, and by whom the film was drafted."""
    return _card(size, name, closing, f"Drafted by {drafted_by}", accent)


def _card(size: tuple[int, int], name: str, words: str, note: str, accent: str) -> Image.Image:
    width, height = size
    colour = product_theme(accent).accent
    deep = mix(colour, "#000000", 0.35)
    canvas = Canvas(width, height, colour)
    for row in range(height):
        # The card is darker towards its foot, so that it does not look like an empty page.
        canvas.fill(Box(0, row, width, 1), mix(colour, deep, row / height))
    left, inner = 110, width - 220
    used = 96 + 34 + paragraph_height(name, _NAME_SIZE, inner, 2, "Bold")
    used += 18 + paragraph_height(words, _WORDS_SIZE, inner, 3)
    y = max(40, (height - used) // 2 - 20)
    canvas.rounded(Box(left, y, 96, 96), 24, WHITE)
    canvas.text(left + 48, y + 48, initial(name), 64, colour, weight="Bold", anchor="m")
    y += 96 + 34
    y += canvas.paragraph(left, y, inner, name, _NAME_SIZE, WHITE, lines=2, weight="Bold") + 18
    canvas.paragraph(left, y, inner, words, _WORDS_SIZE, WHITE, lines=3)
    foot = height - 40 - line_height(_NOTE_SIZE)
    canvas.fill(Box(left, foot - 16, 72, 4), WHITE)
    canvas.paragraph(left, foot, inner, note, _NOTE_SIZE, WHITE, lines=1)
    return canvas.image
