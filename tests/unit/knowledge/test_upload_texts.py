"""What strangers call their objects is stored, whatever it is."""

from __future__ import annotations

import pytest

from functions.knowledge.events.begin_indexing import key_of, pause
from functions.knowledge.uploads.repository import storable
from shared.errors import Invalid


@pytest.mark.parametrize(
    ("text", "stored"),
    [("a.md", "a.md"), ("a\x00b", "a\ufffdb"), ("\ud800", "?"), ("größe", "größe")],
    ids=ascii,
)
def test_postgresql_takes_every_key(text: str, stored: str) -> None:
    assert storable(text) == stored


def test_both_shapes_of_an_event_name_a_key() -> None:
    assert key_of({"bucket": {"name": "b"}, "object": {"key": "a b/é+.md", "version-id": "1"}}) == "a b/é+.md"
    assert key_of({"event_type": "document_changed", "bucket": "b", "key": "a"}) == "a"
    with pytest.raises(Invalid):
        key_of({"object": {"key": None}})


def test_pauses_double_up_to_a_quarter_of_an_hour() -> None:
    assert [pause(receives) for receives in (1, 2, 3, 7, 8, 100)] == [10, 20, 40, 640, 900, 900]
