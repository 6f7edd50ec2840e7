"""Markdown is cut by its headings; no word is lost, no chunk too long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.knowledge.cutting.markdown import cut_markdown
from functions.knowledge.cutting.text import CHUNK_CHARACTERS


def texts(markdown: str, size: int = CHUNK_CHARACTERS) -> list[str]:
    return [chunk.text for chunk in cut_markdown(markdown, size)]


def test_a_short_text_is_one_chunk() -> None:
    assert texts("  Skippers trade quota.\n\nHarbours confirm.  ") == [
        "Skippers trade quota.\n\nHarbours confirm."
    ]


@pytest.mark.parametrize("blank", ["", " \n\n ", "---\n\n***\n", "<!-- page 2 -->", "# <!-- page 2 -->"])
def test_what_says_nothing_has_no_chunks(blank: str) -> None:
    assert texts(blank) == []


def test_a_heading_begins_a_chunk_and_is_said_again_where_its_section_goes_on() -> None:
    paragraphs = "\n\n".join(["word " * 20] * 3)

    chunks = cut_markdown(f"Before\n\n# One\n\n{paragraphs}\n\n## Two\nbelow", 150)

    assert chunks[0].text == "Before"
    assert all(chunk.text.startswith("# One\n\nword") for chunk in chunks[1:-1])
    assert len(chunks) == 5
    assert chunks[-1].text == "## Two\n\nbelow"
    assert [chunk.heading for chunk in chunks] == ["", "One", "One", "One", "One > Two"]


def test_headings_without_a_text_between_them_stay_together() -> None:
    chunks = cut_markdown("# Title\n\n## Part\n\nText\n\n## End")

    assert [chunk.text for chunk in chunks] == ["# Title\n## Part\n\nText", "## End"]
    assert [chunk.heading for chunk in chunks] == ["Title > Part", "Title > End"]


def test_the_way_to_a_section_leaves_those_that_ended() -> None:
    markdown = "# A\na\n## B\nb\n### C\nc\n## D\nd\n# E\ne"

    assert [chunk.heading for chunk in cut_markdown(markdown)] == ["A", "A > B", "A > B > C", "A > D", "E"]


def test_underlined_headings_are_headings() -> None:
    chunks = cut_markdown("Quota\n=====\nA right.\n\nThe `settle` [call](http://x)\n---\nPays.")

    assert [(chunk.heading, chunk.text) for chunk in chunks] == [
        ("Quota", "# Quota\n\nA right."),
        ("Quota > The settle call", "## The `settle` [call](http://x)\n\nPays."),
    ]


def test_front_matter_is_text_and_no_heading() -> None:
    assert cut_markdown("---\ntitle: Quota\ntags: [a]\n---\n# One\nText") == [
        *cut_markdown("---\ntitle: Quota\ntags: [a]\n---"),
        *cut_markdown("# One\nText"),
    ]
    assert texts("---\ntitle: Quota\n---\nText") == ["---\ntitle: Quota\n---\n\nText"]


def test_a_mark_in_code_is_no_heading_and_no_page() -> None:
    markdown = "# One\n```sh\n# not a heading\n<!-- page 7 -->\n\nmore\n```\nafter"

    (chunk,) = cut_markdown(markdown)

    assert chunk.text == "# One\n\n```sh\n# not a heading\n<!-- page 7 -->\n\nmore\n```\n\nafter"
    assert chunk.payload == {}


def test_code_that_does_not_fit_is_opened_and_closed_in_each_chunk() -> None:
    lines = [f"    settle({number})" for number in range(30)]

    chunks = cut_markdown("## Pay\n\n~~~python\n" + "\n".join(lines) + "\n~~~\n\nafter", 200)

    assert all(chunk.text.startswith("## Pay\n\n~~~python\n") for chunk in chunks)
    assert all(chunk.text.count("~~~") == 2 for chunk in chunks)
    assert [line for chunk in chunks for line in chunk.text.split("\n") if "settle" in line] == lines
    assert chunks[-1].text.endswith("~~~\n\nafter")


def test_code_whose_end_is_missing_is_closed() -> None:
    assert texts("```\nquota") == ["```\nquota\n```"]


def test_a_table_that_does_not_fit_has_its_head_in_each_chunk() -> None:
    rows = [f"| harbour {number} | {number} |" for number in range(20)]

    chunks = texts("| Name | Tonnes |\n|:-----|-------:|\n" + "\n".join(rows), 160)

    assert len(chunks) > 3
    assert all(chunk.startswith("| Name | Tonnes |\n|:-----|-------:|\n| harbour") for chunk in chunks)
    assert [line for chunk in chunks for line in chunk.split("\n")[2:]] == rows


def test_a_chunk_says_on_which_page_it_begins() -> None:
    first, second = "first " * 20, "second " * 20

    chunks = cut_markdown(
        f"<!-- page 1 -->\n# A\n{first}\n<!-- page 2 -->\n{second}\n\n# B\n<!-- page 3 -->\nend", 200
    )

    assert [chunk.payload for chunk in chunks] == [{"page": 1}, {"page": 2}, {"page": 2}]
    assert not any("page" in chunk.text for chunk in chunks)


def test_a_long_paragraph_is_cut_at_the_end_of_a_sentence() -> None:
    assert texts("A first sentence here. A second sentence there. And a third.", 50) == [
        "A first sentence here. A second sentence there.",
        "And a third.",
    ]
    assert texts("魚を売る。" * 12, 32) == ["魚を売る。" * 6] * 2


def test_the_default_size_is_that_of_the_embedding_models() -> None:
    chunks = texts("word " * 1000)

    assert max(map(len, chunks)) <= CHUNK_CHARACTERS
    assert len(chunks) == 5


MARKDOWN = st.lists(
    st.sampled_from(
        [
            *(
                "# Ab\n",
                "## Cd ##\n",
                "Ef\n===\n",
                "gh\n---\n",
                "para one. two! ",
                "word ",
                "\n",
                "\n\n",
                "\t",
            ),
            *("```py\n", "```\n", "~~~~\n", "| a | b |\n", "|---|---|\n", "| c | d |\n", "<!-- page 3 -->\n"),
            *(
                "- item\n",
                "---\n",
                "é日本 ",
                "x" * 30 + " ",
                "    code\n",
                "> quote\n",
                "****",
                "[l](u) ",
                "|",
                "#",
            ),
        ]
    ),
    max_size=50,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(MARKDOWN, st.sampled_from([80, 120, CHUNK_CHARACTERS]))
def test_whatever_is_written_no_word_is_lost_and_no_chunk_is_too_long(markdown: str, size: int) -> None:
    chunks = cut_markdown(markdown, size)

    assert chunks == cut_markdown(markdown, size)
    assert all(chunk.text.strip() and len(chunk.text) <= size for chunk in chunks)
    said = set(re.findall(r"\w+", " ".join(chunk.text for chunk in chunks)))
    written = re.findall(r"\w+", markdown.replace("<!-- page 3 -->", " "))
    assert {word for word in written if len(word) < size // 2} <= said


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from("ab .#\n"), max_size=400), st.integers(40, 80))
def test_the_order_stays(text: str, size: int) -> None:
    letters = iter(re.sub(r"\W", "", "".join(texts(text, size))))

    # Headings that are said again only add: what was written is a subsequence of what is indexed.
    assert all(letter in letters for letter in re.sub(r"\W", "", text))
