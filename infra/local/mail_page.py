"""What the mails of this machine look like at `/_local/mail`: newest first, as plain text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; --ink: #1c2230; --soft: #5a6274; --line: #d9dde5; --paper: #fff; --mark: #f4f5f8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaf0; --soft: #a3abbd; --line: #333a49; --paper: #14171f;
  --mark: #1d212c; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  max-width: 48rem; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: 0; color: var(--soft); } a { color: inherit; }
article { border: 1px solid var(--line); border-radius: .5rem; margin: 1.5rem 0 0; padding: 1rem 1.25rem; }
pre { font: .875rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem;
  margin: .75rem 0 .5rem; background: var(--mark); border-radius: .25rem; }
.about { font-size: .875rem; overflow-wrap: anywhere; }
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Mail on this machine</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{style}</style></head><body>
<h1>Mail on this machine</h1>
<p>What the system would send. Nothing leaves this machine. <a href="/_local/">Back</a> ·
<a href="/_local/mail.json">as JSON</a></p>
{mails}
</body></html>
"""
_NONE = "<article><p>No mail yet. Invite somebody with <code>POST /v1/invitations</code>.</p></article>"


def mail_page(mails: Iterable[dict[str, Any]]) -> str:
    """Return the page; every text in it is escaped, the HTML of mails is not shown."""
    shown = "\n".join(_article(mail) for mail in mails) or _NONE
    return _PAGE.format(style=STYLE, mails=shown)


def _article(mail: dict[str, Any]) -> str:
    time = str(mail["time"]).partition("+")[0].replace("T", " ")
    about = f"To {escape(mail['to'])} · {escape(time)} UTC"
    return (
        f'<article><h2>{escape(mail["subject"])}</h2><p class="about">{about}</p>'
        f'<pre tabindex="0">{escape(mail["text"].strip())}</pre>'
        f'<p class="about">{escape(mail["file"])}</p></article>'
    )
