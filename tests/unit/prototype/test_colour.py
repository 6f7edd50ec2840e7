"""Whatever colour a model picks, text stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.agency.artifacts.prototype.colour import (
    DARK_PAGE,
    DARK_SURFACE,
    LIGHT_PAGE,
    LIGHT_SURFACE,
    contrast,
    dark_shades,
    light_shades,
    luminance,
)

COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


@given(COLOURS)
def test_text_in_the_accent_reaches_level_aa_in_both_themes(accent: str) -> None:
    for shades, surfaces in (
        (light_shades(accent), (LIGHT_SURFACE, LIGHT_PAGE)),
        (dark_shades(accent), (DARK_SURFACE, DARK_PAGE)),
    ):
        for behind in (*surfaces, shades.tint):
            assert contrast(shades.accent, behind) >= 4.5
        assert contrast(shades.on_accent, shades.accent) >= 4.5


@given(COLOURS, COLOURS)
def test_contrast_is_symmetric_and_bounded(first: str, second: str) -> None:
    assert contrast(first, second) == contrast(second, first)
    assert 1 <= contrast(first, second) <= 21


@pytest.mark.parametrize(("colour", "expected"), [("#000000", 0), ("#ffffff", 1), ("#808080", 0.2159)])
def test_luminance_follows_the_definition_of_wcag(colour: str, expected: float) -> None:
    assert luminance(colour) == pytest.approx(expected, abs=1e-4)


def test_an_accent_that_is_readable_already_is_left_alone() -> None:
    assert light_shades("#0f5c7a").accent == "#0f5c7a"
