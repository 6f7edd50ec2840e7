"""The rebuild of the vector engine from PostgreSQL: what `rebuild_vectors` hands from state to state, and its pages.

Everything in the engine follows from rows and from the comparables that come with the product. The workflow makes the
collections, goes through the documents of every tenant page by page, and compares counts at the end; see
`workflows/build.py` for its states and `indexing` for why it may run while the system serves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Protocol, TypeVar
from uuid import UUID

from pydantic import Field, ValidationError

from shared.errors import Invalid, NotFound
from shared.models.base import WireModel

# A task embeds at most so much: about twenty calls of 96 passages to the embedding model.
DOCUMENTS_PER_BATCH = 200
CHUNKS_PER_BATCH = 1000
# A page is at most 400 ranges of about 200 bytes, 80 KB: Step Functions carries 256 KB.
BATCHES_PER_PAGE = 40
TENANTS_PER_PAGE = 400
# A page takes 291 events of the 25,000 that an execution may have: 7 for planning and choosing, 4 for the map and 7
# for each batch. Forty pages leave more than half of them for retries and for comparing.
PAGES_PER_EXECUTION = 40

M = TypeVar("M", bound=WireModel)


class Place(WireModel):
    """How far a rebuild is: all tenants before this one and, of this one, all documents up to one (None: all)."""

    tenant_id: UUID
    document_id: UUID | None = None


class Request(WireModel):
    """The input of an execution. `tenant_id`: this tenant only; `from_empty`: delete first what there is;
    `after`: go on where an execution that became too long has ended.
    """

    tenant_id: UUID | None = None
    from_empty: bool = False
    after: Place | None = None


class Range(WireModel):
    """The documents of a tenant after one id and up to another."""

    tenant_id: UUID
    after: UUID | None
    through: UUID


class Batch(WireModel):
    """What one task indexes."""

    ranges: list[Range]


class Progress(WireModel):
    """What was indexed, in documents and in passages."""

    documents: int = 0
    chunks: int = 0
    embedded: int = 0
    unchanged: int = 0
    removed: int = 0

    def plus(self, other: Progress) -> Progress:
        """Return both together."""
        return Progress(**{name: value + getattr(other, name) for name, value in self.model_dump().items()})


class Held(WireModel):
    """What a collection holds, as PostgreSQL and the vector engine agreed."""

    documents: int = 0
    chunks: int = 0


class State(WireModel):
    """What goes from state to state. `next` says where to."""

    tenant_id: UUID | None = None
    after: Place | None = None
    next: Literal["index", "compare", "unfinished", "done"] = "index"
    pages: int = 0
    batches: list[Batch] = Field(default_factory=list)
    results: list[Progress] = Field(default_factory=list)
    progress: Progress = Progress()
    # Of the comparison: how far it is, what it found.
    compared: UUID | None = None
    tenants: int = 0
    mended: int = 0
    collections: dict[str, Held] = Field(default_factory=dict)
    reason: Annotated[str, Field(max_length=1000)] = ""


def parse(kind: type[M], given: Any) -> M:
    """Return what a state was given as a model. Raises Invalid that names the first thing that is wrong."""
    try:
        return kind.model_validate_json(json.dumps(given))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "input"
        raise Invalid(f"The input of the rebuild is not valid: {where}: {first['msg']}.") from error


class Listing(Protocol):
    """Where the pages of a rebuild are listed from."""

    def tenants(self, after: UUID | None, limit: int) -> list[UUID]:
        """Return the next tenants, in the order of their ids."""

    def documents(self, tenant_id: UUID, after: UUID | None, limit: int) -> list[tuple[UUID, int]]:
        """Return the next documents of a tenant, id and number of chunks, in the order of their ids."""


def begin(request: Request) -> State:
    """Return the first state of an execution. Raises Invalid for a request that contradicts itself."""
    if request.from_empty and request.after is not None:
        raise Invalid("What goes on where another execution ended cannot begin with nothing.")
    after, tenant_id = request.after, request.tenant_id
    if after is not None and tenant_id not in (None, after.tenant_id):
        raise Invalid("The place to go on at is of another tenant.")
    return State(tenant_id=request.tenant_id, after=request.after)


def next_page(state: State, listing: Listing) -> State:
    """Return the state with what the last page did added up and the next page of batches.

    Its `next` is `compare` after the last page, `unfinished` when the execution has had as many as it may.
    Raises NotFound when there is nothing of the one tenant.
    """
    if state.tenant_id is not None and not state.pages:
        _check_tenant(state.tenant_id, listing)
    progress = state.progress
    for result in state.results:
        progress = progress.plus(result)
    fresh = state.model_copy(update={"progress": progress, "results": [], "batches": []})
    if state.pages == PAGES_PER_EXECUTION:
        return _unfinished(fresh)
    page = _Page()
    place, complete = _fill(page, state, listing)
    if complete and not page.batches:
        return fresh.model_copy(update={"next": "compare", "after": None})
    return fresh.model_copy(
        update={"next": "index", "after": place, "pages": state.pages + 1, "batches": page.batches}
    )


def _check_tenant(tenant_id: UUID, listing: Listing) -> None:
    before = UUID(int=tenant_id.int - 1) if tenant_id.int else None
    if listing.tenants(before, 1) != [tenant_id]:
        raise NotFound(f"Nothing of the tenant {tenant_id} is indexed.")


def _unfinished(state: State) -> State:
    """Whether anything is left is not asked: the next execution finds out, and compares."""
    place = json.loads(state.after.model_dump_json()) if state.after is not None else None
    following = {"after": place} | ({"tenant_id": str(state.tenant_id)} if state.tenant_id else {})
    reason = (
        f"{state.progress.documents} documents are indexed, as many as one execution takes. "
        f"Go on with the input {json.dumps(following)}"
    )
    return state.model_copy(update={"next": "unfinished", "reason": reason})


class _Page:
    """Batches that are being filled."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self._documents = self._chunks = 0

    @property
    def room(self) -> int:
        """How many documents may be added at most."""
        begun = DOCUMENTS_PER_BATCH - self._documents if self.batches else 0
        return (BATCHES_PER_PAGE - len(self.batches)) * DOCUMENTS_PER_BATCH + begun

    def add(self, tenant_id: UUID, after: UUID | None, id_: UUID, chunks: int) -> bool:
        """Add the document that follows `after`; whether there was room."""
        full = self._documents == DOCUMENTS_PER_BATCH or self._chunks + chunks > CHUNKS_PER_BATCH
        if not self.batches or (full and self._documents):
            if len(self.batches) == BATCHES_PER_PAGE:
                return False
            self.batches.append(Batch(ranges=[]))
            self._documents = self._chunks = 0
        ranges = self.batches[-1].ranges
        if ranges and ranges[-1].tenant_id == tenant_id:
            ranges[-1] = Range(tenant_id=tenant_id, after=ranges[-1].after, through=id_)
        else:
            ranges.append(Range(tenant_id=tenant_id, after=after, through=id_))
        self._documents += 1
        self._chunks += chunks
        return True


def _fill(page: _Page, state: State, listing: Listing) -> tuple[Place | None, bool]:
    """Add documents until the page is full; return how far it goes and whether nothing is left."""
    place = state.after
    for visited, tenant_id in enumerate(_tenants(state, listing)):
        if visited == TENANTS_PER_PAGE:
            return place, False
        after = place.document_id if place is not None and place.tenant_id == tenant_id else None
        room = page.room
        found = listing.documents(tenant_id, after, room + 1)
        for id_, chunks in found:
            if not page.add(tenant_id, after, id_, chunks):
                return place, False
            after = id_
            place = Place(tenant_id=tenant_id, document_id=id_)
        if len(found) > room:
            return place, False
        place = Place(tenant_id=tenant_id)
    return place, True


def _tenants(state: State, listing: Listing) -> Iterator[UUID]:
    """The tenants that are left, beginning with the one whose documents are not all done."""
    place = state.after
    if state.tenant_id is not None:
        if place is None or place.document_id is not None:
            yield state.tenant_id
        return
    after = place.tenant_id if place is not None else None
    if place is not None and place.document_id is not None:
        yield place.tenant_id
    while found := listing.tenants(after, TENANTS_PER_PAGE):
        yield from found
        after = found[-1]


def dumped(model: WireModel) -> dict[str, Any]:
    """Return a model as a state carries it."""
    plain: dict[str, Any] = model.model_dump(mode="json")
    return plain


def sentence(differences: Sequence[str]) -> str:
    """Return what differs in one message of bounded length."""
    shown = "; ".join(differences[:5])
    return shown if len(differences) <= 5 else f"{shown}; and {len(differences) - 5} more"
