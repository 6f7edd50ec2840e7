"""Colours and sizes of a picture: the grey wireframe, and the product in its accent colour."""

from __future__ import annotations

from dataclasses import dataclass

from functions.agency.artifacts.prototype.colour import light_shades

WHITE = "#ffffff"


@dataclass(frozen=True)
class Theme:
    """Colours `#rrggbb`; `body` is the size of running text in pixels, all other sizes follow from it."""

    page: str
    panel: str
    field: str
    border: str
    ink: str
    muted: str
    accent: str
    soft: str
    bar: str
    body: int
    shows_requirements: bool

    @property
    def small(self) -> int:
        """Size of labels and badges."""
        return round(self.body * 0.84)

    @property
    def row(self) -> int:
        """Height of a row of a table, an input or a button."""
        return round(self.body * 2.2)

    @property
    def gap(self) -> int:
        """Space between things."""
        return round(self.body * 0.8)


def product_theme(accent: str) -> Theme:
    """Return the look of the product: white panels, the accent where something can be pressed."""
    shades = light_shades(accent)
    return Theme(
        page="#f4f6f8",
        panel=WHITE,
        field=WHITE,
        border="#d5dbe1",
        ink="#18222d",
        muted="#566372",
        accent=shades.accent,
        soft=shades.tint,
        bar="#e3e8ed",
        body=19,
        shows_requirements=False,
    )


def wireframe_theme() -> Theme:
    """Return the look of a wireframe: greys only, so that nobody discusses colours."""
    return Theme(
        page="#eceef0",
        panel=WHITE,
        field="#fafbfb",
        border="#b3bac1",
        ink="#242a30",
        muted="#5a636c",
        accent="#5a636c",
        soft="#e8ebed",
        bar="#d3d8dc",
        body=17,
        shows_requirements=True,
    )
