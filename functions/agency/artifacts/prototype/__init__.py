"""The working prototype: one self-contained page made from the wireframe and the specification of step 6.

Nothing a model wrote becomes markup or code: it travels as JSON, and the script of the house draws it with
`textContent`. A content security policy allows that one script and one style sheet, by hash, and no request.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from html import escape
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from functions.agency.artifacts.prototype.colour import (
    DARK_PAGE,
    DARK_SURFACE,
    LIGHT_PAGE,
    LIGHT_SURFACE,
    Shades,
    dark_shades,
    light_shades,
)
from functions.agency.artifacts.prototype.model import page_model
from shared.models.answers import DesignAnswer, PrototypeAnswer, SpecifyAnswer

_SOURCES: Final = Path(__file__).parent / "page"
_SCRIPTS: Final = ("text", "dom", "store", "forms", "rows", "pictures", "tools", "components", "shell")
_JSON_ESCAPES: Final = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def render_prototype(
    *,
    name: str,
    tagline: str,
    specify: SpecifyAnswer,
    design: DesignAnswer,
    prototype: PrototypeAnswer,
    drafted_by: str,
) -> str:
    """Return the prototype as one HTML document that works by clicking and asks nothing of any network.

    `name` and `tagline` are of the product; `drafted_by` says who or what wrote it and stands in the footer.
    The same input gives the same text. Every requirement is marked by `data-fr` on what realises it, every
    control of an action by `data-action`.
    """
    model = page_model(
        name=name,
        tagline=tagline,
        specify=specify,
        design=design,
        prototype=prototype,
        drafted_by=drafted_by,
    )
    # The state a browser kept belongs to this content; another content starts afresh.
    model["hash"] = hashlib.sha256(_json(model).encode()).hexdigest()[:16]
    style = _style(design.accent)
    script = _script()
    return _document(model, style, script, _icon(model["product"]["name"], design.accent))


def _json(data: dict[str, Any]) -> str:
    """Return JSON that can stand inside a script element: no `<`, `>`, `&` or line separator in it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_JSON_ESCAPES)


def _script() -> str:
    parts = [(_SOURCES / f"{part}.js").read_text(encoding="utf-8").strip() for part in _SCRIPTS]
    return '"use strict";\n(() => {\n' + "\n\n".join(parts) + "\n})();\n"


def _style(accent: str) -> str:
    light, dark = light_shades(accent), dark_shades(accent)
    return (
        f":root {{ {_variables(light, LIGHT_PAGE, LIGHT_SURFACE)} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ "
        f"{_variables(dark, DARK_PAGE, DARK_SURFACE)} }} }}\n"
        + (_SOURCES / "page.css").read_text(encoding="utf-8").strip()
        + "\n"
    )


def _variables(shades: Shades, page: str, surface: str) -> str:
    values = {
        "accent": shades.accent,
        "on-accent": shades.on_accent,
        "tint": shades.tint,
        "page": page,
        "surface": surface,
    }
    return " ".join(f"--{key}: {value};" for key, value in values.items())


def _icon(name: str, accent: str) -> str:
    """Return a picture for the browser's tab; without one, a browser would ask a server for it."""
    initial = next((character for character in name if character.isalnum()), "•")
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="8" fill="{light_shades(accent).accent}"/>'
        '<text x="16" y="22" font-family="sans-serif" font-size="18" font-weight="700" fill="#fff" '
        f'text-anchor="middle">{escape(initial.upper())}</text></svg>'
    )
    return f"data:image/svg+xml,{quote(picture)}"


def _policy(style: str, script: str) -> str:
    def source(text: str) -> str:
        return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {source(script)}",
            f"style-src {source(style)}",
            "img-src data:",
            "connect-src 'none'",
            "form-action 'none'",
            "base-uri 'none'",
        )
    )


def _outline(model: dict[str, Any]) -> str:
    """Return the screens as plain text, for a reader whose browser runs no script."""
    actions = {action["id"]: action for action in model["actions"]}
    sections = []
    for screen in model["screens"]:
        items = []
        for part in screen["components"]:
            words = [part["label"], *(actions[name]["label"] for name in part["actions"])]
            items.append((part["requirements"], ": ".join(dict.fromkeys(words))))
        items += [([actions[n]["requirement"]], actions[n]["label"]) for n in screen["left"]]
        listed = "".join(
            f'<li data-fr="{escape(" ".join(served))}">{escape(words)}</li>' for served, words in items
        )
        title, purpose = escape(screen["title"]), escape(screen["purpose"])
        sections.append(f"<section><h2>{title}</h2><p>{purpose}</p><ul>{listed}</ul></section>")
    return "\n".join(sections)


def _document(model: dict[str, Any], style: str, script: str, icon: str) -> str:
    product = model["product"]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(_policy(style, script))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="{escape(product["tagline"])}">
<title>{escape(product["name"])}</title>
<link rel="icon" href="{escape(icon)}">
<style>{style}</style>
</head>
<body>
<noscript>
<main class="outline">
<h1>{escape(product["name"])}</h1>
<p>{escape(product["tagline"])}</p>
<p>This prototype works by clicking and needs JavaScript; it asks nothing of any network.
Without it, this is what its screens hold.</p>
{_outline(model)}
<p>Drafted by {escape(product["drafted_by"])}.</p>
</main>
</noscript>
<script type="application/json" id="page-data">{_json(model)}</script>
<script>{script}</script>
</body>
</html>
"""


__all__ = ["render_prototype"]
