"""Requests to the vector engine stay within what it takes, and end within the time that somebody waits."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters import vectors_qdrant
from shared.adapters.lexical import SparseVector
from shared.adapters.vectors import Point
from shared.adapters.vectors_access import Access
from shared.adapters.vectors_transport import CONNECT_SECONDS, _send


def a_point(number: int, characters: int) -> Point:
    return Point(
        f"d{number}", 0, [0.1234567890123456] * 8, SparseVector((1,), (1.0,)), {"text": "é" * characters}
    )


@given(sizes=st.lists(st.integers(0, 4000), max_size=40))
def test_requests_hold_every_point_in_order_and_no_more_than_they_may(sizes: list[int]) -> None:
    points = [a_point(number, size) for number, size in enumerate(sizes)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors_qdrant, "POINTS_PER_REQUEST", 7)
        patch.setattr(vectors_qdrant, "BYTES_PER_REQUEST", 20_000)
        batches = list(vectors_qdrant._batches(points))

    assert [point for batch in batches for point in batch] == points
    assert all(1 <= len(batch) <= 7 for batch in batches)
    for batch in batches:
        sent = sum(len(json.dumps([list(point.dense), dict(point.payload)])) for point in batch)
        assert sent <= 20_000 or len(batch) == 1


@pytest.mark.parametrize(
    ("query", "read"), [pytest.param("?timeout=5", 5.0, id="told"), pytest.param("", 10, id="not-told")]
)
def test_an_answer_is_waited_for_as_long_as_the_engine_was_told(query: str, read: float) -> None:
    class Inner(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json=request.extensions["timeout"])

    timeouts = {"connect": 10, "read": 10, "write": 10, "pool": 10}
    request = httpx.Request("POST", f"http://engine:6333/points{query}", extensions={"timeout": timeouts})

    with Inner() as inner:
        answer = _send(request, Access(), inner)

    assert answer.json() == {"connect": CONNECT_SECONDS, "read": read, "write": 10, "pool": 10}
