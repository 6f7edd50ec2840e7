"""Plays any prototype: every screen by its navigation, every action by its kind, with its own sample data.

It knows only what the page promises: `data-action` and `data-fr` on controls, `data-view` and `data-row` on
what shows rows, `data-dialog` and `data-confirm` on dialogs, `data-result` on what an action shows.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Locator, Page, expect

from tests.e2e.browser import Report

Model = dict[str, Any]
MARK = "Clicked"


class Player:
    """One run through one prototype: a file, or an address."""

    def __init__(self, page: Page, place: Path | str) -> None:
        self.page = page
        self.address = place if isinstance(place, str) else place.as_uri()
        self.report = Report()
        self.model: Model = {}
        self.kinds: dict[str, Callable[[Model, Model], None]] = {
            "create": self.create,
            "update": self.update,
            "transition": self.transition,
            "delete": self.delete,
            "search": self.search,
            "filter": self.filter,
            "summarise": self.summarise,
            "compare": self.compare,
            "export": self.export,
            "notify": self.notify,
        }

    def play(self) -> Report:
        """Open the page, visit its screens, do its actions, and return what was seen."""
        self.report.watch.on(self.page, self.address)
        self.page.goto(self.address)
        self.await_storage()
        self.model = json.loads(self.page.locator("#page-data").text_content() or "")
        for screen in self.model["screens"]:
            self.attempt(f"screen {screen['id']}", partial(self.visit, screen))
            self.report.screens.append(screen["id"])
            for action in self.model["actions"]:
                if action["screen"] == screen["id"]:
                    name = f"{action['id']} ({action['kind']} on {screen['id']})"
                    self.attempt(name, partial(self.act, screen, action))
        missing = [name for name in self.model["requirements"] if name not in self.report.requirements]
        self.report.problems += [f"{name} is realised nowhere" for name in missing]
        return self.report

    def attempt(self, name: str, deed: Callable[[], None]) -> None:
        """Do something; note what goes wrong and carry on with the next."""
        try:
            deed()
        except (AssertionError, Error) as error:
            self.report.problems.append(f"{name}: {' '.join(str(error).split())[:600]}")
            self.page.goto("about:blank")
            self.page.goto(self.address)

    def await_storage(self) -> None:
        """Write until something stays: on a busy machine Chromium may lose the first writes of a fresh profile."""
        for _ in range(20):
            self.page.evaluate("localStorage.setItem('first', 'kept')")
            self.reload()
            if self.page.evaluate("localStorage.getItem('first')") == "kept":
                self.page.evaluate("localStorage.removeItem('first')")
                return
        raise AssertionError("the browser stores nothing")

    def reload(self) -> None:
        """Load the page anew; what it keeps in the browser stays."""
        self.page.reload()

    def reload_until(self, kept: Callable[[], bool]) -> None:
        """Load the page anew, up to five times, until what was written is there.

        Chromium sends writes and the reload on different ways: on a busy machine the new process may read before they
        have arrived. A page writes nothing by loading, so what it never wrote does not appear by trying again.
        """
        for _ in range(5):
            self.reload()
            if kept():
                return

    # Screens

    def visit(self, screen: Model) -> None:
        """Go to a screen by clicking its link, and check that a reader is told where they are."""
        menu = self.page.locator("button.menu")
        if menu.is_visible() and menu.get_attribute("aria-expanded") == "false":
            menu.click()
        link = self.page.locator(f'nav#screens a[href="#/{screen["id"]}"]')
        link.click()
        heading = self.page.locator("main h1")
        expect(heading).to_have_count(1)
        # The page turns a moment after the click.
        expect(heading).to_have_js_property("textContent", screen["title"])
        assert self.page.evaluate("location.hash") == f"#/{screen['id']}"
        expect(link).to_have_attribute("aria-current", "page")
        assert screen["title"] in self.page.title()
        shown = self.page.locator("main [data-part]").count()
        assert shown == len(screen["components"]) + len(screen["left"]), f"{shown} parts are shown"
        for marked in self.page.locator("main [data-fr]").all():
            self.report.requirements.update((marked.get_attribute("data-fr") or "").split())

    def act(self, screen: Model, action: Model) -> None:
        """Do an action on its screen, and read the message that says so."""
        self.visit(screen)
        for control in self.page.locator(f'main [data-action="{action["id"]}"]').all():
            assert control.get_attribute("data-fr") == action["requirement"]
        entity = next(item for item in self.model["entities"] if item["name"] == action["entity"])
        self.kinds[action["kind"]](action, entity)
        self.report.actions.append(action["id"])

    def told(self, action: Model) -> None:
        """The polite message is on the page."""
        expect(self.page.get_by_role("status")).to_contain_text(action["message"])

    # State

    def rows(self, entity: Model) -> list[Model]:
        """Return the rows of an entity as the browser keeps them, or the samples before the first change."""
        kept = self.page.evaluate(
            "key => JSON.parse(localStorage.getItem(key))", f"prototype.{self.model['hash']}"
        )
        if kept:
            rows: list[Model] = kept["rows"][entity["name"]]
            return rows
        count = 1
        for other in self.model["entities"]:
            if other["name"] == entity["name"]:
                break
            count += len(other["rows"])
        names = [item["name"] for item in entity["fields"]]
        return [
            {
                "id": f"{entity['name']}.{count + index}",
                "values": dict(zip(names, row, strict=False)),
                "state": row[-1] if entity["states"] else "",
            }
            for index, row in enumerate(entity["rows"])
        ]

    def put_into(self, entity: Model, state: str) -> None:
        """Arrange that a row is in a state, for a transition whose samples have been used up."""
        self.page.evaluate(
            """([key, entity, state]) => {
                const kept = JSON.parse(localStorage.getItem(key));
                kept.rows[entity][0].state = state;
                localStorage.setItem(key, JSON.stringify(kept));
            }""",
            [f"prototype.{self.model['hash']}", entity["name"], state],
        )
        self.reload_until(lambda: self.rows(entity)[0]["state"] == state)

    # Controls

    def form(self, action: Model) -> Locator:
        """Return the form of an action: on the screen, or in the dialog its button opens."""
        selector = f'form[data-action="{action["id"]}"]'
        inline = self.page.locator(f"main {selector}")
        if inline.count():
            return inline.first
        self.button(action).click()
        return self.dialog(action).locator(selector)

    def button(self, action: Model) -> Locator:
        return self.page.locator(f'main button[data-action="{action["id"]}"]:visible').first

    def dialog(self, action: Model) -> Locator:
        return self.page.locator(f'dialog[open][data-dialog="{action["id"]}"]')

    def submit(self, form: Locator) -> None:
        form.locator("button:not([type=button])").click()

    def choose_row(self, form: Locator) -> str:
        """Choose the first row where a form asks for one; return its id, empty when it does not ask."""
        choice = form.locator(".field:not([data-field]) select")
        if not choice.count():
            return ""
        value = choice.first.locator("option").nth(1).get_attribute("value") or ""
        choice.first.select_option(value)
        return value

    def fill(self, form: Locator, entity: Model, names: list[str], values: dict[str, str]) -> None:
        """Give every field of a form its value."""
        for item in entity["fields"]:
            if item["name"] not in names:
                continue
            box = form.locator(f'[data-field="{item["name"]}"]').locator("input, select, textarea").first
            value = values[item["name"]]
            if item["type"] == "boolean":
                box.set_checked(value == "true")
            elif item["type"] == "choice":
                box.select_option(value)
            else:
                box.fill(value)

    def refused(self, form: Locator) -> None:
        """Submit a form with something missing: a summary has the focus, each fault is told at its field."""
        self.submit(form)
        expect(form.locator(".faults")).to_be_focused()
        faults = form.locator("[aria-invalid=true]")
        assert faults.count() > 0, "an invalid form marks no field"
        for fault in faults.all():
            ids = (fault.get_attribute("aria-describedby") or "").split()
            told = [self.page.locator(f"[id='{name}']").text_content() for name in ids]
            assert any(told), "a field is marked invalid without a message"
        assert form.locator(".faults li").count() == faults.count()

    def listed(self, action: Model, entity: Model) -> Locator | None:
        """Return the list of an entity's rows on the screen of an action; None when it has none."""
        screen = next(item for item in self.model["screens"] if item["id"] == action["screen"])
        lists = [part for part in screen["components"] if part["kind"] in ("table", "cards", "board")]
        part = next((part for part in lists if part["entity"] == entity["name"]), None)
        if part is None:
            return None
        return self.page.locator(f'[data-part="{part["id"]}"] [data-view="{entity["name"]}"]')

    # Actions

    def create(self, action: Model, entity: Model) -> None:
        before = self.rows(entity)
        values = dict(before[0]["values"])
        texts = [item for item in entity["fields"] if item["type"] == "text"]
        if texts and texts[0]["name"] in action["fields"]:
            values[texts[0]["name"]] = f"{MARK} {action['id']}"
        form = self.form(action)
        used = [item for item in entity["fields"] if item["name"] in action["fields"]]
        if any(item["required"] and item["type"] != "boolean" for item in used):
            self.refused(form)
            assert len(self.rows(entity)) == len(before), "an invalid form was accepted"
        self.fill(form, entity, action["fields"], values)
        self.submit(form)
        self.told(action)
        made = self.rows(entity)
        assert len(made) == len(before) + 1, "no row was made"
        assert {name: made[0]["values"][name] for name in action["fields"]} == {
            name: values[name] for name in action["fields"]
        }
        self.reload_until(lambda: self.rows(entity) == made)
        assert self.rows(entity) == made, "the row was lost on reloading"
        shown = self.listed(action, entity)
        if shown is not None:
            expect(shown.locator(f'[data-row="{made[0]["id"]}"]')).to_be_visible()

    def update(self, action: Model, entity: Model) -> None:
        form = self.form(action)
        chosen = self.choose_row(form)
        values = dict(self.rows(entity)[-1]["values"])
        required = [
            item
            for item in entity["fields"]
            if item["name"] in action["fields"] and item["required"] and item["type"] != "boolean"
        ]
        self.fill(form, entity, action["fields"], values)
        if required:
            box = form.locator(f'[data-field="{required[0]["name"]}"]').locator("input, select, textarea")
            box.first.select_option("") if required[0]["type"] == "choice" else box.first.fill("")
            self.refused(form)
            self.fill(form, entity, [required[0]["name"]], values)
        self.submit(form)
        self.told(action)
        expect(self.page.locator("dialog[open]")).to_have_count(0)
        wanted = {name: values[name] for name in action["fields"]}
        hits = [r for r in self.rows(entity) if {n: r["values"][n] for n in action["fields"]} == wanted]
        assert len(hits) >= 2 or chosen == self.rows(entity)[-1]["id"], "the row was not changed"

    def transition(self, action: Model, entity: Model) -> None:
        if not any(row["state"] in action["from_states"] for row in self.rows(entity)):
            self.put_into(entity, action["from_states"][0])
        for button in self.page.locator(f'main [data-row] button[data-action="{action["id"]}"]').all():
            row_id = button.locator("xpath=ancestor::*[@data-row][1]").get_attribute("data-row")
            state = next(row["state"] for row in self.rows(entity) if row["id"] == row_id)
            assert state in action["from_states"], f"offered for a row that is {state}"
        before = [row["state"] for row in self.rows(entity)]
        self.do_to_row(action)
        self.told(action)
        after = [row["state"] for row in self.rows(entity)]
        moved = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
        assert len(moved) == 1, f"{len(moved)} rows changed their state"
        assert moved[0][0] in action["from_states"]
        assert moved[0][1] == action["to_state"]

    def do_to_row(self, action: Model) -> None:
        """Press the button of the first row that has one; or choose a row in the form of the action."""
        beside = self.page.locator(f'main [data-row] button[data-action="{action["id"]}"]:visible')
        # A detail shows one row: another may be the one that allows the action.
        for picker in self.page.locator("main .picker select:visible").all():
            for option in picker.locator("option").all():
                if not beside.count():
                    picker.select_option(option.get_attribute("value"))
        if beside.count():
            beside.first.click()
            return
        form = self.form(action)
        form.locator("select").first.select_option("")
        self.refused(form)
        self.choose_row(form)
        self.submit(form)

    def delete(self, action: Model, entity: Model) -> None:
        before = self.rows(entity)
        self.do_to_row(action)
        self.dialog(action).last.get_by_role("button", name="Keep it").click()
        assert len(self.rows(entity)) == len(before), "keeping removed the row"
        self.do_to_row(action)
        self.page.locator(f'dialog[open] [data-confirm="{action["id"]}"]').click()
        self.told(action)
        assert len(self.rows(entity)) == len(before) - 1

    def shown_rows(self, entity: Model) -> set[str]:
        shown = self.page.locator(f'main [data-view="{entity["name"]}"] [data-row]').all()
        return {item.get_attribute("data-row") or "" for item in shown}

    def search(self, action: Model, entity: Model) -> None:
        form = self.form(action)
        box = form.get_by_role("searchbox")
        texts = {item["name"] for item in entity["fields"] if item["type"] in ("text", "choice", "email")}
        names = [name for name in action["fields"] if name in texts]
        rows = self.rows(entity)
        if names:
            word = rows[-1]["values"][names[0]].split()[0]
            box.fill(word)
            self.submit(form)
            self.told(action)
            shown = self.shown_rows(entity)
            assert rows[-1]["id"] in shown, f"{word} does not find its row"
            for row in rows:
                matches = any(word.casefold() in row["values"][name].casefold() for name in names)
                assert not matches or row["id"] in shown
        box.fill("zqxj no such thing")
        self.submit(form)
        expect(self.page.get_by_role("status")).to_contain_text("match. 0 of")
        assert not self.shown_rows(entity), "nonsense finds rows"
        box.fill("")
        self.submit(form)
        assert self.shown_rows(entity) == {row["id"] for row in rows}

    def filter(self, action: Model, entity: Model) -> None:
        name = action["fields"][0]
        rows = self.rows(entity)
        choice = rows[0]["values"][name]
        box = self.page.locator(f'main select[data-action="{action["id"]}"]').first
        box.select_option(choice)
        self.told(action)
        assert self.shown_rows(entity) == {row["id"] for row in rows if row["values"][name] == choice}
        box.select_option("")
        assert self.shown_rows(entity) == {row["id"] for row in rows}

    def result(self, action: Model) -> Locator:
        return self.page.locator(f'[data-result="{action["id"]}"]:visible').first

    def close_dialogs(self) -> None:
        if self.page.locator("dialog[open]").count():
            self.page.keyboard.press("Escape")
        expect(self.page.locator("dialog[open]")).to_have_count(0)

    def summarise(self, action: Model, entity: Model) -> None:
        self.button(action).click()
        self.told(action)
        facts = self.result(action).locator("dl > div").all_text_contents()
        rows = self.rows(entity)
        assert facts[0] == f"{entity['plural']}{len(rows)}"
        for position, state in enumerate(entity["states"], 1):
            assert facts[position] == f"{state}{sum(row['state'] == state for row in rows)}"
        self.close_dialogs()

    def compare(self, action: Model, entity: Model) -> None:
        form = self.form(action)
        for box, row in zip(form.locator("select").all(), self.rows(entity), strict=False):
            box.select_option(row["id"])
        self.submit(form)
        self.told(action)
        lines = self.result(action).locator("tbody tr")
        assert lines.count() == len(action["fields"]) + bool(entity["states"])
        self.close_dialogs()

    def export(self, action: Model, entity: Model) -> None:
        self.button(action).click()
        self.told(action)
        text = self.result(action).input_value()
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name="Download CSV").click()
        saved = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
        head, *lines = list(csv.reader(io.StringIO(saved)))
        assert saved.splitlines() == text.splitlines()
        numeric = {item["label"] for item in entity["fields"] if item["type"] in ("number", "money")}
        for label, *cells in zip(head, *lines, strict=True):
            risky = [cell for cell in cells if cell[:1] in ("=", "+", "-", "@") and label not in numeric]
            assert not risky, f"a spreadsheet would run {risky}"
        assert len(lines) == len(self.rows(entity))
        self.close_dialogs()

    def notify(self, action: Model, entity: Model) -> None:
        del entity
        inbox = self.page.locator("button[data-inbox]")
        self.do_to_row(action)
        self.told(action)
        expect(inbox).to_have_accessible_name("Inbox, 1 new")
        inbox.click()
        expect(self.page.locator("dialog[open] .notes li").first).to_contain_text(action["message"])
        self.close_dialogs()
        expect(inbox).to_have_accessible_name("Inbox")
