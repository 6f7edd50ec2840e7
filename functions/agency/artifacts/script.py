"""The script of the demo film: what is shown when, as Markdown and as WebVTT captions."""

from __future__ import annotations

from dataclasses import dataclass

from shared.markdown import escape, heading, one_line
from shared.models.answers import DemoAnswer, DesignAnswer, Scene

TITLE_SECONDS = 2
CLOSING_SECONDS = 2


@dataclass(frozen=True)
class Cue:
    """A scene and when it is on show; seconds from the start of the film."""

    scene: Scene
    start: int
    end: int


def cues(demo: DemoAnswer) -> list[Cue]:
    """Return the scenes with their times; the first begins when the title card ends."""
    shown: list[Cue] = []
    start = TITLE_SECONDS
    for scene in demo.scenes:
        shown.append(Cue(scene, start, start + scene.seconds))
        start += scene.seconds
    return shown


def film_seconds(demo: DemoAnswer) -> int:
    """Return the length of the film in seconds: title card, scenes, closing card."""
    return TITLE_SECONDS + sum(scene.seconds for scene in demo.scenes) + CLOSING_SECONDS


def write_script(*, name: str, demo: DemoAnswer, design: DesignAnswer, drafted_by: str) -> str:
    """Return the script as Markdown: timecodes, screen, caption and narration of every scene."""
    titles = {screen.id: screen.title for screen in design.screens}
    total = film_seconds(demo)
    sections = [
        heading(1, f"{name}: demo script"),
        f"{len(demo.scenes)} scenes, {total} s. Captions are burnt into the picture; the narration is for a "
        f"speaker. Drafted by {escape(drafted_by)}.",
        _card("Title card", 0, TITLE_SECONDS, demo.title),
    ]
    for number, cue in enumerate(cues(demo), 1):
        sections.append(
            "\n".join(
                [
                    heading(2, f"{_range(cue.start, cue.end)} Scene {number}: {titles[cue.scene.screen]}"),
                    "",
                    f"- **Screen:** {escape(titles[cue.scene.screen])} ({escape(cue.scene.screen)})",
                    f"- **Caption:** {escape(cue.scene.caption)}",
                    f"- **Narration:** {escape(cue.scene.narration)}",
                    f"- **Length:** {cue.scene.seconds} s",
                ]
            )
        )
    sections.append(_card("Closing card", total - CLOSING_SECONDS, total, demo.closing))
    return "\n\n".join(sections) + "\n"


def write_captions(demo: DemoAnswer) -> str:
    """Return the captions as WebVTT, for players and screen readers.

    Source: https://www.w3.org/TR/webvtt1/
    """
    blocks = ["WEBVTT"]
    for number, cue in enumerate(cues(demo), 1):
        text = one_line(cue.scene.caption)
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append(f"{number}\n{_vtt_time(cue.start)} --> {_vtt_time(cue.end)}\n{text}")
    return "\n\n".join(blocks) + "\n"


def _card(label: str, start: int, end: int, words: str) -> str:
    return f"{heading(2, f'{_range(start, end)} {label}')}\n\n- **Words:** {escape(words)}"


def _range(start: int, end: int) -> str:
    return f"{start // 60:02d}:{start % 60:02d}–{end // 60:02d}:{end % 60:02d}"


def _vtt_time(seconds: int) -> str:
    return f"00:{seconds // 60:02d}:{seconds % 60:02d}.000"
