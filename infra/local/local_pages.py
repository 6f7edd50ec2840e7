"""What one machine shows about itself under `/_local/`: a page for people, health as JSON, webhooks and mails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from infra.local.aws.mail import MailFolder
from infra.local.aws.wsgi import Answer, Environ, json_answer, read_body
from infra.local.mail_page import mail_page
from infra.local.webhook_sink import WebhookSink
from shared.errors import Forbidden, MethodNotAllowed, NotFound, TooLarge

_MAX_WEBHOOK = 1024 * 1024


@dataclass(frozen=True)
class Part:
    """A part of the system as people see it: what it is, where to look, whether it answers."""

    name: str
    purpose: str
    where: str
    healthy: Callable[[], bool]


class LocalPages:
    """Answers everything under `/_local`. `recent` gives the last executions of the workflows, newest first."""

    def __init__(
        self,
        parts: Callable[[], Sequence[Part]],
        recent: Callable[[], list[dict[str, Any]]],
        sink: WebhookSink,
        mail: MailFolder,
    ) -> None:
        self._parts = parts
        self._recent = recent
        self._sink = sink
        self._mail = mail

    def answer(self, environ: Environ, path: str) -> Answer | None:
        """Answer a request; None when the path is not ours. Raises NotFound, MethodNotAllowed, TooLarge."""
        if path == "/":
            return Answer(302, [("Location", "/_local/")])
        if path != "/_local" and not path.startswith("/_local/"):
            return None
        name = path.removeprefix("/_local").strip("/")
        if name == "webhooks" and environ["REQUEST_METHOD"] == "POST":
            return self._webhook(environ)
        shown: dict[str, Callable[[], Answer]] = {
            "": self._page,
            "health": self._health,
            "webhooks": self._webhooks,
            "runs": self._runs,
            "mail": lambda: self._mail_page(environ),
            "mail.json": lambda: self._mails(environ),
        }
        if name not in shown:
            raise NotFound("There is nothing at this path.")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            raise MethodNotAllowed
        return shown[name]()

    def _health(self) -> Answer:
        parts = {part.name: "ok" if _answers(part) else "down" for part in self._parts()}
        good = all(state == "ok" for state in parts.values())
        return json_answer(200 if good else 503, {"status": "ok" if good else "degraded", "parts": parts})

    def _webhooks(self) -> Answer:
        return json_answer(200, {"data": self._sink.received()})

    def _runs(self) -> Answer:
        return json_answer(200, {"data": self._recent()})

    def _webhook(self, environ: Environ) -> Answer:
        body = read_body(environ)
        if len(body) > _MAX_WEBHOOK:
            raise TooLarge("A webhook may have at most 1 MB.")
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        verified = self._sink.receive(headers, body)
        return Answer(204) if verified else json_answer(401, {"verified": False})

    def _mails(self, environ: Environ) -> Answer:
        _refuse_foreign_names(environ)
        return json_answer(200, {"data": self._mail.received()})

    def _mail_page(self, environ: Environ) -> Answer:
        _refuse_foreign_names(environ)
        return _html(mail_page(self._mail.received()))

    def _page(self) -> Answer:
        parts = "".join(
            f'<tr><td><span class="{"up" if _answers(part) else "down"}" role="img" '
            f'aria-label="{"answers" if _answers(part) else "does not answer"}"></span>{escape(part.name)}</td>'
            f"<td>{escape(part.purpose)}</td><td><code>{escape(part.where)}</code></td></tr>"
            for part in self._parts()
        )
        runs = "".join(_run_row(run) for run in self._recent()) or _EMPTY_RUNS
        received = self._sink.received()
        hooks = f"{len(received)} received" if received else "none received yet"
        body = _PAGE.replace("{parts}", parts).replace("{runs}", runs).replace("{hooks}", hooks)
        return _html(body)


def _html(text: str) -> Answer:
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    ]
    return Answer(200, headers, text.encode())


def _refuse_foreign_names(environ: Environ) -> None:
    """Raise Forbidden unless this machine was asked by a name of its own.

    Mails hold tokens, and a page of the internet whose name is made to point here could read them otherwise.
    """
    name = str(environ.get("HTTP_HOST", "")).rpartition(":")[0] or str(environ.get("HTTP_HOST", ""))
    if name not in ("127.0.0.1", "localhost", "[::1]"):
        raise Forbidden("Mails are shown at 127.0.0.1 and localhost only.")


def _answers(part: Part) -> bool:
    try:
        return part.healthy()
    except Exception:
        return False  # whatever is wrong with it, it does not answer


def _run_row(run: dict[str, Any]) -> str:
    status = str(run["status"]).lower().replace("_", " ")
    cells = (run["name"], run["workflow"], status, _moment(run["started"]), _moment(run["ended"]))
    return f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"


def _moment(time: str | None) -> str:
    """`2026-11-22T08:26:41+00:00` → `2026-11-22 08:26:41`."""
    return time.partition("+")[0].replace("T", " ") if time else "—"


_EMPTY_RUNS = '<tr><td colspan="5">No run yet. Send an idea to <code>POST /v1/intake</code>.</td></tr>'
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>RoboAgency on this machine</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --ink: #1c2230; --soft: #5a6274; --line: #d9dde5; --paper: #fff; --good: #18794e;
  --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaf0; --soft: #a3abbd; --line: #333a49; --paper: #14171f;
  --good: #4cc38a; --bad: #ff8b7e; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  max-width: 68rem; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2.25rem 0 .5rem; }
p { margin: 0; color: var(--soft); } .wide + p { margin-top: .75rem; } a { color: inherit; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .45rem 1rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--soft); font-size: .875rem; }
td:first-child { white-space: nowrap; } code { font-size: .875rem; overflow-wrap: anywhere; }
.up, .down { display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; margin-right: .5rem; }
.up { background: var(--good); } .down { background: var(--bad); border-radius: 0; }
@media (max-width: 44rem) { table, tbody, tr, td { display: block; } thead { display: none; }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0; } td { border: 0; padding: .1rem 0; }
  td:first-child { white-space: normal; font-weight: 600; overflow-wrap: anywhere; } }
</style></head><body>
<h1>RoboAgency on this machine</h1>
<p>The whole system in one process and its children. The API is under <code>/v1</code> of this address.</p>
<h2>Parts</h2>
<div class="wide"><table><thead><tr><th>Part</th><th>What it does</th><th>Where to look</th></tr></thead>
<tbody>{parts}</tbody></table></div>
<p><a href="/_local/health">Health as JSON</a></p>
<h2>Recent runs</h2>
<div class="wide"><table>
<thead><tr><th>Run</th><th>Workflow</th><th>State</th><th>Started (UTC)</th><th>Ended</th></tr></thead>
<tbody>{runs}</tbody></table></div>
<p><a href="/_local/runs">Recent runs as JSON</a></p>
<h2>Mail</h2>
<p>Mails of this machine stay here. <a href="/_local/mail">Read them</a></p>
<h2>Webhooks</h2>
<p>Webhooks of this machine come back here: {hooks}. <a href="/_local/webhooks">Show them</a></p>
</body></html>
"""
