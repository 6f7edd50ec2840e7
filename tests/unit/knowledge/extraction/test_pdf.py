"""PDF as Markdown: pages, headings, paragraphs; and files that are none."""

from __future__ import annotations

import pytest

from functions.knowledge.extraction.pdf import read_pdf
from functions.knowledge.extraction.readable import Unreadable
from tests.unit.knowledge.extraction import files

LONG = "Customers get their money back within thirty days of the day they paid"


def test_pages_headings_and_paragraphs_are_told_apart() -> None:
    body = files.pages(
        files.lines(
            (24, 0, "Refund policy"),
            (24, 28, "of the house"),
            (11, 40, LONG),
            (11, 13, "and also in a café."),
            (11, 40, LONG),
            (16, 30, "Exceptions"),
            (11, 20, LONG),
        ),
        files.lines((11, 0, LONG)),
    )

    assert read_pdf(body).markdown.splitlines() == [
        *("<!-- page 1 -->", "", "# Refund policy of the house", ""),
        *(LONG, "and also in a café.", "", LONG, "", "## Exceptions", "", LONG, ""),
        *("<!-- page 2 -->", "", LONG),
    ]


def test_the_title_is_what_the_file_says_or_its_first_heading() -> None:
    page = files.lines((24, 0, "Refunds"), (11, 40, LONG))

    assert read_pdf(files.pages(page, information=b"/Title (Policy  7)")).title == "Policy 7"
    assert read_pdf(files.pages(page)).title == "Refunds"


def test_text_cannot_pass_for_a_mark_of_ours() -> None:
    page = files.lines((11, 0, "# no heading"), (11, 13, "<!-- page 9 -->"), (11, 13, LONG))

    assert read_pdf(files.pages(page)).markdown.splitlines()[2:4] == [r"\# no heading", "&lt;!-- page 9 -->"]


def test_a_page_without_text_leaves_the_numbers_of_the_others() -> None:
    markdown = read_pdf(files.pages(b"0 0 9 9 re f", files.lines((11, 0, LONG)))).markdown

    assert markdown == f"<!-- page 2 -->\n\n{LONG}"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (files.pages(b"0 0 10 10 re f"), "no_text"),
        (files.pages(files.lines((11, 0, LONG)))[:400], "damaged"),
        (b"%PDF-1.7\n", "damaged"),
        (files.encrypted_pdf(), "encrypted"),
        (files.self_holding_pages(), "damaged"),
        (files.counted_pages(2_000_000_000), "no_text"),
        (files.counted_pages(1_000_000), "too_complex"),
        (files.many_objects(50_000), "damaged"),
        (files.pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"[" * 100_000]), "damaged"),
    ],
    ids=[
        "scan",
        "cut off",
        "mark only",
        "password",
        "tree in itself",
        "pages",
        "many pages",
        "objects",
        "brackets",
    ],
)
def test_a_broken_or_hostile_file_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_pdf(body)

    assert refused.value.code == code
