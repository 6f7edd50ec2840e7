"""A reader recognises their idea on every page, and two ideas in one sector share no feature."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from infra.local.model.language.lexicon import STOP
from infra.local.model.language.parser import parse
from infra.local.model.language.tokens import stem, words
from tests.unit.model.chain import checked_kit
from tests.unit.model.ideas import IDEAS

PAIRS = [(sector, idea) for sector, ideas in IDEAS.items() for idea in ideas]
WRONG = re.compile(
    r"[{}]|\b(?:a|an) (?:a|an|the)\b|\b(\w+) \1\b|\ba [aeio]\w+s?\b(?<!a one)(?<!a once)|\s[,.;]|\.\.|lorem ipsum",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def kits() -> dict[str, dict[str, dict[str, Any]]]:
    """Idea → its eight answers, each accepted."""
    made = {}
    for sector, idea in PAIRS:
        made[idea], problems = checked_kit(idea, sector)
        assert problems == {}, idea
    return made


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [
            text
            for key, item in value.items()
            if key not in ("claims", "competitors")
            for text in _texts(item)
        ]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def test_there_are_enough_ideas() -> None:
    assert len(PAIRS) >= 60
    assert len(IDEAS) == 6


@pytest.mark.parametrize("sector", IDEAS)
def test_two_ideas_in_one_sector_share_no_feature(
    sector: str, kits: dict[str, dict[str, dict[str, Any]]]
) -> None:
    for first, second in itertools.combinations(IDEAS[sector], 2):
        for key in ("name", "description"):
            one, other = (
                {f[key].casefold() for f in kits[idea]["qualify"]["features"]} for idea in (first, second)
            )
            assert not one & other, f"{first} / {second}"


def _stems(texts: list[str]) -> set[str]:
    return {stem(word) for text in texts for word in words(text)}


def test_the_ideas_own_words_stand_on_every_page(kits: dict[str, dict[str, dict[str, Any]]]) -> None:
    for _, idea in PAIRS:
        kit = kits[idea]
        own = {stem(word) for word in parse(idea).words}
        own |= {stem(part) for word in parse(idea).words for part in word.split("-")}
        pages = {
            "features": [feature["name"] for feature in kit["qualify"]["features"]],
            "requirements": [item["statement"] for item in kit["specify"]["functional_requirements"]],
            "stories": [story["title"] for story in kit["plan"]["stories"]],
            "film": [scene["narration"] for scene in kit["demo"]["scenes"]],
        }
        for page, texts in pages.items():
            carrying = sum(bool(own & _stems([text])) for text in texts)
            assert carrying >= 0.7 * len(texts), f"{idea}: {page}: {texts}"
        for page, value in (
            ("design", kit["design"]),
            ("prototype", kit["prototype"]),
            ("launch", kit["launch"]),
        ):
            assert own & _stems(_texts(value)), f"{idea}: {page}"


def test_no_text_reads_like_a_broken_template(kits: dict[str, dict[str, dict[str, Any]]]) -> None:
    for _, idea in PAIRS:
        said = {word.casefold() for word in words(idea)} - STOP
        for text in _texts(kits[idea]):
            wrong = WRONG.search(text)
            assert wrong is None or wrong[0].split()[0].casefold() in said, f"{idea}: {text!r}: {wrong[0]!r}"


def test_entities_have_the_same_names_and_labels_in_wireframe_and_prototype(
    kits: dict[str, dict[str, dict[str, Any]]],
) -> None:
    for _, idea in PAIRS:
        entities = {entity["label"]: entity for entity in kits[idea]["prototype"]["entities"]}
        served = {
            item: screen["id"]
            for screen in kits[idea]["design"]["screens"]
            for part in screen["components"]
            for item in part["requirements"]
        }
        for screen in kits[idea]["design"]["screens"]:
            for part in screen["components"]:
                if part["entity"]:
                    fields = entities[part["entity"]]["fields"]
                    labels = {field["label"] for field in fields}
                    assert len(labels) == len(fields)
                    assert set(part["fields"]) <= labels
        for action in kits[idea]["prototype"]["actions"]:
            assert served[action["requirement"]] == action["screen"]


def test_the_accent_is_dark_enough_for_white_text(kits: dict[str, dict[str, dict[str, Any]]]) -> None:
    for _, idea in PAIRS:
        accent = kits[idea]["design"]["accent"]
        parts = [int(accent[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert 1.05 / (luminance + 0.05) >= 4.5


def test_the_kit_says_once_that_it_was_drafted_offline(kits: dict[str, dict[str, dict[str, Any]]]) -> None:
    for _, idea in PAIRS:
        assert kits[idea]["launch"]["summary"].count("drafted offline") == 1


def test_a_junk_idea_scores_low_and_says_why() -> None:
    junk = checked_kit("asdf", "other")[0]["qualify"]
    good = checked_kit(
        "Shift planning for 40 volunteer fire brigades so that captains can fill gaps", "saas"
    )[0]
    assert junk["score"] < 0.2
    assert "no project" in junk["reasons"][0]
    assert good["qualify"]["score"] > 0.6


def test_the_names_people_give_and_numbers_they_write_are_used() -> None:
    kit, _ = checked_kit(
        "Quaymarket is a quota exchange for 40 harbours with 900 skippers", "other", {"budget": "20k"}
    )
    assert kit["qualify"]["project_name"] == "Quaymarket"
    assert kit["plan"]["usage"]["monthly_active_users"] == 900
    assert any("budget" in reason for reason in kit["qualify"]["reasons"])
