"""The typeface of all pictures, and text that it can show.

Source Sans Pro (OFL) covers Latin, Greek, Cyrillic and arrows. What it lacks is shown as its empty box.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Literal

from PIL import ImageFont

Weight = Literal["Regular", "Semibold", "Bold"]
Font = ImageFont.FreeTypeFont

SUBSTITUTE = "□"
ELLIPSIS = "…"
_UNASSIGNED = "\uffff"
_SKIN_TONES = range(0x1F3FB, 0x1F400)


@lru_cache(maxsize=64)
def font(size: int, weight: Weight = "Regular") -> Font:
    """Return the typeface in pixels. The basic layout keeps pictures equal with and without libraqm."""
    file = resources.files("font_source_sans_pro") / "files" / f"SourceSansPro-{weight}.ttf"
    with resources.as_file(file) as path:
        return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=8192)
def has_glyph(character: str) -> bool:
    """Whether the typeface can show `character`: its picture differs from that of a character nobody has."""
    face = font(32)
    wanted, missing = face.getmask(character), face.getmask(_UNASSIGNED)
    return wanted.size != missing.size or bytes(wanted) != bytes(missing)


@lru_cache(maxsize=4096)
def drawable(text: str) -> str:
    """Return `text` on one line with what cannot be drawn replaced by `SUBSTITUTE`.

    Control, format (joiners, bidirectional) and combining characters that do not compose are dropped.
    """
    shown: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(character)
        if character.isspace():
            shown.append(" ")
        elif kind in ("Cc", "Cf", "Mn", "Me") or ord(character) in _SKIN_TONES:
            continue
        else:
            shown.append(character if has_glyph(character) else SUBSTITUTE)
    return " ".join("".join(shown).split())


def fit(text: str, face: Font, width: float) -> str:
    """Return drawable `text`, shortened with an ellipsis where it is wider than `width` pixels."""
    text = drawable(text)
    if face.getlength(text) <= width:
        return text
    return text[: _fitting(text, face, width - face.getlength(ELLIPSIS))].rstrip() + ELLIPSIS


def wrap(text: str, face: Font, width: float, lines: int) -> list[str]:
    """Return drawable `text` in at most `lines` lines of `width` pixels: long words broken, the rest cut."""
    rest = drawable(text)
    done: list[str] = []
    while rest and len(done) < lines - 1 and face.getlength(rest) > width:
        end = max(1, _fitting(rest, face, width))
        space = rest.rfind(" ", 0, end + 1)
        # A word that alone is wider than the line is broken where the line ends.
        cut = space if space > 0 else end
        done.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*done, fit(rest, face, width)] if rest else done


def _fitting(text: str, face: Font, width: float) -> int:
    """Return how many leading characters of `text` fit into `width` pixels."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if face.getlength(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return low
