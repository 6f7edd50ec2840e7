"""The wireframe board: every screen, its requirements and its links on one picture."""

from io import BytesIO

from PIL import Image

from functions.agency.artifacts.drawing.layout import BADGE
from functions.agency.artifacts.wireframe import draw_wireframe
from shared.models.answers import DesignAnswer
from tests.samples import harbour, hostile


def board(design: DesignAnswer, name: str = "Quaymarket") -> Image.Image:
    return Image.open(BytesIO(draw_wireframe(name=name, design=design))).convert("RGB")


def badge_pixels(picture: Image.Image) -> int:
    blue = tuple(int(BADGE[place : place + 2], 16) for place in (1, 3, 5))
    colours = picture.getcolors(1 << 20) or []
    return sum(
        count for count, colour in colours if max(abs(a - b) for a, b in zip(colour, blue, strict=True)) < 8
    )


def test_the_board_is_a_png_of_readable_width() -> None:
    data = draw_wireframe(name="Quaymarket", design=harbour.DESIGN)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = Image.open(BytesIO(data)).size
    assert 1800 <= width <= 2400
    assert 1500 <= height <= 4000
    assert len(data) < 400_000


def test_equal_designs_give_equal_bytes() -> None:
    made = [draw_wireframe(name="Quaymarket", design=harbour.DESIGN) for _ in range(2)]
    assert made[0] == made[1]


def test_every_screen_stands_on_the_board() -> None:
    picture = board(harbour.DESIGN)
    fewer = board(harbour.DESIGN.model_copy(update={"screens": harbour.DESIGN.screens[:3], "navigation": []}))
    assert picture.height > fewer.height + 400
    for column in range(3):
        left = 24 + column * 768
        panel = picture.crop((left, 150, left + 720, picture.height - 48))
        ink = sum(count for count, colour in panel.getcolors(1 << 20) or [] if max(colour) < 110)
        assert ink > 3000


def test_requirements_are_badges() -> None:
    bare = harbour.DESIGN.model_copy(
        update={
            "screens": [
                screen.model_copy(
                    update={
                        "components": [
                            part.model_copy(update={"requirements": []}) for part in screen.components
                        ]
                    }
                )
                for screen in harbour.DESIGN.screens
            ]
        }
    )
    cited = sum(len(part.requirements) for screen in harbour.DESIGN.screens for part in screen.components)
    # The legend shows one badge as well.
    legend = badge_pixels(board(bare))
    assert legend > 0
    assert badge_pixels(board(harbour.DESIGN)) > legend * cited * 0.8


def test_a_link_makes_the_board_differ() -> None:
    fewer = harbour.DESIGN.model_copy(update={"navigation": harbour.DESIGN.navigation[:-1]})
    assert board(harbour.DESIGN).tobytes() != board(fewer).tobytes()


def test_ten_screens_with_hostile_words_fit() -> None:
    design = hostile.ANSWERS["design"]
    assert isinstance(design, DesignAnswer)
    ten = (design.screens * 2)[:10]
    screens = [screen.model_copy(update={"id": f"screen-{number}"}) for number, screen in enumerate(ten)]
    crowded = design.model_copy(update={"screens": screens, "navigation": []})
    picture = board(crowded, name="عربي 🚀 " + "W" * 200)
    assert picture.width <= 2400
