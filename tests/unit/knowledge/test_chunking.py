"""Passages hold the whole document in order, each within its size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from functions.knowledge.chunking import CHUNK_CHARACTERS, chunk_text


def test_a_short_text_is_one_passage() -> None:
    assert chunk_text("  Skippers trade quota.\n\nHarbours confirm.  ") == [
        "Skippers trade quota.\n\nHarbours confirm."
    ]


def test_a_blank_text_has_none() -> None:
    assert chunk_text(" \n\n ") == []


def test_a_heading_begins_a_passage_and_is_repeated_where_its_section_goes_on() -> None:
    paragraphs = "\n\n".join(["word " * 20] * 3)
    text = f"Before\n\n# One\n\n{paragraphs}\n\n## Two\nbelow"

    chunks = chunk_text(text, 150)

    assert chunks[0] == "Before"
    assert all(chunk.startswith("# One\n\nword") for chunk in chunks[1:-1])
    assert len(chunks) == 5
    assert chunks[-1] == "## Two\n\nbelow"


def test_headings_without_text_between_them_stay_together() -> None:
    assert chunk_text("# Title\n\n## Part\n\nText\n\n## End") == ["# Title\n## Part\n\nText", "## End"]


def test_a_long_paragraph_is_cut_at_the_end_of_a_sentence() -> None:
    chunks = chunk_text("A first sentence here. A second sentence there. And a third.", 50)

    assert chunks == ["A first sentence here. A second sentence there.", "And a third."]


LINES = st.text(st.sampled_from("ab .#\n"), max_size=400)


@given(LINES, st.integers(20, 80))
def test_no_passage_is_too_long_or_blank(text: str, size: int) -> None:
    chunks = chunk_text(text, size)

    assert all(0 < len(chunk) <= size and chunk.strip() for chunk in chunks)


@given(LINES, st.integers(20, 80))
def test_nothing_is_lost_and_the_order_stays(text: str, size: int) -> None:
    letters = iter("".join("".join(chunk_text(text, size)).split()))

    # Repeated headings only add: what was written is a subsequence of what is indexed.
    assert all(letter in letters for letter in "".join(text.split()))


def test_the_default_size_is_that_of_the_embedding_models() -> None:
    chunks = chunk_text("word " * 1000)

    assert max(map(len, chunks)) <= CHUNK_CHARACTERS
    assert len(chunks) == 5
