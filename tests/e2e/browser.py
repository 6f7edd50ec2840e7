"""A real browser for tests: one Chromium a session, a watch over all a page does, axe, and `click_through`.

`click_through` plays a prototype as a person would, whatever product it is of: see `tests.e2e.clicking`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
TIMEOUT = 5_000
"""Milliseconds a page may take for anything a test waits for."""


class NoBrowserError(RuntimeError):
    """No Chromium was found."""


def chromium() -> str:
    """Return the path of Chromium: `CHROMIUM` when set, else the one on the path."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        raise NoBrowserError(
            "The browser tests need Chromium: install it (apt-get install chromium) "
            "or name one in the environment variable CHROMIUM."
        )
    return path


@contextmanager
def launched() -> Iterator[Browser]:
    """Run a headless Chromium for as long as the block lasts."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def fresh_page(
    browser: Browser,
    *,
    width: int = 1280,
    height: int = 800,
    scheme: Literal["light", "dark"] = "light",
) -> Iterator[Page]:
    """Open a page with storage of its own; reduced motion, so that nothing is measured half-way."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(TIMEOUT)
    try:
        yield context.new_page()
    finally:
        context.close()


@dataclass
class Watch:
    """What a page did on its own: requests beside its document, errors, dialogs of the browser."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def on(self, page: Page, document: str) -> None:
        """Watch a page whose document has the address `document`."""

        def requested(request: Request) -> None:
            address = request.url.split("#")[0]
            if address != document and not address.startswith(("data:", "blob:")):
                self.requests.append(address)

        def said(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.errors.append(f"console {message.type}: {message.text}")

        def asked(dialog: Dialog) -> None:
            self.dialogs.append(f"{dialog.type}: {dialog.message}")
            dialog.dismiss()

        page.on("request", requested)
        page.on("console", said)
        page.on("pageerror", lambda error: self.errors.append(f"page error: {error}"))
        page.on("dialog", asked)

    def faults(self) -> list[str]:
        """Return everything a self-contained page must not have done."""
        return [
            *(f"request to {address}" for address in self.requests),
            *self.errors,
            *(f"browser dialog {words}" for words in self.dialogs),
        ]


@dataclass
class Report:
    """What `click_through` saw: ids of screens and actions, requirements found, and what was wrong."""

    screens: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    requirements: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    watch: Watch = field(default_factory=Watch)

    def faults(self) -> list[str]:
        """Return all that was wrong, each as a sentence; empty for a sound prototype."""
        return [*self.problems, *self.watch.faults()]


def violations(page: Page) -> list[str]:
    """Run every rule of axe-core on the page as it stands; return `impact rule: where` for each violation."""
    if not page.evaluate("() => typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{item['impact']} {item['id']}: {node['target']} {node['failureSummary'].splitlines()[1].strip()}"
        for item in found["violations"]
        for node in item["nodes"]
    ]


def click_through(page: Page, path: Path) -> Report:
    """Play the prototype at `path`: visit every screen, do every action, and report.

    Nothing is raised for a fault of the prototype; `Report.faults()` is empty when it is sound.
    """
    # Here, because the player stands on this module.
    from tests.e2e.clicking import Player

    return Player(page, path).play()
