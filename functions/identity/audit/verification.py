"""Whether the audit log is as it was written: walks a tenant's chain and names the first link that does not hold.

Found without help from elsewhere: an entry that was altered, deleted, inserted, moved or rewritten, and an end that
was cut off, as long as the head beside the log was not rewritten too. Whoever may rewrite everything can rewrite the
head: only a hash that was kept elsewhere (`expected`) shows that, for all entries up to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from functions.identity.audit.chain import GENESIS, digest
from shared.db.queries import load_queries
from shared.db.unit_of_work import Database, Row, UnitOfWork

_FOLDER = Path(__file__).parent
_BATCH = 1000


class BreakKind(StrEnum):
    """What is wrong with a chain."""

    ALTERED = "altered"
    MISSING = "missing"
    REPEATED = "repeated"
    UNLINKED = "unlinked"
    CUT = "cut"
    BEYOND_HEAD = "beyond_head"
    HEAD_DIFFERS = "head_differs"
    HEAD_MISSING = "head_missing"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True)
class Break:
    """The first link that does not hold. sequence: its number in the tenant's chain; id: of its entry, if any."""

    kind: BreakKind
    sequence: int
    id: UUID | None
    explanation: str


@dataclass(frozen=True)
class Verification:
    """What a walk found.

    entries: how many hold. sequence, hash: of the last that holds; kept elsewhere, that hash proves later what was
    there now. head_sequence, head_hash: the end of the chain as the database keeps it, None when it keeps none.
    complete: whether the walk came to that end. expected_found: whether it met the expected hash, if one was given.
    """

    tenant_id: UUID
    entries: int
    sequence: int
    hash: bytes
    head_sequence: int | None
    head_hash: bytes | None
    complete: bool
    expected_found: bool | None
    broken: Break | None


def _fits(row: Row) -> bool:
    """Whether an entry carries the hash of what it says."""
    try:
        return digest(row) == bytes(row["hash"])
    except RecursionError:
        # JSON that nests this deep was never hashed by the database either.
        return False


class _Walk:
    """The chain as far as it holds."""

    def __init__(self, sequence: int, previous: bytes, expected: bytes | None) -> None:
        self.entries = 0
        self.sequence = sequence
        self.hash = previous
        self._expected = expected
        self.met = previous == expected

    def fault(self, row: Row) -> Break | None:
        """Go on to the next entry, or return why it is not the next one."""
        number, entry = row["sequence"], UUID(row["id"])
        if number <= self.sequence:
            return self.repeated(row)
        if number > self.sequence + 1:
            lost = self.sequence + 1
            return Break(BreakKind.MISSING, lost, None, f"entry {lost} is missing; the next one is {number}")
        if not _fits(row):
            told = f"entry {number} is not what was written: a column changed"
            return Break(BreakKind.ALTERED, number, entry, told)
        if row["previous_hash"] != self.hash:
            told = f"entry {number} does not follow the one before it: one of the two was rewritten or moved"
            return Break(BreakKind.UNLINKED, number, entry, told)
        self.entries += 1
        self.sequence, self.hash = number, row["hash"]
        self.met = self.met or self.hash == self._expected
        return None

    def repeated(self, row: Row) -> Break | None:
        """Return what is wrong with an entry whose number was there already."""
        number = row["sequence"]
        if number > self.sequence:
            return None
        told = f"there is another entry {number}: one was inserted"
        return Break(BreakKind.REPEATED, number, UUID(row["id"]), told)


def _links(work: UnitOfWork, names: dict[str, Any]) -> Iterator[Row]:
    """Yield entries through a cursor of the server, so that memory does not grow with the log."""
    with work.connection.cursor(name="audit_links") as cursor:
        cursor.itersize = _BATCH
        cursor.execute(load_queries(_FOLDER)["read_links"].encode(), names)
        yield from cursor


def _start(work: UnitOfWork, tenant_id: UUID, after: int) -> tuple[bytes, Break | None]:
    """Return the hash that the entry after number `after` must follow."""
    if after == 0:
        return GENESIS, None
    names = {"tenant": tenant_id, "sequence": after}
    rows = work.fetch_all(load_queries(_FOLDER)["read_hashes"], names)
    if not rows:
        return GENESIS, Break(BreakKind.MISSING, after, None, f"entry {after} is missing")
    if len(rows) > 1:
        told = f"there is another entry {after}: one was inserted"
        return GENESIS, Break(BreakKind.REPEATED, after, UUID(rows[1]["id"]), told)
    return bytes(rows[0]["hash"]), None


def _end(walk: _Walk, head: Row) -> Break | None:
    """Return what is wrong with the end of a chain whose entries hold as far as they go."""
    number = walk.sequence
    if head["sequence"] is None:
        if head["beyond"] is None:
            return None
        return Break(BreakKind.HEAD_MISSING, head["beyond"], None, "there are entries, and the head is gone")
    if number < head["sequence"]:
        told = f"the log ends with entry {number}, its head says {head['sequence']}: the end was cut off"
        return Break(BreakKind.CUT, number + 1, None, told)
    if walk.hash != head["hash"]:
        told = f"entry {number} is not the one the head knows: the end was rewritten, or the head"
        return Break(BreakKind.HEAD_DIFFERS, number, None, told)
    if head["beyond"] is not None:
        told = f"entry {head['beyond']} lies beyond the head, which says {number}: inserted, or the head set back"
        return Break(BreakKind.BEYOND_HEAD, head["beyond"], None, told)
    return None


def verify(
    work: UnitOfWork,
    tenant_id: UUID,
    *,
    expected: bytes | None = None,
    after: int = 0,
    most: int | None = None,
) -> Verification:
    """Walk the chain of a tenant; the work may be the tenant's or the system's. Stops at the first break.

    expected: a hash noted earlier; that it is met proves every entry up to it. after: the number to go on after,
    taken as sound. most: how many entries are read at most. What is added meanwhile is left for the next time.
    """
    sql = load_queries(_FOLDER)
    head = work.fetch_one(sql["read_head"], {"tenant": tenant_id}) or {}
    start, broken = _start(work, tenant_id, after)
    walk = _Walk(after, start, expected)
    complete = broken is None
    if broken is None:
        # One more than is asked for tells whether the walk came to the end.
        limit = None if most is None else most + 1
        names = {"tenant": tenant_id, "after": after, "head": head["sequence"] or 0, "limit": limit}
        for row in _links(work, names):
            complete = walk.entries != most
            broken = walk.fault(row) if complete else walk.repeated(row)
            if broken is not None or not complete:
                break
    if broken is None and complete:
        broken = _end(walk, head)
        if broken is None and expected is not None and not walk.met and after == 0:
            told = "the expected hash is nowhere in the chain: what stood there was rewritten or cut off"
            broken = Break(BreakKind.UNEXPECTED, walk.sequence, None, told)
    return Verification(
        tenant_id=tenant_id,
        entries=walk.entries,
        sequence=walk.sequence,
        hash=walk.hash,
        head_sequence=head["sequence"],
        head_hash=head["hash"],
        complete=complete and broken is None,
        expected_found=None if expected is None else walk.met,
        broken=broken,
    )


def verify_every_chain(system: Database) -> Iterator[Verification]:
    """Verify the chain of every tenant, each in a transaction of its own; `system` sees all of them."""
    with system.transaction(None) as work:
        tenants = [row["tenant_id"] for row in work.fetch_all(load_queries(_FOLDER)["list_chains"])]
    for tenant in tenants:
        with system.transaction(None) as work:
            found = verify(work, tenant)
        yield found
