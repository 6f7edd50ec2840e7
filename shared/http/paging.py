"""Lists a page at a time: stable under inserts, since a cursor names the row to go on after."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

from shared.errors import FieldProblem, Invalid
from shared.models.base import PageQuery


class Identified(Protocol):
    """A row with an id."""

    @property
    def id(self) -> UUID:
        """The id that orders the list."""
        ...


R = TypeVar("R", bound=Identified)


def cursor_after(last: UUID) -> str:
    """Return the opaque cursor that goes on after the row of that id."""
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def after(page: PageQuery) -> UUID | None:
    """Return the id that a page begins after, None for the first page. Raises Invalid."""
    if page.cursor is None:
        return None
    try:
        found = UUID(bytes=base64.urlsafe_b64decode(page.cursor + "=="))
        if cursor_after(found) != page.cursor:
            raise ValueError("not the canonical spelling")
    except (ValueError, binascii.Error) as error:
        problem = FieldProblem("/cursor", "is not a cursor of this list")
        raise Invalid("The query is not valid.", (problem,)) from error
    return found


def page_of(
    page: PageQuery, read: Callable[[UUID | None, int], Sequence[R]], show: Callable[[R], BaseModel]
) -> dict[str, Any]:
    """Return `data` and `next_cursor` of a page.

    read: given the id to begin after and how many rows, returns them in the order of the list. One more than the page
    holds is read, to know whether there is another.
    """
    found = read(after(page), page.limit + 1)
    shown = found[: page.limit]
    return {
        "data": [show(row) for row in shown],
        "next_cursor": cursor_after(shown[-1].id) if len(found) > page.limit else None,
    }
