"""What agents made, opened by its signed URL in a real browser: it is shown, works, and reaches nothing."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, expect

from infra.catalog.previews import preview_headers
from infra.local.chaos.instance import Instance
from tests.e2e.browser import Watch, fresh_page
from tests.e2e.clicking import Player
from tests.e2e.system import Kit, Reply, send

PROTOTYPE = "prototypes/index.html"

# In place of the browser's storage, which the sandbox has none of; the player looks into it.
_MEMORY = """(() => {
  const kept = new Map(Object.entries(%s));
  const memory = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, String(value)),
    removeItem: (key) => kept.delete(key),
    all: () => Object.fromEntries(kept),
  };
  Object.defineProperty(window, "localStorage", { value: memory, configurable: true });
})()"""


class SandboxedPlayer(Player):
    """Plays a page that may keep nothing: what it would keep is carried over a reload by hand."""

    def await_storage(self) -> None:
        self.page.add_init_script(_MEMORY % "{}")
        self.page.reload()

    def reload(self) -> None:
        kept = self.page.evaluate("localStorage.all()")
        self.page.add_init_script(_MEMORY % json.dumps(kept))
        self.page.reload()


def url_of(kit: Kit, path: str) -> str:
    return str(next(asset["url"] for asset in kit.assets if asset["path"] == path))


def opened(url: str, method: str = "GET", **headers: str) -> Reply:
    parts = urlsplit(url)
    return send(url, method, f"{parts.path}?{parts.query}", headers=headers)


def origin_of(url: str) -> str:
    return "://".join(urlsplit(url)[:2])


def test_only_what_a_browser_shows_has_the_origin_for_it(system: Instance, kit: Kit) -> None:
    origins = {asset["path"]: origin_of(asset["url"]) for asset in kit.assets}
    shown = {path for path, origin in origins.items() if origin != system.aws_url}

    assert {PROTOTYPE, "docs/wireframe.png", "videos/demo.mp4"} <= shown
    assert not shown & {"docs/prd.md", "docs/plan.json", "exports/kit.zip"}
    (previews,) = {origins[path] for path in shown}
    assert previews not in (system.url, system.aws_url)


def test_every_file_is_whole_and_in_the_sandbox(kit: Kit) -> None:
    for path in (PROTOTYPE, "docs/wireframe.png"):
        reply = opened(url_of(kit, path))
        expected = {name.lower(): value for name, value in preview_headers().items()}

        assert (reply.status, reply.body) == (200, kit.files[path])
        assert expected.items() <= reply.headers.items()


def test_its_origin_opens_nothing_else(system: Instance, kit: Kit) -> None:
    url = url_of(kit, PROTOTYPE)
    other = url_of(kit, "docs/wireframe.png")
    forged = [
        opened(url.partition("?")[0]),
        opened(url.replace(urlsplit(url).path, urlsplit(other).path)),
        opened(url, "DELETE"),
        opened(url, "PUT"),
        # Whoever holds the key of this machine is let in at the store by a header; it does not get that far here.
        opened(
            url.partition("?")[0], authorization="AWS4-HMAC-SHA256 Credential=robo-local/x/y/s3/aws4_request"
        ),
    ]

    assert [reply.status for reply in forged] == [403] * len(forged)
    assert all("sandbox" in reply.headers["content-security-policy"] for reply in forged)
    # By itself the store gives the same bytes to be saved, never to be shown.
    at_store = opened(url.replace(origin_of(url), system.aws_url))
    assert at_store.status == 200
    assert at_store.headers["content-disposition"].startswith("attachment")


def test_the_prototype_works_by_clicking_in_the_sandbox(browser: Browser, kit: Kit) -> None:
    with fresh_page(browser) as page:
        report = SandboxedPlayer(page, url_of(kit, PROTOTYPE)).play()

    assert report.faults() == []
    assert report.actions
    assert len(report.screens) == len(kit.json("docs/wireframe.json")["screens"])


def test_a_page_is_alone_in_its_origin(browser: Browser, system: Instance, kit: Kit) -> None:
    watch = Watch()
    with fresh_page(browser) as page:
        watch.on(page, url_of(kit, PROTOTYPE))
        page.goto(url_of(kit, PROTOTYPE))
        expect(page.locator("main h1")).to_be_visible()
        assert watch.faults() == []

        assert page.evaluate("self.origin") == "null"
        for forbidden in ("localStorage", "sessionStorage", "document.cookie"):
            with pytest.raises(Error, match="sandboxed"):
                page.evaluate(forbidden)
        with pytest.raises(Error, match="Failed to fetch"):
            page.evaluate("url => fetch(url)", f"{system.url}/v1/health")
        assert page.evaluate("window.open('about:blank')") is None


def test_a_picture_and_a_film_are_shown(browser: Browser, kit: Kit) -> None:
    with fresh_page(browser) as page:
        page.goto(url_of(kit, "docs/wireframe.png"))
        expect(page.locator("img")).to_have_js_property("complete", True)
        assert page.locator("img").evaluate("picture => picture.naturalWidth") > 0
        page.goto(url_of(kit, "videos/demo.mp4"))
        expect(page.locator("video")).not_to_have_js_property("videoWidth", 0)
        assert page.locator("video").evaluate("film => film.error") is None
