"""Which words of a passage a query met."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.knowledge.highlighting import highlights
from shared.adapters.lexical import words

texts = st.text(max_size=40) | st.text(alphabet="aAbBée\u0301ﾊﾟハ漁業がﾞ가ᄀ\u1161_ 1ﬁß²", max_size=25)


def shown(text: str, query: str) -> list[str]:
    return [text[place.start : place.end] for place in highlights(text, query)]


@pytest.mark.parametrize(
    ("text", "query", "met"),
    [
        ("Refunds are paid; a refund takes days.", "refunding", ["Refunds", "refund"]),
        ("The harbour settles the invoice.", "the", []),
        ("def getUserName(user_id):", "user", ["User", "user"]),
        ("def getUserName():", "getUserName", ["get", "User", "Name"]),
        ("parseHTTPRequest", "http", ["HTTP"]),
        ("Caf\u00e9s und cafe\u0301s", "cafe", ["Caf\u00e9s", "cafe\u0301s"]),
        ("漁業権の取引", "業権", ["業権"]),
        ("the ﬁsher ﬁshes", "fish", ["ﬁshes"]),
        ("<b>quota</b> & quota", "quota", ["quota", "quota"]),
        ("nothing of it", "quota", []),
        ("", "quota", []),
    ],
    ids=[
        "stem",
        "stopword",
        "part",
        "parts",
        "acronym",
        "accents",
        "cjk",
        "ligature",
        "markup",
        "none",
        "blank",
    ],
)
def test_words_are_shown_where_they_stand(text: str, query: str, met: list[str]) -> None:
    assert shown(text, query) == met


@given(texts, texts)
def test_a_place_is_within_the_text_and_shares_a_word_with_the_query(text: str, query: str) -> None:
    wanted = set(words(query))
    places = highlights(text, query)

    assert all(0 <= place.start < place.end <= len(text) for place in places)
    assert all(one.end <= other.start for one, other in pairwise(places))
    assert bool(places) <= bool(wanted & set(words(text)))


@given(texts)
def test_a_text_meets_itself(text: str) -> None:
    assert bool(highlights(text, text)) == bool(words(text))


@given(
    st.lists(st.sampled_from(["quota", "refund", "harbour", "漁業権", "Größe", "getUserName"]), min_size=1)
)
def test_every_word_that_is_asked_for_is_met(found: list[str]) -> None:
    text = " ".join(found)

    assert "".join(shown(text, text)) == "".join(found)
