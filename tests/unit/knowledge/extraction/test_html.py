"""Web pages as Markdown: what a reader sees, and nothing else."""

from __future__ import annotations

import pytest

from functions.knowledge.extraction.html import markdown_of, read_html
from functions.knowledge.extraction.readable import Unreadable


def test_a_page_keeps_its_structure() -> None:
    page = """<html><head><title> Refunds &amp; more </title></head><body><h1>Refunds</h1><p>One<p>Two <b>bold</b>
    <h2>How</h2><ul><li>a<li>b<ul><li>c</ul></ul><ol><li>x<li>y</ol>
    <table><tr><th>Plan<th>Price<tr><td>Pro<td>9|10</table>
    <pre><code class="language-python">def f():
    return max_items * 2</code></pre><p><a href="/terms?a=1&amp;b=2">terms</a>
    <img src="x.png" alt="A chart"></body>"""

    found = read_html(page)

    assert found.title == "Refunds & more"
    assert found.markdown.splitlines() == [
        *("# Refunds", "", "One", "", "Two **bold**", "", "## How", ""),
        *("- a", "- b", "  - c", "", "1. x", "2. y", ""),
        *("| Plan | Price |", "| --- | --- |", r"| Pro | 9\|10 |", ""),
        *("```python", "def f():", "    return max_items * 2", "```", ""),
        "[terms](/terms?a=1&b=2) A chart",
    ]


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>HID</script>",
        "<style>HID</style>",
        "<!-- HID -->",
        "<p hidden>HID</p>",
        "<p hidden=until-found>HID<b>HID</b></p>",
        "<div aria-hidden=true>HID</div>",
        "<div style='DISPLAY : none !important'>HID<p>HID</div>",
        "<div style='display:/**/none'>HID</div>",
        "<span style='visibility:hidden'>HID</span>",
        "<span style='font-size:0px'>HID</span>",
        "<span style='opacity:0'>HID</span>",
        "<span style='position:absolute;left:-9999px'>HID</span>",
        "<template>HID</template>",
        "<noscript>HID</noscript>",
        "<svg><title>HID</title><text>HID</text></svg>",
        "<textarea>HID</textarea>",
        "<input type=hidden value=HID>",
        "<img hidden alt=HID>",
        "<meta name=description content=HID>",
        "<iframe srcdoc='HID'>HID</iframe>",
        "<a href='javascript:HID'></a>",
        "<p onclick='HID()' title='HID' data-x='HID'></p>",
        "<?php HID ?>",
        "<![CDATA[HID]]>",
    ],
)
def test_what_a_reader_does_not_see_is_left_out(hidden: str) -> None:
    _, markdown = markdown_of(f"<body><p>before</p>{hidden}<p>after</p>")

    assert markdown.split() == ["before", "after"]


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", " JAVASCRIPT:x", "data:text/html,x", "vbscript:x", "#top"]
)
def test_a_link_that_goes_nowhere_safe_is_its_text(link: str) -> None:
    assert markdown_of(f"<a href='{link}'>text</a>")[1] == "text"


@pytest.mark.parametrize("size", ["font-size:0.9em", "opacity:0.5", "left:-5px", "color:red"])
def test_a_style_that_hides_nothing_hides_nothing(size: str) -> None:
    assert markdown_of(f"<p style='{size}'>seen")[1] == "seen"


def test_hidden_parts_end_where_browsers_end_them() -> None:
    page = "<p hidden>one<p>two<ul><li hidden>three<li>four</ul><div hidden>five</div></div>six"

    assert markdown_of(page)[1].split() == ["two", "-", "four", "six"]


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "ul><li", "table><tr><td", "span", "unknown", "p"])
def test_depth_without_end_is_flattened(tag: str) -> None:
    _, markdown = markdown_of(f"<{tag}>" * 5_000 + "deep")

    assert "deep" in markdown
    assert len(markdown) < 1000


def test_a_table_in_a_table_is_text_of_its_cell() -> None:
    page = "<table><tr><th>a</th></tr><tr><td>b<table><tr><td>c</td><td>d</td></tr></table></td></tr></table>"

    assert markdown_of(page)[1] == "| a |\n| --- |\n| b c d |"


def test_more_elements_than_memory_holds_are_refused() -> None:
    with pytest.raises(Unreadable, match="too_complex: The page has more than 200,000 elements"):
        markdown_of("<br>" * 200_001)


def test_a_page_of_scripts_only_is_empty() -> None:
    with pytest.raises(Unreadable, match="empty"):
        read_html("<html><script>x</script></html>")
