"""The pages of a rebuild name every document of every tenant once, whatever their sizes."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.knowledge import rebuild
from functions.knowledge.rebuild import Batch, Place, Progress, Range, Request, State, begin, next_page, parse
from shared.errors import Invalid, NotFound

Corpus = dict[UUID, dict[UUID, int]]

ids = st.integers(0, 200).map(lambda number: UUID(int=number))
corpora = st.dictionaries(ids, st.dictionaries(ids, st.integers(0, 12), max_size=12), max_size=8)


class Rows:
    """Documents as rows: tenants with the chunks of each document. Remembers how much it was asked for."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.most = 0

    def tenants(self, after: UUID | None, limit: int) -> list[UUID]:
        return [tenant for tenant in sorted(self.corpus) if after is None or tenant > after][:limit]

    def documents(self, tenant_id: UUID, after: UUID | None, limit: int) -> list[tuple[UUID, int]]:
        self.most = max(self.most, limit)
        rows = sorted(self.corpus[tenant_id].items())
        return [row for row in rows if after is None or row[0] > after][:limit]

    def within(self, part: Range) -> list[tuple[UUID, UUID]]:
        rows = sorted(self.corpus[part.tenant_id])
        return [
            (part.tenant_id, id_)
            for id_ in rows
            if (part.after is None or id_ > part.after) and id_ <= part.through
        ]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages so small that a few documents fill several."""
    limits = {
        "DOCUMENTS_PER_BATCH": 3,
        "CHUNKS_PER_BATCH": 10,
        "BATCHES_PER_PAGE": 2,
        "TENANTS_PER_PAGE": 3,
        "PAGES_PER_EXECUTION": 4,
    }
    for name, value in limits.items():
        monkeypatch.setattr(rebuild, name, value)


def walked(rows: Rows, state: State) -> tuple[list[Batch], State]:
    """Every batch of an execution, and the state that it ends with; states cross as JSON."""
    batches: list[Batch] = []
    while (state := next_page(state, rows)).next == "index":
        assert len(state.batches) <= rebuild.BATCHES_PER_PAGE
        batches += state.batches
        results = [
            Progress(documents=sum(len(rows.within(part)) for part in batch.ranges))
            for batch in state.batches
        ]
        state = parse(State, json.loads(json.dumps(rebuild.dumped(state) | {"results": []})))
        state = state.model_copy(update={"results": results})
    return batches, state


def executions(rows: Rows, state: State) -> tuple[list[Batch], int, State]:
    """Every batch of as many executions as it takes, how many documents they say, and how the last one ends."""
    batches, documents = [], 0
    while True:
        more, ended = walked(rows, state)
        batches += more
        documents += ended.progress.documents
        if ended.next == "compare":
            return batches, documents, ended
        assert ended.next == "unfinished"
        state = begin(parse(Request, json.loads(ended.reason[ended.reason.index("{") :])))


@pytest.mark.usefixtures("small")
@settings(max_examples=40)
@given(corpus=corpora)
def test_executions_one_after_the_other_name_every_document_once(corpus: Corpus) -> None:
    rows = Rows(corpus)

    batches, documents, ended = executions(rows, State())

    named: list[tuple[UUID, UUID]] = []
    for batch in batches:
        inside = [found for part in batch.ranges for found in rows.within(part)]
        assert 1 <= len(inside) <= rebuild.DOCUMENTS_PER_BATCH
        chunks = [rows.corpus[tenant][id_] for tenant, id_ in inside]
        assert len(inside) == 1 or sum(chunks) <= rebuild.CHUNKS_PER_BATCH
        named += inside
    assert named == [(tenant, id_) for tenant in sorted(corpus) for id_ in sorted(corpus[tenant])]
    assert documents == len(named)
    assert ended.after is None
    assert rows.most <= rebuild.BATCHES_PER_PAGE * rebuild.DOCUMENTS_PER_BATCH + 1


@pytest.mark.usefixtures("small")
@settings(max_examples=40)
@given(corpus=corpora.filter(bool), data=st.data())
def test_one_tenant_is_walked_alone(corpus: Corpus, data: st.DataObject) -> None:
    tenant = data.draw(st.sampled_from(sorted(corpus)))
    rows = Rows(corpus)

    batches, _, _ = executions(rows, State(tenant_id=tenant))

    named = [found for batch in batches for part in batch.ranges for found in rows.within(part)]
    assert named == [(tenant, id_) for id_ in sorted(corpus[tenant])]


@pytest.mark.usefixtures("small")
def test_an_empty_page_is_no_end() -> None:
    corpus: Corpus = {UUID(int=number): {} for number in range(1, 8)}
    corpus[UUID(int=9)] = {UUID(int=1): 1}

    batches, ended = walked(Rows(corpus), State())

    assert len(batches) == 1
    assert ended.next == "compare"


def test_what_batches_did_is_added_up() -> None:
    done = Progress(documents=2, chunks=5, embedded=4, unchanged=1, removed=3)

    state = next_page(State(progress=done, results=[done, done]), Rows({}))

    assert state.progress == Progress(documents=6, chunks=15, embedded=12, unchanged=3, removed=9)
    assert state.results == []


def test_a_tenant_that_never_had_a_run_is_refused() -> None:
    with pytest.raises(NotFound, match=str(UUID(int=5))):
        next_page(State(tenant_id=UUID(int=5)), Rows({UUID(int=6): {}}))


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"from_empty": 1}, "from_empty"),
        ({"tenant_id": 5}, "tenant_id"),
        ({"after": {}}, "after.tenant_id"),
        ({"all": True}, "all"),
        ([], "input"),
    ],
)
def test_an_input_that_is_wrong_is_named(given: object, pointer: str) -> None:
    with pytest.raises(Invalid, match=f"not valid: {pointer}: "):
        parse(Request, given)


def test_a_rebuild_goes_on_where_it_is_told() -> None:
    place = Place(tenant_id=UUID(int=3), document_id=UUID(int=4))
    corpus: Corpus = {UUID(int=n): {UUID(int=m): 1 for m in range(1, 7)} for n in range(1, 5)}

    batches, _ = walked(Rows(corpus), begin(Request(after=place)))

    assert [part for batch in batches for part in batch.ranges] == [
        Range(tenant_id=UUID(int=3), after=UUID(int=4), through=UUID(int=6)),
        Range(tenant_id=UUID(int=4), after=None, through=UUID(int=6)),
    ]


def test_many_differences_are_told_briefly() -> None:
    assert rebuild.sentence(["a", "b"]) == "a; b"
    assert rebuild.sentence(list("abcdefg")) == "a; b; c; d; e; and 2 more"
