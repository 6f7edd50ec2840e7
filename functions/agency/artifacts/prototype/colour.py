"""Colours that stay readable: contrast after WCAG 2.2, and the shades of one accent for light and dark."""

from __future__ import annotations

from dataclasses import dataclass

LIGHT_SURFACE = "#ffffff"
LIGHT_PAGE = "#f5f6f8"
DARK_SURFACE = "#181c24"
DARK_PAGE = "#10131a"
TEXT_CONTRAST = 4.5
"""Least contrast of normal text, WCAG 2.2 success criterion 1.4.3 (level AA)."""


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb`, 0 (black) to 1 (white). Source: WCAG 2.2, definitions."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """Return `colour` with `share` (0–1) of `other` mixed in, channel by channel."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def readable(colour: str, towards: str, *surfaces: str) -> str:
    """Return `colour`, moved towards another as little as needed to be text on every one of `surfaces`."""
    for step in range(101):
        shade = mix(colour, towards, step / 100)
        if all(contrast(shade, surface) >= TEXT_CONTRAST for surface in surfaces):
            return shade
    return towards


@dataclass(frozen=True)
class Shades:
    """What a theme makes of the accent: `accent` for text and fills, `on_accent` upon it, `tint` behind it."""

    accent: str
    on_accent: str
    tint: str


def light_shades(accent: str) -> Shades:
    """Return the shades for a light theme; all pairs that the page sets reach 4.5:1."""
    tint = mix(LIGHT_SURFACE, accent, 0.09)
    return Shades(readable(accent, "#000000", LIGHT_SURFACE, LIGHT_PAGE, tint), "#ffffff", tint)


def dark_shades(accent: str) -> Shades:
    """Return the shades for a dark theme; all pairs that the page sets reach 4.5:1."""
    tint = mix(DARK_SURFACE, accent, 0.3)
    return Shades(readable(accent, "#ffffff", DARK_SURFACE, DARK_PAGE, tint), DARK_PAGE, tint)
