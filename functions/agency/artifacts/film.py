"""The demo film: stills of the screens with a moving pointer, captions and crossfades, as H.264 in MP4.

Frames are made one at a time and pictures that stand still are converted once, so that memory stays flat and
the time goes into what moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from io import BytesIO
from typing import Final

import av
from av.video.frame import VideoFrame
from PIL import Image

from functions.agency.artifacts.drawing.cards import caption_band, closing_card, title_card
from functions.agency.artifacts.drawing.motion import Still, focus, scene_stills
from functions.agency.artifacts.drawing.screen import compose_screen
from functions.agency.artifacts.script import CLOSING_SECONDS, TITLE_SECONDS, film_seconds
from shared.models.answers import DemoAnswer, DesignAnswer, PrototypeAnswer, Scene

WIDTH: Final = 1280
HEIGHT: Final = 720
BAND: Final = 124
"""Height of the caption band at the foot of the picture, in pixels."""
FPS: Final = 25
FADE: Final = 8
"""Length of a crossfade in frames."""

_X264: Final = {
    "preset": "superfast",
    "crf": "21",
    "rc-lookahead": "10",
    "x264-params": "me=dia:subme=0:weightp=0:ref=1:scenecut=0:b-adapt=0",
}
"""Text stays sharp at this quality. The search for motion is kept short, since screens mostly stand still: this
halves the time of the preset veryfast for 1.6 times its bytes."""
_THREADS: Final = 2
"""Fixed, because the number of threads changes the bytes that x264 writes."""


def make_film(
    *,
    name: str,
    tagline: str,
    demo: DemoAnswer,
    design: DesignAnswer,
    prototype: PrototypeAnswer,
    drafted_by: str,
    progress: Callable[[float], None] | None = None,
) -> bytes:
    """Return the film: MP4 (index in front), H.264, yuv420p, 1280 × 720, 25 frames a second, no sound.

    It lasts 2 s for the title, the seconds of each scene and 2 s for the closing. `progress` is called with the
    share done, 0–1, rising, the last time with 1. Raises KeyError when a scene shows an unknown screen.
    """
    total = film_seconds(demo) * FPS
    out = BytesIO()
    # The index of a film of this length needs less; what is reserved too much becomes a `free` box.
    reserved = 8192 + 24 * total
    with av.open(out, "w", format="mp4", options={"moov_size": str(reserved)}) as container:
        stream = container.add_stream("libx264", rate=FPS, options=dict(_X264))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.thread_count = _THREADS
        stream.codec_context.gop_size = 4 * FPS
        done = 0
        for still in _pictures(name, tagline, demo, design, prototype, drafted_by):
            frame = _converted(still.picture)
            for _ in range(still.frames):
                frame.pts, frame.time_base = done, Fraction(1, FPS)
                container.mux(stream.encode(frame))
                done += 1
            if progress is not None:
                progress(done / total)
        container.mux(stream.encode(None))
    return out.getvalue()


def _converted(picture: Image.Image) -> VideoFrame:
    """Return the picture as a frame in the encoder's format, so that a still is converted once."""
    frame = VideoFrame(WIDTH, HEIGHT, "rgb24")
    frame.planes[0].update(picture.tobytes())
    return frame.reformat(format="yuv420p")


def _pictures(
    name: str,
    tagline: str,
    demo: DemoAnswer,
    design: DesignAnswer,
    prototype: PrototypeAnswer,
    drafted_by: str,
) -> Iterator[Still]:
    """Give the film picture by picture; a part lasts as long as the script says, its crossfade included."""
    size = (WIDTH, HEIGHT)
    last = title_card(size, name, tagline, demo.title, design.accent)
    yield Still(last, TITLE_SECONDS * FPS)
    for scene in demo.scenes:
        for number, still in enumerate(_scene(name, scene, design, prototype)):
            if number == 0:
                yield from _crossfade(last, still.picture, keep=BAND)
            last = still.picture
            yield still
    card = closing_card(size, name, demo.closing, drafted_by, design.accent)
    yield from _crossfade(last, card, keep=0)
    yield Still(card, CLOSING_SECONDS * FPS - FADE)


def _scene(name: str, scene: Scene, design: DesignAnswer, prototype: PrototypeAnswer) -> Iterator[Still]:
    screen = {item.id: item for item in design.screens}[scene.screen]
    shown = compose_screen(
        screen,
        name=name,
        accent=design.accent,
        size=(WIDTH, HEIGHT - BAND),
        prototype=prototype,
        menu=design.screens,
    )
    band = caption_band((WIDTH, BAND), scene.caption, design.accent)
    # A short scene has time for one stop: moves, clicks and the crossfade of two fill 66 frames.
    stops = focus(scene, screen, shown, 2 if scene.seconds >= 5 else 1)
    return scene_stills(shown, band, stops, design.accent, scene.seconds * FPS - FADE)


def _crossfade(before: Image.Image, after: Image.Image, *, keep: int) -> Iterator[Still]:
    """Blend two pictures, but for the lowest `keep` rows: captions change at once, two are never legible."""
    foot = after.crop((0, after.height - keep, after.width, after.height))
    for frame in range(1, FADE + 1):
        picture = Image.blend(before, after, frame / (FADE + 1))
        if keep:
            picture.paste(foot, (0, after.height - keep))
        yield Still(picture, 1)
