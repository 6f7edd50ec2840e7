"""Text that fits, components that do not overlap, figures that follow from the sample rows."""

from itertools import combinations
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from functions.agency.artifacts.drawing.canvas import Box, Canvas
from functions.agency.artifacts.drawing.fonts import SUBSTITUTE, drawable, fit, font, has_glyph, wrap
from functions.agency.artifacts.drawing.layout import BLOCKS, body_box, lay_out
from functions.agency.artifacts.drawing.screen import compose_screen, draw_screen, initial
from functions.agency.artifacts.drawing.theme import WHITE, product_theme, wireframe_theme
from functions.agency.artifacts.drawing.view import View, views_with_data, views_without_data
from functions.agency.artifacts.prototype.colour import contrast
from shared.models.answers import Component, DesignAnswer, PrototypeAnswer, Screen
from shared.models.answers.design import ComponentKind
from tests.samples import harbour, hostile

KINDS: tuple[ComponentKind, ...] = get_args(ComponentKind)
SCREENS = {screen.id: screen for screen in harbour.DESIGN.screens}


def views(screen: str) -> dict[str, View]:
    made = views_with_data(SCREENS[screen], product_theme(harbour.DESIGN.accent), harbour.PROTOTYPE)
    return {view.component.id: view for view in made}


def hostile_answers() -> tuple[DesignAnswer, PrototypeAnswer]:
    design, prototype = hostile.ANSWERS["design"], hostile.ANSWERS["prototype"]
    assert isinstance(design, DesignAnswer)
    assert isinstance(prototype, PrototypeAnswer)
    return design, prototype


@pytest.mark.parametrize("text", ["Grenå, Rødvig", "Ελλάδα", "Київ", "naïve → 5 € ✓ …", "½ × 3 ≥ 1"])
def test_latin_greek_cyrillic_and_arrows_are_shown_as_they_are(text: str) -> None:
    assert drawable(text) == text


@pytest.mark.parametrize("text", ["中文", "عربي", "שלום", "🚢"])
def test_what_the_typeface_lacks_is_shown_as_a_box(text: str) -> None:
    assert drawable(text) == SUBSTITUTE * len(text)


def test_characters_without_a_shape_are_dropped() -> None:
    assert drawable("a\u0000b\u202ec\u200dd\ufe0f\u0007 e\u0301\n\n f") == "abcd é f"


def test_a_joined_emoji_is_a_box_for_each_of_its_pictures() -> None:
    assert drawable("👩\u200d🚀👍🏽") == SUBSTITUTE * 3


@given(st.text(max_size=60))
def test_only_glyphs_are_drawn(text: str) -> None:
    assert all(character == SUBSTITUTE or has_glyph(character) for character in drawable(text))


@given(st.text(max_size=120), st.integers(30, 400), st.integers(1, 3))
def test_wrapped_text_keeps_to_its_lines_and_width(text: str, width: int, lines: int) -> None:
    face = font(20)
    done = wrap(text, face, width, lines)
    assert len(done) <= lines
    assert all(face.getlength(part) <= width for part in done)


@given(st.text(alphabet="abc de", max_size=80))
def test_text_that_fits_is_wrapped_without_loss(text: str) -> None:
    assert "".join(wrap(text, font(16), 120, 99)).replace(" ", "") == text.replace(" ", "")


def test_a_text_too_wide_ends_in_an_ellipsis() -> None:
    assert fit("Quotenübertragungsgenehmigung", font(20), 100).endswith("…")
    assert fit("Cod", font(20), 100) == "Cod"


def test_a_rounded_box_has_open_corners_and_a_filled_middle() -> None:
    canvas = Canvas(60, 40, "#000000")
    canvas.rounded(Box(0, 0, 60, 40), 12, "#ffffff", "#ff0000", 2)
    assert canvas.image.getpixel((0, 0)) == (0, 0, 0)
    assert canvas.image.getpixel((30, 0)) == (255, 0, 0)
    assert canvas.image.getpixel((30, 20)) == (255, 255, 255)


@pytest.mark.parametrize("accent", ["#ffffff", "#ffff00", "#0f5c7a", "#000000", "#7fff7f"])
def test_white_text_is_legible_on_any_accent(accent: str) -> None:
    assert contrast(product_theme(accent).accent, WHITE) >= 4.5


@pytest.mark.parametrize(
    ("name", "letter"), [("quaymarket", "Q"), ("«élan»", "É"), ("日本 9", "9"), ("…", "•"), ("", "•")]
)
def test_the_mark_of_a_product_is_a_letter_that_can_be_drawn(name: str, letter: str) -> None:
    assert initial(name) == letter


def component(
    number: int, kind: ComponentKind, label: str, fields: list[str], goes_to: str = ""
) -> Component:
    return Component(
        id=f"part-{number}",
        kind=kind,
        label=label,
        entity="lot",
        fields=fields,
        goes_to=goes_to,
        requirements=[f"FR-{place}" for place in range(1, number + 2)],
    )


STORABLE = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])
WORDS = st.text(STORABLE, min_size=1, max_size=60).map(str.strip).filter(bool)
COMPONENTS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(["A label", "W" * 100, "中" * 40]), st.integers(0, 10)),
    min_size=2,
    max_size=10,
)


@settings(max_examples=40, deadline=None)
@given(COMPONENTS, st.sampled_from([400, 676, 1032]), st.booleans())
def test_components_stay_on_the_screen_and_off_each_other(
    parts: list[tuple[ComponentKind, str, int]], width: int, wireframe: bool
) -> None:
    made = [
        component(number, kind, label, ["Field name"] * count, "lot" if wireframe else "")
        for number, (kind, label, count) in enumerate(parts)
    ]
    screen = Screen.model_construct(id="x", title="X", purpose="Y", actor="Z", components=made)
    theme = wireframe_theme() if wireframe else product_theme("#0f5c7a")
    layout = lay_out(views_without_data(screen, theme, {"lot": "2 A lot"}), width)
    boxes = [placement.box for placement in layout.placements]
    for placement, box in zip(layout.placements, boxes, strict=True):
        assert box.x >= 0
        assert box.right <= width
        assert box.bottom <= layout.height
        body = body_box(placement)
        assert box.y <= body.y
        assert body.bottom <= box.bottom
    for first, second in combinations(boxes, 2):
        apart = first.right <= second.x or second.right <= first.x
        assert apart or first.bottom <= second.y or second.bottom <= first.y


def test_every_kind_of_component_can_be_drawn() -> None:
    assert set(BLOCKS) == set(KINDS)


def test_a_figure_is_the_total_of_its_column() -> None:
    assert views("market-board")["on-offer"].stats == [("Tonnes", "66.9 t")]


def test_figures_without_a_column_count_rows_by_state() -> None:
    assert views("bids")["open-bids"].stats == [
        ("Bids", "4"),
        ("open", "2"),
        ("accepted", "1"),
        ("settled", "1"),
    ]


def test_a_price_is_averaged_not_totalled() -> None:
    screen = SCREENS["bids"]
    price = component(1, "stat", "Going price", ["Price per kg"]).model_copy(update={"entity": "bid"})
    made = views_with_data(
        screen.model_copy(update={"components": [price, screen.components[1]]}),
        product_theme("#0f5c7a"),
        harbour.PROTOTYPE,
    )
    assert made[0].stats == [("Price per kg", "3.22 EUR")]


def test_a_table_shows_the_sample_rows_of_the_fields_it_names() -> None:
    view = views("market-board")["lots"]
    assert view.labels == ["Species", "Sea area", "Tonnes", "Price per kg", "Valid until"]
    assert view.rows[0] == ["Cod", "North Sea", "4.5 t", "2.80 EUR", "2026-12-18"]
    assert view.states[:3] == ["listed", "listed", "reserved"]
    assert view.right_aligned == [False, False, True, True, False]


def test_a_board_has_a_column_for_each_state_in_use() -> None:
    assert views("my-lots")["progress"].columns == ["draft", "listed", "reserved", "transferred"]


def test_a_form_wears_the_words_of_its_action() -> None:
    assert views("my-lots")["new-lot"].buttons == ["Save as draft"]
    assert views("season")["file"].buttons == ["Export for the regulator"]


def test_bars_follow_the_rows() -> None:
    assert views("season")["by-species"].bars[0] == ("Cod", 2, "2")
    assert [size for _, size, _ in views("bids")["by-price"].bars] == [2.7, 2.85, 0.42, 6.9]


def test_the_calendar_marks_the_dates_of_the_rows() -> None:
    marks = views("season")["lapses"].marks
    assert [day for day, _ in marks] == sorted(row[4] for row in harbour.PROTOTYPE.entity("quota_lot").rows)


def test_without_data_nothing_is_invented() -> None:
    made = views_without_data(SCREENS["market-board"], wireframe_theme(), {})
    assert all(value is None for view in made for row in view.rows for value in row)
    assert all(value is None for view in made for _, value in view.stats)


def test_sample_data_shows_in_the_picture() -> None:
    first = harbour.PROTOTYPE.entities[0]
    renamed = first.model_copy(update={"rows": [["Sole", *row[1:]] for row in first.rows]})
    other = harbour.PROTOTYPE.model_copy(update={"entities": [renamed, *harbour.PROTOTYPE.entities[1:]]})
    screen = SCREENS["market-board"]
    pictures = [
        draw_screen(screen, name="Q", accent="#0f5c7a", prototype=prototype)
        for prototype in (harbour.PROTOTYPE, harbour.PROTOTYPE, other)
    ]
    assert pictures[0].tobytes() == pictures[1].tobytes()
    assert pictures[0].tobytes() != pictures[2].tobytes()


@pytest.mark.parametrize("size", [(1280, 720), (1280, 596), (900, 500)])
def test_a_screen_has_the_size_that_was_asked_for(size: tuple[int, int]) -> None:
    picture = draw_screen(SCREENS["lot"], name="Quaymarket", accent="#0f5c7a", size=size)
    assert (picture.size, picture.mode) == (size, "RGB")


@pytest.mark.parametrize("place", range(6))
def test_hostile_words_are_drawn_within_the_same_frame(place: int) -> None:
    design, prototype = hostile_answers()
    made = compose_screen(
        design.screens[place],
        name="عربي 🚀 " + "W" * 200,
        accent=design.accent,
        size=(1280, 596),
        prototype=prototype,
        menu=design.screens,
    )
    assert made.at(made.scroll_range).size == (1280, 596)
    for box in made.boxes.values():
        assert 0 <= box.x < box.right <= made.viewport.width
        assert 0 <= box.y < box.bottom <= made.content.height
    for part, (x, y) in made.hot.items():
        box = made.boxes[part]
        assert box.x <= x <= box.right
        assert box.y <= y <= box.bottom


@settings(max_examples=15, deadline=None)
@given(WORDS, WORDS)
def test_any_words_can_be_drawn(label: str, title: str) -> None:
    made = [component(number, kind, label, [label] * 3) for number, kind in enumerate(KINDS[:10])]
    screen = Screen.model_construct(id="x", title=title, purpose=label, actor=title, components=made)
    picture = draw_screen(screen, name=title, accent="#0f5c7a", menu=[screen])
    assert isinstance(picture, Image.Image)
    assert len(picture.getcolors(1 << 20) or []) > 10
