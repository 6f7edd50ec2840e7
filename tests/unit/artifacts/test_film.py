"""The film as a player sees it: every frame is decoded and looked at."""

from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from functions.agency.artifacts.drawing.cards import caption_band
from functions.agency.artifacts.drawing.motion import focus, scene_stills
from functions.agency.artifacts.drawing.screen import ScreenPicture, compose_screen
from functions.agency.artifacts.film import BAND, FPS, HEIGHT, WIDTH, make_film
from functions.agency.artifacts.script import cues, film_seconds
from shared.models.answers import DemoAnswer, DesignAnswer, PrototypeAnswer, Scene
from tests.samples import harbour, hostile


@dataclass
class Film:
    """A film, what was reported while it was made, its length and a still of each second."""

    demo: DemoAnswer
    data: bytes
    progress: list[float]
    frames: int
    seconds: float
    stills: list[Image.Image]


def shortened(demo: DemoAnswer) -> DemoAnswer:
    """Return four scenes of 5, 3, 5 and 3 s: the shortest film there is, with both kinds of scene."""
    scenes = [
        scene.model_copy(update={"seconds": seconds})
        for scene, seconds in zip(demo.scenes[:4], (5, 3, 5, 3), strict=True)
    ]
    return demo.model_copy(update={"scenes": scenes})


def film_of(answers: dict[str, object]) -> Film:
    demo, design, prototype = (answers[step] for step in ("demo", "design", "prototype"))
    assert isinstance(demo, DemoAnswer)
    assert isinstance(design, DesignAnswer)
    assert isinstance(prototype, PrototypeAnswer)
    demo = shortened(demo)
    progress: list[float] = []
    data = make_film(
        name="Quaymarket",
        tagline="Spare quota finds the next boat",
        demo=demo,
        design=design,
        prototype=prototype,
        drafted_by="the offline drafter",
        progress=progress.append,
    )
    frames, stills = 0, []
    with av.open(BytesIO(data)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", WIDTH, HEIGHT)
        assert stream.average_rate == FPS
        assert len(container.streams) == 1
        for frame in container.decode(stream):
            assert (frame.format.name, frame.width, frame.height) == ("yuv420p", WIDTH, HEIGHT)
            if frames % FPS == FPS - 1:
                stills.append(frame.to_image())
            frames += 1
        assert container.duration is not None
        seconds = container.duration / av.time_base
    return Film(demo, data, progress, frames, seconds, stills)


@pytest.fixture(scope="module", params=[harbour, hostile], ids=["harbour", "hostile"])
def film(request: pytest.FixtureRequest) -> Film:
    return film_of(dict(request.param.ANSWERS))


def boxes(data: bytes) -> list[str]:
    """Return the kinds of the outermost boxes of an MP4 file, in order (ISO/IEC 14496-12)."""
    kinds, place = [], 0
    while place < len(data):
        kinds.append(data[place + 4 : place + 8].decode("ascii"))
        place += int.from_bytes(data[place : place + 4], "big")
    return kinds


def test_the_film_lasts_as_long_as_the_script(film: Film) -> None:
    wanted = film_seconds(film.demo)
    assert 20 <= film.seconds <= 60
    assert film.seconds == pytest.approx(wanted, abs=0.2)
    assert film.frames == wanted * FPS


def test_the_film_can_start_before_it_is_loaded(film: Film) -> None:
    kinds = boxes(film.data)
    assert kinds[0] == "ftyp"
    assert kinds.index("moov") < kinds.index("mdat")


def test_progress_rises_to_one(film: Film) -> None:
    assert film.progress == sorted(film.progress)
    assert film.progress[-1] == 1
    assert 0 < film.progress[0] < 0.2


def test_every_scene_has_a_legible_caption(film: Film) -> None:
    seen = []
    for cue in cues(film.demo):
        for second in range(cue.start, cue.end):
            band = film.stills[second].crop((0, HEIGHT - BAND + 8, WIDTH, HEIGHT)).convert("L")
            dark, bright = band.getextrema()
            assert dark < 40
            assert bright > 230
            words = band.point(lambda value: 255 if value > 128 else 0)
            left, top, right, bottom = words.getbbox()
            assert left > 20
            assert right < WIDTH - 20
            # Capitals and descenders of 36 px text are at least this high; two lines stay within the band.
            assert 26 <= bottom - top <= BAND - 20
        seen.append(film.stills[cue.start + 1].crop((0, HEIGHT - BAND, WIDTH, HEIGHT)))
    for before, after in pairwise(seen):
        assert ImageStat.Stat(ImageChops.difference(before, after).convert("L")).mean[0] > 1


def test_cards_open_and_close_the_film(film: Film) -> None:
    for card in (film.stills[0], film.stills[-1]):
        middle = card.crop((100, 100, WIDTH - 100, HEIGHT - 100)).convert("L")
        assert middle.getextrema()[1] > 230
    assert ImageChops.difference(film.stills[0], film.stills[-1]).getbbox() is not None


def test_scenes_move(film: Film) -> None:
    for cue in cues(film.demo):
        before, after = film.stills[cue.start], film.stills[cue.end - 1]
        changed = (
            ImageChops.difference(before, after).convert("L").point(lambda value: 255 if value > 40 else 0)
        )
        assert changed.getbbox() is not None


def test_the_file_is_small_enough_to_send(film: Film) -> None:
    assert len(film.data) < 5_000_000


@pytest.mark.parametrize(
    ("caption", "lines"),
    [
        ("Short", 1),
        ("Ein langer Satz mit vielen Wörtern, der gerade noch in zwei Zeilen passen soll", 2),
        ("W" * 90, 2),
    ],
)
def test_a_caption_has_at_most_two_lines_of_like_length(caption: str, lines: int) -> None:
    white = (
        caption_band((WIDTH, BAND), caption, "#ffffff")
        .convert("L")
        .point(lambda value: 255 if value > 128 else 0)
    )
    left, top, right, bottom = white.crop((0, 6, WIDTH, BAND)).getbbox() or (0, 0, 0, 0)
    assert abs((left + right) - WIDTH) < 12
    assert bottom - top < 52 * lines
    if lines == 2:
        halves = [white.crop((0, 6 + top, WIDTH, BAND // 2)), white.crop((0, BAND // 2 + 6, WIDTH, BAND))]
        first, second = (half.getbbox() or (0, 0, 0, 0) for half in halves)
        assert (second[2] - second[0]) / (first[2] - first[0]) > 0.7


def test_what_is_lit_has_an_edge_that_can_be_seen_on_white() -> None:
    screen = shown("market-board")
    band = caption_band((WIDTH, BAND), "A caption", "#ffffff")
    *_, last = scene_stills(screen, band, ["on-offer"], "#ffffff", 75)
    box = screen.boxes["on-offer"].moved(screen.viewport.x, screen.viewport.y)
    edge = last.picture.getpixel((box.x + box.width // 2, box.y - 7))
    assert isinstance(edge, tuple)
    assert max(edge) < 160


SCREENS = {screen.id: screen for screen in harbour.DESIGN.screens}


def shown(screen: str) -> ScreenPicture:
    return compose_screen(
        SCREENS[screen],
        name="Quaymarket",
        accent="#0f5c7a",
        size=(WIDTH, HEIGHT - BAND),
        prototype=harbour.PROTOTYPE,
        menu=harbour.DESIGN.screens,
    )


@pytest.mark.parametrize(
    ("screen", "caption", "stops"),
    [
        ("lot", "Compare, then bid", ["bid", "side-by-side"]),
        ("season", "The regulator gets its file", ["lapses", "file"]),
        ("register", "Register a skipper in seconds", ["skippers", "add"]),
    ],
)
def test_the_pointer_goes_to_what_the_caption_speaks_of(screen: str, caption: str, stops: list[str]) -> None:
    scene = Scene(screen=screen, caption=caption, narration="-", seconds=5)
    assert focus(scene, SCREENS[screen], shown(screen), 2) == stops


def test_a_text_is_never_pointed_at_while_there_is_something_to_press() -> None:
    scene = Scene(
        screen="market-board", caption="Spare quota of all harbours, newest first", narration="-", seconds=3
    )
    assert focus(scene, SCREENS["market-board"], shown("market-board"), 1) != ["intro"]


@pytest.mark.parametrize(("seconds", "count"), [(3, 1), (5, 2), (10, 2)])
def test_the_pictures_of_a_scene_fill_its_frames(seconds: int, count: int) -> None:
    screen = shown("register")
    band = caption_band((WIDTH, BAND), "A caption", "#0f5c7a")
    stops = list(screen.boxes)[:count]
    stills = list(scene_stills(screen, band, stops, "#0f5c7a", seconds * FPS))
    assert sum(still.frames for still in stills) == seconds * FPS
    assert min(still.frames for still in stills) > 0
    assert all(still.picture.size == (WIDTH, HEIGHT) for still in stills)
