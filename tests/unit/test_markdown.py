"""Escaping: any text comes out as itself, and nothing in it is markup."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.markdown import bullets, escape, heading, number, one_line, table

PIECES = (
    *"\\`*_[]()|~$@<>&!#+-=:.19a \"'\n\t",
    *("http://x.y", "WWW.a.b", "<b>", "<!--", "```", "![a](b)", "[a]: b", "&lt;", "&#60;", "a@b.cc"),
    *("mailto:x@y.zz", "1. ", "10) ", "---", "===", "|---|", "\\|", "\u202e", "é", "日本"),
)
MARKUP = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
TEXTS = st.one_of(MARKUP, st.text(max_size=60))


def rendered(markdown: str) -> str:
    """Return what a CommonMark renderer shows of inline text that holds only escapes and entities."""
    return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", lambda found: f"&#{ord(found[1])};", markdown))


@given(TEXTS)
def test_the_text_shown_is_the_text_given(text: str) -> None:
    assert rendered(escape(text)) == one_line(text)


@given(TEXTS)
@example("<script>alert(1)</script>")
@example("![x](javascript:alert(1))")
@example("\\[a](b)")
def test_no_character_is_active(text: str) -> None:
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", escape(text))
    assert not re.search(r"[`*_\[\]|~$@<>\\]", bare)
    assert not re.search(r"&(?!(amp|lt|gt);)", bare)
    assert not re.search(r"(?i)(https?|ftp|mailto|xmpp):|www\.", bare)


@given(TEXTS)
@example("# heading")
@example("1. item")
@example("--- ")
@example("    code")
def test_no_block_begins_with_the_text(text: str) -> None:
    assert not re.match(r"\s|#|[-+=:>]|\d+[.)](\s|$)", escape(text))
    assert "\n" not in escape(text)


@given(st.lists(TEXTS, min_size=3, max_size=3))
def test_a_table_row_keeps_its_cells(cells: list[str]) -> None:
    for line in table(["a", "b", "c"], [cells]).split("\n"):
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 4


@pytest.mark.parametrize("text", ["C #", "C ##", "#", "##", "# #", "a\\#"])
def test_a_heading_keeps_its_last_hashes(text: str) -> None:
    line = heading(2, text)
    assert line.startswith("## ")
    assert rendered(line.removeprefix("## ")) == text
    assert not re.search(r"(?<!\\)#$", line.removeprefix("## "))


def test_characters_that_reorder_text_are_dropped() -> None:
    assert escape("safe\u202egnp.exe\u2066 x\u0007y") == "safegnp.exe xy"


def test_an_empty_cell_is_a_dash_and_a_list_has_a_line_each() -> None:
    assert table(["a"], [[""]]).endswith("| – |")
    assert bullets(["x", "- y"]) == "- x\n- \\- y"


@pytest.mark.parametrize(("value", "shown"), [(99.5, "99.5"), (800.0, "800"), (5e6, "5,000,000"), (0.0, "0")])
def test_numbers_read_as_people_write_them(value: float, shown: str) -> None:
    assert number(value) == shown
