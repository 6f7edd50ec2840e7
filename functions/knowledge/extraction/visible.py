"""A web page reduced to what a reader sees: no scripts, styles, comments or hidden parts, and no depth without end.

What is left is well-formed and small enough for a tree: at most MAX_ELEMENTS elements, none deeper than MAX_DEPTH.
The page is read once from front to back, in time and memory proportional to its length.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from html.parser import HTMLParser

from functions.knowledge.extraction.characters import one_line
from functions.knowledge.extraction.limits import MAX_DEPTH, MAX_ELEMENTS, MAX_TEXT_CHARACTERS
from functions.knowledge.extraction.readable import Unreadable

Attributes = Sequence[tuple[str, str | None]]


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_VOID = _names("area base br col embed hr img input link meta param source track wbr")
_DROPPED = _names(
    "applet audio canvas datalist frameset iframe map math noembed noframes noscript object script select style svg"
    " template textarea title video xmp"
)
_KEPT = _names(
    "a b blockquote br caption code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i li ol p pre s strong sub sup table"
    " tbody td tfoot th thead tr ul"
)
_TABLE = _names("caption table tbody td tfoot th thead tr")
# Bold in bold is bold.
_ONCE = _names("a b code em i s strong sub sup")
_BLOCKS = _names(
    "address article aside details dialog fieldset figcaption figure footer form header hgroup legend main nav"
    " section summary"
)
_PARAGRAPH_ENDS = _BLOCKS | _names("blockquote div dl h1 h2 h3 h4 h5 h6 hr ol p pre table ul")
# What an element ends that is still open, up to the one that holds both.
_CLOSES = {
    "li": (frozenset(("li",)), frozenset(("ol", "ul"))),
    "dt": (frozenset(("dt", "dd")), frozenset(("dl",))),
    "dd": (frozenset(("dt", "dd")), frozenset(("dl",))),
    "tr": (frozenset(("tr",)), frozenset(("table",))),
    "td": (frozenset(("td", "th")), frozenset(("tr", "table"))),
    "th": (frozenset(("td", "th")), frozenset(("tr", "table"))),
    "tbody": (frozenset(("thead", "tbody", "tfoot")), frozenset(("table",))),
    "tfoot": (frozenset(("thead", "tbody", "tfoot")), frozenset(("table",))),
    **{
        name: (frozenset(("p",)), frozenset(("blockquote", "body", "div", "li", "td", "th")))
        for name in _PARAGRAPH_ENDS
    },
}
_LOOKED_BACK = 50

_HIDDEN_STYLE = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|opacity:0(?:\.0*)?(?:[;!]|$)|font-size:0(?:\.0*)?(?:[a-z%]+)?(?:[;!]|$)"
    r"|(?:left|top|right|text-indent):-\d{3,}"
)
_SPACES = re.compile(r"[ \t\r\n\f]+")
# A longer run of spaces costs the writer of Markdown its length squared.
_LONGEST_SPACES = 200
_LONG_SPACES = re.compile(r"\s{200,}")
_STYLE_NOISE = re.compile(r"/\*.*?\*/|\s+", re.DOTALL)
_LINK = re.compile(r"(?:https?://|mailto:|(?![a-z][a-z0-9+.-]*:)[^#\s])[^\s<>\"]{0,1999}", re.IGNORECASE)
_LANGUAGE = re.compile(r"\b(?:language|lang)-([a-z0-9+#-]{1,20})\b", re.IGNORECASE)


def visible(page: str) -> tuple[str, str]:
    """Return the title of a page and what of it is seen, as HTML.

    Raises Unreadable: `too_complex`, `too_much_text`.
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return one_line(" ".join(reader.titles)), reader.written()


class _Reader(HTMLParser):
    """Writes a page again while it is read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.titles: list[str] = []
        self._parts: list[str] = []
        # Every open element, and what closes it: blank for one that was not written.
        self._open: list[tuple[str, str]] = []
        self._counts: Counter[str] = Counter()
        self._written = 0
        # How many elements were open when the outermost hidden one began; -1 while all is seen.
        self._hidden = -1
        self._elements = 0
        self._characters = 0

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise Unreadable("too_complex", f"The page has more than {MAX_ELEMENTS:,} elements.")
        self._close_implied(tag)
        if tag in _VOID:
            self._write_void(tag, attrs)
            return
        if self._hidden < 0 and (tag in _DROPPED or _is_hidden(attrs)):
            self._hidden = len(self._open)
        self._open.append((tag, self._begin(tag, attrs) if self._hidden < 0 else ""))
        self._counts[tag] += 1

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        # As in browsers, the slash closes nothing: `<div/>` is `<div>`. Of XHTML it closes what takes no text.
        self.handle_starttag(tag, attrs)
        if tag not in _VOID and (tag in _DROPPED or tag == "a"):
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._counts[tag]:
            while self._pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._hidden >= 0:
            if self._open[-1][0] == "title" and self._hidden == len(self._open) - 1 and not self.titles:
                self.titles.append(data[:2000])
            return
        self._characters += len(data)
        if self._characters > 2 * MAX_TEXT_CHARACTERS:
            raise Unreadable("too_much_text")
        if self._counts["td"] or self._counts["th"]:
            data = data.replace("|", "\\|")
        if not self._counts["pre"]:
            data = _SPACES.sub(" ", data)
            if data[0] == " " and self._parts and self._parts[-1].endswith(" "):
                data = data[1:]
        if data:
            self._parts.append(
                escape(_LONG_SPACES.sub(lambda run: run[0][:_LONGEST_SPACES], data), quote=False)
            )

    def written(self) -> str:
        """Return what is seen, with everything closed."""
        while self._open:
            self._pop()
        return f"<body>{''.join(self._parts)}</body>"

    def _close_implied(self, tag: str) -> None:
        if tag not in _CLOSES:
            return
        ended, walls = _CLOSES[tag]
        for place in range(len(self._open) - 1, max(-1, len(self._open) - 1 - _LOOKED_BACK), -1):
            name = self._open[place][0]
            if name in walls:
                return
            if name in ended:
                while len(self._open) > place:
                    self._pop()
                return

    def _begin(self, tag: str, attrs: Attributes) -> str:
        """Write the start of an element; return what its end is, blank where it is not written at all."""
        if tag in _TABLE and self._counts["table"] > (tag != "table"):
            # Markdown has no table in a table: its cells are text of the cell around it.
            self.handle_data(" ")
            return ""
        name = tag if tag in _KEPT else "div" if tag in _BLOCKS else ""
        if not name or self._written >= MAX_DEPTH or (name in _ONCE and self._counts[tag]):
            return ""
        given = _attributes(name, attrs)
        if name == "a" and not given:
            return ""
        self._written += 1
        self._parts.append(f"<{name}{given}>")
        return f"</{name}>"

    def _write_void(self, tag: str, attrs: Attributes) -> None:
        if self._hidden >= 0:
            return
        if tag in ("br", "hr"):
            self._parts.append(f"<{tag}>")
        elif tag == "img" and not _is_hidden(attrs) and (said := dict(attrs).get("alt")):
            self.handle_data(said)

    def _pop(self) -> str:
        tag, end = self._open.pop()
        self._counts[tag] -= 1
        if end:
            self._parts.append(end)
            self._written -= 1
        if len(self._open) == self._hidden:
            self._hidden = -1
        return tag


def _is_hidden(attrs: Attributes) -> bool:
    for name, value in attrs:
        if name == "hidden" or (name == "aria-hidden" and (value or "").strip().lower() == "true"):
            return True
        if name == "style" and value and _HIDDEN_STYLE.search(_STYLE_NOISE.sub("", value.lower()[:10_000])):
            return True
    return False


def _attributes(tag: str, attrs: Attributes) -> str:
    if tag == "a":
        link = next((value.strip() for name, value in attrs if name == "href" and value), "")
        return f' href="{escape(link)}"' if _LINK.fullmatch(link) else ""
    if tag in ("pre", "code"):
        named = next((_LANGUAGE.search(value) for name, value in attrs if name == "class" and value), None)
        return f' class="language-{named[1].lower()}"' if named else ""
    return ""
