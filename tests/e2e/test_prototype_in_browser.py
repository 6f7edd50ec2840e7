"""The prototype in a real browser: it works by clicking and by keyboard, alone, for everybody, and stays inert."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from functions.agency.artifacts import prototype
from functions.agency.artifacts.prototype import render_prototype
from shared.models.answers import (
    Action,
    Component,
    DesignAnswer,
    PrototypeAnswer,
    QualifyAnswer,
    Screen,
    SpecifyAnswer,
)
from shared.models.answers.design import ComponentKind
from tests.e2e.browser import Watch, click_through, fresh_page, violations
from tests.samples import harbour, hostile

SAMPLES = {"harbour": harbour, "hostile": hostile}


def rendered(sample: ModuleType, *, design: DesignAnswer | None = None) -> str:
    answers = sample.answers()
    qualify = QualifyAnswer.model_validate(answers["qualify"])
    return render_prototype(
        name=qualify.project_name,
        tagline=qualify.tagline,
        specify=SpecifyAnswer.model_validate(answers["specify"]),
        design=design or DesignAnswer.model_validate(answers["design"]),
        prototype=PrototypeAnswer.model_validate(answers["prototype"]),
        drafted_by="the offline drafter",
    )


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The prototypes of both samples as files."""
    folder = tmp_path_factory.mktemp("prototypes")
    made = {}
    for name, sample in SAMPLES.items():
        made[name] = folder / f"{name}.html"
        made[name].write_text(rendered(sample), encoding="utf-8")
    return made


@pytest.mark.parametrize("name", SAMPLES)
def test_every_screen_and_action_works_by_clicking(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    with fresh_page(browser) as page:
        report = click_through(page, pages[name])

    assert report.faults() == []
    assert report.screens == harbour.context().screen_ids()
    assert report.requirements >= set(harbour.context().requirement_ids())
    assert sorted(report.actions) == sorted(action.id for action in harbour.PROTOTYPE.actions)


def test_every_screen_and_action_works_on_a_phone(browser: Browser, pages: dict[str, Path]) -> None:
    with fresh_page(browser, width=320, height=640) as page:
        report = click_through(page, pages["harbour"])

    assert report.faults() == []


def without_parts(screen: Screen, actions: list[Action]) -> list[Component]:
    """Words only: no component can carry an action, so each stands by itself."""
    del actions
    served = screen.requirements()
    return [
        part("words", "text", requirements=served),
        part("more-words", "notice", requirements=served),
    ]


def with_buttons(screen: Screen, actions: list[Action]) -> list[Component]:
    """A button for every action, and nothing else that could carry one."""
    served = screen.requirements()
    buttons = [
        part(f"do-{action.id.lower()}", "button", entity=action.entity, requirements=[action.requirement])
        for action in actions
    ]
    return [part("words", "text", requirements=served), *buttons, part("end", "notice", requirements=[])]


def with_details(screen: Screen, actions: list[Action]) -> list[Component]:
    """Details, calendars, charts and searches, which name no fields and mostly no entity."""
    served = screen.requirements()
    entity = actions[0].entity
    return [
        part("one", "detail", entity=entity, requirements=served),
        part("when", "calendar", requirements=served),
        part("how-many", "chart", requirements=served),
        part("count", "stat", requirements=served),
        part("find", "search", requirements=served),
        part("fill", "form", requirements=served),
    ]


def part(id: str, kind: ComponentKind, *, entity: str = "", requirements: list[str]) -> Component:
    return Component(
        id=id, kind=kind, label=f"The {id}", entity=entity, fields=[], goes_to="", requirements=requirements
    )


@pytest.mark.parametrize("parts", [without_parts, with_buttons, with_details])
def test_every_action_works_whatever_the_wireframe_offers(
    browser: Browser, tmp_path: Path, parts: Callable[[Screen, list[Action]], list[Component]]
) -> None:
    actions = harbour.PROTOTYPE.actions
    screens = [
        screen.model_copy(
            update={"components": parts(screen, [item for item in actions if item.screen == screen.id])}
        )
        for screen in harbour.DESIGN.screens
    ]
    path = tmp_path / "variant.html"
    design = harbour.DESIGN.model_copy(update={"screens": screens})
    path.write_text(rendered(harbour, design=design), encoding="utf-8")

    with fresh_page(browser) as page:
        report = click_through(page, path)
        found = {}
        for screen in screens:
            opened(page, path, screen.id)
            found[screen.id] = violations(page)

    assert report.faults() == []
    assert sorted(report.actions) == sorted(action.id for action in actions)
    assert found == {name: [] for name in found}


def test_the_player_notices_an_action_that_does_nothing(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = prototype._script().replace("row.state = action.to_state", "row.state = row.state")
    monkeypatch.setattr(prototype, "_script", lambda: script)
    path = tmp_path / "broken.html"
    path.write_text(rendered(harbour), encoding="utf-8")

    with fresh_page(browser) as page:
        report = click_through(page, path)

    idle = [action.id for action in harbour.PROTOTYPE.actions if action.kind == "transition"]
    assert [fault.split()[0] for fault in report.faults()] == idle


def test_a_formula_is_exported_as_text(browser: Browser, pages: dict[str, Path]) -> None:
    with fresh_page(browser) as page:
        opened(page, pages["harbour"], "my-lots")
        page.get_by_label("Species").select_option("Cod")
        page.get_by_label("Sea area").select_option("Kattegat")
        page.get_by_label("Tonnes").fill("1")
        page.get_by_label("Price per kg").fill("2")
        page.get_by_label("Valid until").fill("2026-12-01")
        page.get_by_label("Offered by").fill('=HYPERLINK("http://x.example")')
        page.get_by_role("button", name="Save as draft").click()
        opened(page, pages["harbour"], "season")
        page.get_by_role("button", name="Export for the regulator").click()

        lines = page.locator("textarea.csv").input_value().splitlines()

    assert lines[0] == "Species,Sea area,Tonnes,Price per kg,Valid until,Offered by,State"
    assert lines[1] == 'Cod,Kattegat,1,2,2026-12-01,"\'=HYPERLINK(""http://x.example"")",draft'


def opened(page: Page, path: Path, screen: str) -> None:
    page.goto(f"{path.as_uri()}#/{screen}")
    expect(page.locator("main h1")).to_be_visible()


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_screen(
    browser: Browser, pages: dict[str, Path], scheme: Literal["light", "dark"], name: str
) -> None:
    with fresh_page(browser, scheme=scheme) as page:
        found = {}
        for screen in harbour.context().screen_ids():
            opened(page, pages[name], screen)
            found[screen] = violations(page)

    assert found == {screen: [] for screen in found}


def test_axe_would_find_what_is_wrong(browser: Browser, pages: dict[str, Path]) -> None:
    with fresh_page(browser) as page:
        opened(page, pages["harbour"], "season")
        page.evaluate("document.querySelector('main').append(document.createElement('input'))")

        assert [fault.split(":")[0] for fault in violations(page)] == ["critical label"]


def open_error_summary(page: Page) -> None:
    page.get_by_role("button", name="Save as draft").click()


def open_inbox(page: Page) -> None:
    page.get_by_role("button", name="Inbox").click()


def open_update(page: Page) -> None:
    page.get_by_role("button", name="Change price or date").first.click()


def open_delete(page: Page) -> None:
    page.get_by_role("button", name="Remove").first.click()


def open_export(page: Page) -> None:
    page.get_by_role("button", name="Export for the regulator").click()


def open_comparison(page: Page) -> None:
    page.get_by_role("button", name="Compare lots").click()


STATES: list[tuple[str, Callable[[Page], None]]] = [
    ("my-lots", open_error_summary),
    ("my-lots", open_update),
    ("my-lots", open_delete),
    ("season", open_export),
    ("lot", open_comparison),
    ("register", open_inbox),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_dialogs_errors_and_results(
    browser: Browser, pages: dict[str, Path], scheme: Literal["light", "dark"]
) -> None:
    found = {}
    with fresh_page(browser, scheme=scheme) as page:
        for screen, opens in STATES:
            page.goto("about:blank")
            opened(page, pages["harbour"], screen)
            opens(page)
            found[opens.__name__] = violations(page)

    assert found == {name: [] for name in found}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_no_screen_scrolls_sideways(browser: Browser, pages: dict[str, Path], width: int, name: str) -> None:
    with fresh_page(browser, width=width) as page:
        for screen in harbour.context().screen_ids():
            opened(page, pages[name], screen)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{screen} is {wide} px wide"


def test_a_person_with_only_a_keyboard_can_trade(browser: Browser, pages: dict[str, Path]) -> None:
    with fresh_page(browser) as page:
        page.goto(pages["harbour"].as_uri())
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main h1")).to_be_focused()

        tab_to(page, "link", "Offer a lot")
        page.keyboard.press("Enter")
        expect(page.locator("main h1")).to_have_text("My lots")
        expect(page.locator("main h1")).to_be_focused()

        tab_to(page, "button", "Publish Cod, Baltic West, 0.8 t")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("The lot is on the market board.")
        # The button went with the state it belonged to; the focus stays in the part, not at the top.
        assert page.evaluate("document.activeElement.closest('[data-part]')?.dataset.part") == "progress"

        tab_to(page, "button", "Remove Cod, North Sea, 4.5 t")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("button", name="Remove Cod, North Sea, 4.5 t")).to_be_focused()


def tab_to(page: Page, role: Literal["link", "button"], name: str) -> None:
    """Press Tab until the control has the focus; every stop on the way shows where it is."""
    target = page.locator("main").get_by_role(role, name=name, exact=True)
    for _ in range(120):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"{page.evaluate('document.activeElement.outerHTML')} hides its focus"
        if target.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"{name} cannot be reached by keyboard")


def test_back_and_forward_lead_through_the_screens(browser: Browser, pages: dict[str, Path]) -> None:
    with fresh_page(browser) as page:
        page.goto(pages["harbour"].as_uri())
        page.get_by_role("link", name="Look at a lot").click()
        expect(page).to_have_title("Lot and bid · Quaymarket")
        page.go_back()
        expect(page.locator("main h1")).to_have_text("Market board")
        page.go_forward()
        expect(page.locator("main h1")).to_have_text("Lot and bid")


def test_a_row_leads_to_its_own_detail(browser: Browser, pages: dict[str, Path]) -> None:
    with fresh_page(browser) as page:
        page.goto(pages["harbour"].as_uri())
        page.get_by_role("link", name="Herring").click()

        facts = page.locator('[data-part="facts"]')
        expect(facts.get_by_role("heading", level=3)).to_have_text("Herring, Kattegat, 30 t")


KEPT = "prototype."


@pytest.mark.parametrize(
    "kept",
    [
        "not json",
        "null",
        "[]",
        '{"rows":{},"next":1,"inbox":[]}',
        '{"rows":{"quota_lot":[{"id":"quota_lot.1","values":{},"state":"gone"}]},"next":2,"inbox":[]}',
    ],
)
def test_state_that_cannot_be_read_is_ignored(browser: Browser, pages: dict[str, Path], kept: str) -> None:
    watch = Watch()
    with fresh_page(browser) as page:
        page.goto(pages["harbour"].as_uri())
        key = KEPT + json.loads(page.locator("#page-data").text_content() or "")["hash"]
        page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [key, kept])
        watch.on(page, pages["harbour"].as_uri())
        page.reload()

        expect(page.locator('[data-part="lots"] [data-row]')).to_have_count(6)
    assert watch.faults() == []


def test_the_page_works_where_the_browser_forbids_storage(browser: Browser, pages: dict[str, Path]) -> None:
    watch = Watch()
    with fresh_page(browser) as page:
        page.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no') }})"
        )
        watch.on(page, pages["harbour"].as_uri())
        opened(page, pages["harbour"], "bids")
        page.get_by_role("button", name="Accept").first.click()

        expect(page.get_by_role("status")).to_contain_text("The bid is accepted")
        expect(page.locator('[data-part="open-bids"] .figure')).to_have_text("1")
    assert watch.faults() == []


def test_reset_brings_the_sample_data_back(browser: Browser, pages: dict[str, Path]) -> None:
    with fresh_page(browser) as page:
        opened(page, pages["harbour"], "my-lots")
        page.get_by_role("button", name="Remove").first.click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        expect(page.locator('[data-part="progress"] [data-row]')).to_have_count(5)

        page.get_by_role("button", name="Reset demo data").click()
        page.get_by_role("dialog").get_by_role("button", name="Reset").click()

        expect(page.locator('[data-part="progress"] [data-row]')).to_have_count(6)


def test_numbers_and_charts_follow_the_rows(browser: Browser, pages: dict[str, Path]) -> None:
    with fresh_page(browser) as page:
        opened(page, pages["harbour"], "my-lots")
        page.get_by_role("button", name="Remove Herring, Kattegat, 30 t").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()

        opened(page, pages["harbour"], "market-board")
        expect(page.locator('[data-part="on-offer"] .figure')).to_have_text("36.9 t")
        opened(page, pages["harbour"], "season")
        chart = page.locator('[data-part="by-species"]').get_by_role("img")
        expect(chart).to_have_accessible_name("Lots by species: Cod 2, Plaice 1, Sprat 1, Sole 1")


@pytest.mark.parametrize(
    ("label", "value", "message"),
    [
        ("Tonnes", "501", "Tonnes must be 500 t or less."),
        ("Tonnes", "0", "Tonnes must be 0.1 t or more."),
        ("Tonnes", "1e2", "Tonnes must be a number like 12 or 0.5."),
        ("Price per kg", "-1", "Price per kg must be €0.01 or more."),
    ],
)
def test_a_value_out_of_bounds_is_refused_and_kept(
    browser: Browser, pages: dict[str, Path], label: str, value: str, message: str
) -> None:
    with fresh_page(browser) as page:
        opened(page, pages["harbour"], "my-lots")
        box = page.get_by_label(label, exact=True)
        box.fill(value)
        page.get_by_role("button", name="Save as draft").click()

        expect(box).to_have_accessible_description(f"{box_hint(label)} {message}")
        expect(box).to_have_value(value)
        page.locator(".faults").get_by_role("button", name=message).click()
        expect(box).to_be_focused()


def box_hint(label: str) -> str:
    return {"Tonnes": "From 0.1 t to 500 t", "Price per kg": "From €0.01 to €100.00"}[label]


def test_paper_is_white_and_holds_no_controls(browser: Browser, pages: dict[str, Path]) -> None:
    with fresh_page(browser, scheme="dark") as page:
        opened(page, pages["harbour"], "bids")
        page.emulate_media(media="print")

        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        expect(page.get_by_role("button", name="Accept").first).to_be_hidden()
        expect(page.locator("nav#screens")).to_be_hidden()
        assert violations(page) == []


def test_hostile_text_is_shown_as_text(browser: Browser, pages: dict[str, Path]) -> None:
    watch = Watch()
    with fresh_page(browser) as page:
        watch.on(page, pages["hostile"].as_uri())
        for screen in harbour.context().screen_ids():
            opened(page, pages["hostile"], screen)
            assert page.locator("img, iframe, object, main script, main b").count() == 0
            addresses = page.locator("a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
            assert all(address.startswith("#") for address in addresses)
        assert "<script>alert(1)</script>" in page.locator("body").inner_text() + page.title()
    assert watch.faults() == []
