"""Whatever the bytes, whatever the name: something readable or a reason, nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.knowledge.extraction.detect import TYPES
from functions.knowledge.extraction.limits import MAX_OBJECT_BYTES, MAX_TEXT_CHARACTERS
from functions.knowledge.extraction.readable import REASONS, Prose, Readable, SourceCode, Unreadable
from functions.knowledge.extraction.reading import read
from shared.models.base import refuse_line_breaks, refuse_unstorable
from tests.unit.knowledge.extraction import files

SEEDS = (
    files.pages(files.lines((24, 0, "Refunds"), (11, 40, "Money back"))),
    files.docx(files.paragraph(files.run("text"))),
    b"<html><title>a</title><table><tr><td hidden>b<p>c</table><!-- d --><pre>e",
    b"---\ntitle: a\n---\n# b\n```\n# c\n```\n",
    b"name: a\nb: &c [1, !d e]\nf: *c\n",
    b'{"name": "a", "b": [1, {"c": null}]}',
    "Größe\r\n".encode("utf-16"),
    "Größe\n".encode("latin-1"),
    b"",
)
NAMES = st.sampled_from([*(f"a{suffix}" for suffix in TYPES), "a", ".md", "a.exe", "A.PDF"]) | st.text()


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Any bytes, or a good file that something was done to."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=300))
    body = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(body)))
        body[place : place + draw(st.integers(0, 20))] = draw(st.binary(max_size=10))
    return bytes(body)


def outcome(body: bytes, name: str) -> Readable | Unreadable:
    try:
        return read(body, name)
    except Unreadable as refused:
        return refused


def check(readable: Readable | Unreadable) -> None:
    if isinstance(readable, Unreadable):
        assert readable.code in REASONS
        assert readable.reason.endswith(".")
        assert len(refuse_line_breaks(refuse_unstorable(readable.reason))) <= 300
        return
    text = readable.markdown if isinstance(readable, Prose) else readable.text
    title = "" if isinstance(readable, SourceCode) else readable.title
    assert refuse_unstorable(text).strip()
    assert refuse_line_breaks(refuse_unstorable(title)) == title.strip()
    assert len(title) <= 300


@settings(max_examples=250, deadline=None)
@given(bodies(), NAMES)
def test_any_bytes_by_any_name_are_read_or_refused(body: bytes, name: str) -> None:
    check(outcome(body, name))


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1).filter(str.isalnum), st.sampled_from([".md", ".txt", ".py", ".csv"]))
def test_a_text_is_read_as_it_is(text: str, suffix: str) -> None:
    found = read(text.encode(), f"a{suffix}")

    assert text in (found.markdown if isinstance(found, Prose) else found.text)


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [
        (b"x" * (MAX_OBJECT_BYTES + 1), "a.md", "too_large"),
        (b"x" * (MAX_OBJECT_BYTES + 1), "a.pdf", "too_large"),
        (b"x" * 20_000_000, "a.md", "too_much_text"),
        (b"x" * (MAX_TEXT_CHARACTERS + 1), "a.py", "too_much_text"),
        (b" \n\t ", "a.txt", "empty"),
        (b"\xef\xbb\xbf", "a.md", "empty"),
        ("\u200b\u202e".encode(), "a.md", "empty"),
    ],
    ids=["large", "large PDF", "a line of 20 MB", "long", "blank", "mark only", "unseen only"],
)
def test_what_is_too_much_or_nothing_is_refused(body: bytes, name: str, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(body, name)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("markdown", "title"),
    [
        ("text\n\n## Second ##\n\n# First", "Second"),
        ("---\ntitle: 'In front'\n---\n# Below", "In front"),
        ("---\nauthor: me\n---\n# Below", "Below"),
        ("```\n# comment\n```\n# Heading", "Heading"),
        ("~~~\n```\n# comment\n~~~\n# Heading", "Heading"),
        ("#no heading\n", ""),
        ("---\n\n# After a rule", "After a rule"),
    ],
)
def test_the_title_of_markdown(markdown: str, title: str) -> None:
    found = read(markdown.encode(), "a.md")

    assert isinstance(found, Prose)
    assert found.title == title


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_survives_being_a_text(code: str) -> None:
    error = Unreadable(code)

    again = Unreadable.parse(str(error))

    assert (again.code, again.reason) == (error.code, error.reason) == (code, REASONS[code])


def test_any_other_text_is_damage() -> None:
    assert Unreadable.parse("Lambda: out of luck").code == "damaged"
