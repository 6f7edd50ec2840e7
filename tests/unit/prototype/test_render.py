"""The page as text: one file, the same bytes every time, locked down by its policy, inert whatever it says."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.agency.artifacts.prototype import render_prototype
from shared.models.answers import DesignAnswer, PrototypeAnswer, SpecifyAnswer
from tests.samples import harbour, hostile


def rendered(sample: ModuleType, **changed: str) -> str:
    answers = sample.answers()
    words = {"name": "Quaymarket", "tagline": "Spare quota finds a boat", "drafted_by": "Claude"} | changed
    return render_prototype(
        specify=SpecifyAnswer.model_validate(answers["specify"]),
        design=DesignAnswer.model_validate(answers["design"]),
        prototype=PrototypeAnswer.model_validate(answers["prototype"]),
        **words,
    )


class Outline(HTMLParser):
    """The start tags of a document with their attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style") and data.strip():
            self.inside.append((self.tags[-1][0], data))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def data(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(next(text for tag, text in self.inside if tag == "script"))
        return loaded


@pytest.fixture(params=[harbour, hostile], ids=["harbour", "hostile"])
def page(request: pytest.FixtureRequest) -> str:
    return rendered(request.param)


def test_the_same_answers_give_the_same_bytes() -> None:
    assert rendered(harbour) == rendered(harbour)


def test_another_content_keeps_its_state_apart() -> None:
    assert (
        Outline(rendered(harbour)).data()["hash"] != Outline(rendered(harbour, name="Other")).data()["hash"]
    )


def test_the_page_is_small(page: str) -> None:
    assert 60_000 < len(page.encode()) < 200_000


def test_the_policy_allows_this_style_and_this_script_and_nothing_else(page: str) -> None:
    outline = Outline(page)
    policy = next(
        meta["content"]
        for meta in outline.named("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    )

    def digest(text: str) -> str:
        return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    style = next(text for tag, text in outline.inside if tag == "style")
    script = [text for tag, text in outline.inside if tag == "script"][1]
    assert dict(rule.split(" ", 1) for rule in (policy or "").split("; ")) == {
        "default-src": "'none'",
        "script-src": digest(script),
        "style-src": digest(style),
        "img-src": "data:",
        "connect-src": "'none'",
        "form-action": "'none'",
        "base-uri": "'none'",
    }


def test_the_page_names_no_address_but_its_own_picture(page: str) -> None:
    outline = Outline(page)

    addresses = [
        value
        for _, attributes in outline.tags
        for name, value in attributes.items()
        if name in ("src", "href", "action", "srcset")
    ]
    assert len(addresses) == 1
    assert (addresses[0] or "").startswith("data:image/svg+xml,")
    style = next(text for tag, text in outline.inside if tag == "style")
    assert "url(" not in style
    assert "@import" not in style


def test_markup_in_any_text_makes_no_element() -> None:
    tame, wild = (
        Outline(rendered(harbour)),
        Outline(rendered(hostile, name="</title><script>alert(1)</script>")),
    )

    assert [tag for tag, _ in wild.tags] == [tag for tag, _ in tame.tags]
    assert [sorted(attributes) for _, attributes in wild.tags] == [sorted(a) for _, a in tame.tags]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_any_words_arrive_as_they_are(words: str) -> None:
    controls = re.compile("[\u202a-\u202e\u2066-\u2069]")

    outline = Outline(rendered(harbour, drafted_by=words))

    assert outline.data()["product"]["drafted_by"] == controls.sub("", words)


def test_line_separators_do_not_end_a_line_of_the_data() -> None:
    text = rendered(harbour, tagline="one\u2028two\u2029three")

    assert Outline(text).data()["product"]["tagline"] == "one\u2028two\u2029three"
    data = text.split('id="page-data">')[1].split("</script>")[0]
    assert not {"\u2028", "\u2029", "<", ">", "&"} & set(data)


def test_without_a_script_a_reader_finds_every_screen_and_requirement() -> None:
    text = rendered(harbour).split("<noscript>")[1].split("</noscript>")[0]

    served = {name for marks in re.findall(r'data-fr="([^"]*)"', text) for name in marks.split()}
    assert served == set(harbour.context().requirement_ids())
    assert all(f"<h2>{screen.title}</h2>" in text for screen in harbour.DESIGN.screens)
    assert all(action.label in text for action in harbour.PROTOTYPE.actions if action.kind != "search")


def test_what_a_component_names_is_resolved() -> None:
    screens = {screen["id"]: screen for screen in Outline(rendered(harbour)).data()["screens"]}
    parts = {part["id"]: part for part in screens["market-board"]["components"]}

    assert parts["lots"]["entity"] == "quota_lot"
    assert parts["lots"]["fields"] == ["species", "sea_area", "tonnes", "price_per_kg", "valid_until"]
    assert parts["find"]["actions"] == ["A-5", "A-6"]
    assert parts["intro"]["entity"] == ""
    assert screens["market-board"]["links"] == [
        {"to": "lot", "label": "Look at a lot"},
        {"to": "my-lots", "label": "Offer spare quota"},
    ]


def test_rows_are_named_by_what_tells_them_apart() -> None:
    entities = {entity["name"]: entity for entity in Outline(rendered(harbour)).data()["entities"]}

    assert entities["skipper"]["title"] == ["name"]
    assert entities["bid"]["title"] == ["lot"]
    assert entities["quota_lot"]["title"] == ["species", "sea_area", "tonnes"]


def test_prices_are_averaged_and_amounts_added_up() -> None:
    entities = {entity["name"]: entity for entity in Outline(rendered(harbour)).data()["entities"]}
    means = {field["name"]: field["mean"] for field in entities["quota_lot"]["fields"]}

    assert means["price_per_kg"]
    assert not means["tonnes"]


def test_a_text_field_named_after_an_entity_suggests_its_rows() -> None:
    entities = {entity["name"]: entity for entity in Outline(rendered(harbour)).data()["entities"]}
    suggests = {field["name"]: field["suggests"] for field in entities["bid"]["fields"]}

    assert suggests["lot"] == "quota_lot"
    assert suggests["bidder"] == ""
