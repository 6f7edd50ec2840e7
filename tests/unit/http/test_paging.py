"""Lists a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.errors import Invalid
from shared.http.paging import after, cursor_after, page_of
from shared.models.base import PageQuery


@dataclass(frozen=True)
class Row:
    """A row of a list."""

    id: UUID


class Shown(BaseModel):
    """How it is shown."""

    id: str


def read(rows: list[Row], start: UUID | None, limit: int) -> list[Row]:
    return [row for row in rows if start is None or row.id > start][:limit]


@given(st.uuids())
def test_a_cursor_goes_on_after_the_row_it_was_made_of(last: UUID) -> None:
    cursor = cursor_after(last)

    assert after(PageQuery(cursor=cursor)) == last
    assert "=" not in cursor
    assert "/" not in cursor


@pytest.mark.parametrize("cursor", ["abc", "A" * 40, "A" * 21 + "B", "-" * 22])
def test_a_cursor_of_somebody_else_is_422(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        after(PageQuery(cursor=cursor))

    assert [problem.pointer for problem in refused.value.problems] == ["/cursor"]


@given(st.sets(st.uuids(), max_size=12), st.sets(st.uuids(), max_size=6), st.integers(1, 5))
def test_walking_the_pages_shows_every_row_once_whatever_is_added_meanwhile(
    there: set[UUID], added: set[UUID], limit: int
) -> None:
    rows = sorted((Row(id_) for id_ in there), key=lambda row: row.id)
    waiting, seen, cursor = sorted(added - there), [], None
    while True:
        page = page_of(
            PageQuery(limit=limit, cursor=cursor),
            partial(read, rows),
            lambda row: Shown(id=str(row.id)),
        )
        assert len(page["data"]) <= limit
        seen += [UUID(shown.id) for shown in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        if waiting:
            rows = sorted([*rows, Row(waiting.pop())], key=lambda row: row.id)
    assert len(seen) == len(set(seen))
    assert there <= set(seen)
