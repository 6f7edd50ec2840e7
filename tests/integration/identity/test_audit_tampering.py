"""Whatever somebody does to the audit log who may do everything, verification names the first link that broke."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.identity.audit.chain import FIELDS, GENESIS, digest
from functions.identity.audit.verification import Break, BreakKind, Verification, verify
from infra.local.postgres import Postgres
from shared.db.connection import Connection
from shared.db.unit_of_work import Database, UnitOfWork
from tests.fixtures.engines import TestDatabase
from tests.integration.database.conftest import HOUSE
from tests.integration.database.rows import add_tenant
from tests.integration.identity.acts import fill_log, intruder

ENTRIES = 6
NEIGHBOUR = UUID("00000000-0000-7000-8000-00000000000c")

# One byte or one digit of each column changed, to another valid value.
CHANGES = {
    "id": "overlay(id::text PLACING CASE right(id::text, 1) WHEN '0' THEN '1' ELSE '0' END FROM 36)::uuid",
    "occurred_at": "occurred_at + interval '1 microsecond'",
    "action": "overlay(action PLACING 'S' FROM 1)",
    "actor_type": "CASE actor_type WHEN 'user' THEN 'system' ELSE 'user' END",
    "actor_id": "CASE WHEN actor_id IS NULL THEN tenant_id END",
    "subject_type": "subject_type || ' '",
    "subject_id": "CASE WHEN subject_id IS NULL THEN tenant_id"
    " ELSE overlay(subject_id::text PLACING CASE left(subject_id::text, 1) WHEN 'f' THEN '0' ELSE 'f' END"
    " FROM 1)::uuid END",
    "request_id": "CASE WHEN request_id IS NULL THEN '' ELSE upper(request_id) END",
    "details": 'details || \'{"number": "1"}\'',
    "previous_hash": "set_bit(previous_hash, 255, 1 - get_bit(previous_hash, 255))",
    "hash": "set_bit(hash, 0, 1 - get_bit(hash, 0))",
}


@pytest.fixture(scope="module")
def log(postgres: Postgres, template_database: str) -> Iterator[TestDatabase]:
    """A database whose house has six entries and whose neighbour has two; each test undoes what it does."""
    postgres.create_database("test_audit_tampering", template_database)
    database = TestDatabase(postgres, "test_audit_tampering")
    app = Database(database.settings())
    add_tenant(app, NEIGHBOUR)
    fill_log(app, HOUSE, ENTRIES)
    fill_log(app, NEIGHBOUR, 2)
    app.close()
    yield database
    postgres.drop_database(database.name)


@pytest.fixture
def hand(log: TestDatabase) -> Iterator[Connection]:
    """The hand that tampers."""
    with intruder(log) as connection:
        yield connection


def verdict(connection: Connection, **options: Any) -> Verification:
    return verify(UnitOfWork(connection, None), HOUSE, **options)


def broken(connection: Connection, **options: Any) -> Break:
    found = verdict(connection, **options)
    assert found.broken is not None
    assert not found.complete
    assert verify(UnitOfWork(connection, None), NEIGHBOUR).broken is None
    return found.broken


def ids(connection: Connection) -> dict[int, UUID]:
    rows = connection.execute(
        "SELECT sequence, id FROM identity.audit_log WHERE tenant_id = %s", [HOUSE]
    ).fetchall()
    return {row["sequence"]: row["id"] for row in rows}


def rewrite(connection: Connection, sequence: int, previous: bytes | None = None, **changes: str) -> bytes:
    """Change an entry and give it the hash it should have; return that."""
    row = connection.execute(
        "SELECT * FROM identity.audit_log WHERE tenant_id = %s AND sequence = %s", [HOUSE, sequence]
    ).fetchone()
    assert row is not None
    was = row["previous_hash"] if previous is None else previous
    told = connection.execute(
        "SELECT (extract(epoch FROM %s::timestamptz) * 1000000)::bigint AS at, %s::jsonb::text AS details",
        [row["occurred_at"], json.dumps(row["details"])],
    ).fetchone()
    assert told is not None
    entry = {name: None if row[name] is None else str(row[name]) for name in FIELDS}
    entry |= {
        "sequence": sequence,
        "occurred_at": told["at"],
        "details": told["details"],
        "previous_hash": was,
    }
    entry |= changes
    made = digest(entry)
    connection.execute(
        "UPDATE identity.audit_log SET action = %(action)s, previous_hash = %(was)s, hash = %(made)s"
        " WHERE tenant_id = %(house)s AND sequence = %(sequence)s",
        {"action": entry["action"], "was": was, "made": made, "house": HOUSE, "sequence": sequence},
    )
    return made


def rewrite_from(connection: Connection, sequence: int) -> bytes:
    """Change an entry and rewrite all that follow, so that every hash fits; return the new last one."""
    made = rewrite(connection, sequence, action="session.invented")
    for number in range(sequence + 1, ENTRIES + 1):
        made = rewrite(connection, number, made)
    return made


def run(connection: Connection, statement: str, **names: Any) -> None:
    """Run a statement on the house's log."""
    done = connection.execute(statement.encode(), {"house": HOUSE, **names})
    assert done.rowcount > 0


def test_a_log_that_nobody_touched_is_intact(hand: Connection) -> None:
    found = verdict(hand)

    assert (found.entries, found.sequence, found.head_sequence) == (ENTRIES, ENTRIES, ENTRIES)
    assert (found.complete, found.broken, found.expected_found) == (True, None, None)
    assert found.hash == found.head_hash


def test_a_tenant_without_an_entry_is_intact(log: TestDatabase, hand: Connection) -> None:
    found = verify(UnitOfWork(hand, None), UUID(int=9))

    assert (found.entries, found.hash, found.head_sequence, found.broken) == (0, GENESIS, None, None)


def test_every_column_has_its_change() -> None:
    assert set(CHANGES) | {"tenant_id", "sequence"} == {*FIELDS, "hash"}


@pytest.mark.parametrize("sequence", range(1, ENTRIES + 1))
@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_byte_is_found_in_any_column_of_any_entry(
    hand: Connection, column: str, sequence: int
) -> None:
    statement = f"UPDATE identity.audit_log SET {column} = {CHANGES[column]}"  # noqa: S608 - of this file
    run(hand, statement + " WHERE tenant_id = %(house)s AND sequence = %(n)s", n=sequence)

    found = broken(hand)

    assert (found.kind, found.sequence) == (BreakKind.ALTERED, sequence)
    assert found.id == ids(hand)[sequence]
    assert str(sequence) in found.explanation


@given(
    sequence=st.integers(1, ENTRIES),
    column=st.sampled_from(["previous_hash", "hash"]),
    bit=st.integers(0, 255),
)
def test_any_bit_of_a_hash_counts(log: TestDatabase, sequence: int, column: str, bit: int) -> None:
    with intruder(log) as hand:
        changed = f"set_bit({column}, %(bit)s, 1 - get_bit({column}, %(bit)s))"
        statement = f"UPDATE identity.audit_log SET {column} = {changed}"  # noqa: S608 - of this file
        run(hand, statement + " WHERE tenant_id = %(house)s AND sequence = %(n)s", n=sequence, bit=bit)
        found = broken(hand)

    assert (found.kind, found.sequence) == (BreakKind.ALTERED, sequence)


@pytest.mark.parametrize("sequence", range(1, ENTRIES + 1))
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM identity.audit_log WHERE tenant_id = %(house)s AND sequence = %(n)s",
        "UPDATE identity.audit_log SET tenant_id = %(thief)s WHERE tenant_id = %(house)s AND sequence = %(n)s",
        "UPDATE identity.audit_log SET sequence = sequence + 100 WHERE tenant_id = %(house)s AND sequence = %(n)s",
    ],
    ids=["deleted", "given away", "renumbered"],
)
def test_a_missing_entry_is_named(hand: Connection, statement: str, sequence: int) -> None:
    run(hand, statement, n=sequence, **({"thief": UUID(int=9)} if "thief" in statement else {}))

    found = broken(hand)

    last = sequence == ENTRIES
    assert (found.kind, found.sequence) == (BreakKind.CUT if last else BreakKind.MISSING, sequence)
    assert found.id is None


def test_an_emptied_log_is_found(hand: Connection) -> None:
    run(hand, "DELETE FROM identity.audit_log WHERE tenant_id = %(house)s")

    assert (broken(hand).kind, broken(hand).sequence) == (BreakKind.CUT, 1)


_SWAP = """
UPDATE identity.audit_log SET sequence = 7 - sequence{more}
WHERE tenant_id = %(house)s AND sequence IN (3, 4)
"""


def test_two_entries_that_changed_places_are_found(hand: Connection) -> None:
    before = ids(hand)
    run(hand, _SWAP.format(more=""))

    found = broken(hand)

    assert (found.kind, found.sequence, found.id) == (BreakKind.ALTERED, 3, before[4])


def test_two_entries_that_changed_places_with_fitting_hashes_are_found(hand: Connection) -> None:
    run(hand, _SWAP.format(more=""))
    rewrite(hand, 4)
    rewrite(hand, 3)

    assert (broken(hand).kind, broken(hand).sequence) == (BreakKind.UNLINKED, 3)


_COPY = """
INSERT INTO identity.audit_log SELECT (jsonb_populate_record(l, jsonb_build_object('id', %(id)s::text{more}))).*
FROM identity.audit_log l WHERE tenant_id = %(house)s AND sequence = %(n)s
"""


@pytest.mark.parametrize("sequence", range(1, ENTRIES + 1))
def test_an_inserted_entry_is_found(hand: Connection, sequence: int) -> None:
    more = ", 'occurred_at', l.occurred_at + interval '1 second'"
    run(hand, _COPY.format(more=more), n=sequence, id=UUID(int=77))

    found = broken(hand)

    # Of two entries with one number the forged one is named, or the second: the first still fits.
    assert found.sequence == sequence
    assert found.kind in (BreakKind.ALTERED, BreakKind.REPEATED)


def test_an_entry_that_was_inserted_beyond_the_end_is_found(hand: Connection) -> None:
    run(hand, _COPY.format(more=", 'sequence', 7"), n=6, id=UUID(int=77))

    assert (broken(hand).kind, broken(hand).sequence) == (BreakKind.BEYOND_HEAD, 7)


def test_an_end_that_was_cut_off_is_found(hand: Connection) -> None:
    run(hand, "DELETE FROM identity.audit_log WHERE tenant_id = %(house)s AND sequence > 4")

    found = verdict(hand)

    assert (found.broken and found.broken.kind, found.broken and found.broken.sequence) == (BreakKind.CUT, 5)
    assert (found.entries, found.sequence, found.head_sequence) == (4, 4, 6)


def test_an_entry_that_was_rewritten_with_its_hash_is_found_at_the_next(hand: Connection) -> None:
    rewrite(hand, 3, action="session.invented")

    assert (broken(hand).kind, broken(hand).sequence) == (BreakKind.UNLINKED, 4)


@pytest.mark.parametrize("sequence", range(1, ENTRIES + 1))
def test_an_end_that_was_rewritten_is_found_by_the_head(hand: Connection, sequence: int) -> None:
    rewrite_from(hand, sequence)

    assert (broken(hand).kind, broken(hand).sequence) == (BreakKind.HEAD_DIFFERS, ENTRIES)


@pytest.mark.parametrize(
    ("statement", "kind", "sequence"),
    [
        ("UPDATE identity.audit_heads SET hash = set_bit(hash, 9, 1 - get_bit(hash, 9)) WHERE tenant_id = %(house)s",
         BreakKind.HEAD_DIFFERS, 6),
        ("UPDATE identity.audit_heads SET sequence = 9 WHERE tenant_id = %(house)s", BreakKind.CUT, 7),
        ("UPDATE identity.audit_heads SET sequence = 4 WHERE tenant_id = %(house)s", BreakKind.HEAD_DIFFERS, 4),
        ("UPDATE identity.audit_heads h SET sequence = 4, hash = l.hash FROM identity.audit_log l"
         " WHERE l.tenant_id = h.tenant_id AND l.sequence = 4 AND h.tenant_id = %(house)s", BreakKind.BEYOND_HEAD, 5),
        ("DELETE FROM identity.audit_heads WHERE tenant_id = %(house)s", BreakKind.HEAD_MISSING, 1),
    ],
    ids=["another hash", "ahead", "behind", "set back", "gone"],
)  # fmt: skip
def test_a_forged_head_is_found(hand: Connection, statement: str, kind: BreakKind, sequence: int) -> None:
    run(hand, statement)

    assert (broken(hand).kind, broken(hand).sequence) == (kind, sequence)


def hashes(connection: Connection) -> dict[int, bytes]:
    rows = connection.execute(
        "SELECT sequence, hash FROM identity.audit_log WHERE tenant_id = %s", [HOUSE]
    ).fetchall()
    return {row["sequence"]: row["hash"] for row in rows}


def forge_all(connection: Connection) -> None:
    """Rewrite entries 4 to 6 and the head: a chain that holds, and is a lie."""
    made = rewrite_from(connection, 4)
    run(connection, "UPDATE identity.audit_heads SET hash = %(made)s WHERE tenant_id = %(house)s", made=made)


def cut_all(connection: Connection) -> None:
    """Cut entries 4 to 6 off and set the head back: a chain that holds, and is too short."""
    kept = hashes(connection)[3]
    run(connection, "DELETE FROM identity.audit_log WHERE tenant_id = %(house)s AND sequence > 3")
    run(
        connection,
        "UPDATE identity.audit_heads SET sequence = 3, hash = %(kept)s WHERE tenant_id = %(house)s",
        kept=kept,
    )


@pytest.mark.parametrize("forge", [forge_all, cut_all])
def test_what_is_rewritten_to_the_head_is_found_by_a_hash_that_was_kept_elsewhere(
    hand: Connection, forge: Callable[[Connection], None]
) -> None:
    noted = hashes(hand)
    forge(hand)

    assert verdict(hand).broken is None
    for sequence in (4, 5, 6):
        assert broken(hand, expected=noted[sequence]).kind == BreakKind.UNEXPECTED
    for sequence in (1, 2, 3):
        found = verdict(hand, expected=noted[sequence])
        assert (found.broken, found.expected_found) == (None, True)


def test_a_noted_hash_proves_what_was_there_while_the_log_grows(hand: Connection) -> None:
    for noted in hashes(hand).values():
        assert verdict(hand, expected=noted).expected_found is True
    assert verdict(hand, expected=bytes(31) + b"x").broken is not None


def test_a_noted_hash_that_was_met_before_the_break_is_told(hand: Connection) -> None:
    noted = hashes(hand)[2]
    run(hand, "DELETE FROM identity.audit_log WHERE tenant_id = %(house)s AND sequence = 4")

    found = verdict(hand, expected=noted)

    assert found.expected_found is True
    assert found.broken is not None


def in_pieces(connection: Connection, most: int) -> list[Verification]:
    """Walk the chain a few entries at a time, as a client of the API does."""
    found = [verdict(connection, most=most)]
    while found[-1].broken is None and not found[-1].complete:
        found.append(verdict(connection, most=most, after=found[-1].sequence))
    return found


@pytest.mark.parametrize("most", range(1, ENTRIES + 2))
def test_a_walk_in_pieces_comes_to_the_same_end(hand: Connection, most: int) -> None:
    pieces = in_pieces(hand, most)

    assert sum(piece.entries for piece in pieces) == ENTRIES
    assert pieces[-1].hash == verdict(hand).hash
    assert all(piece.entries <= most for piece in pieces)


@pytest.mark.parametrize("most", range(1, ENTRIES + 2))
@pytest.mark.parametrize("sequence", range(1, ENTRIES + 1))
def test_a_walk_in_pieces_finds_an_inserted_entry_too(hand: Connection, most: int, sequence: int) -> None:
    more = ", 'occurred_at', l.occurred_at + interval '1 second'"
    run(hand, _COPY.format(more=more), n=sequence, id=UUID(int=77))

    last = in_pieces(hand, most)[-1].broken

    assert last is not None
    assert last.sequence == sequence


def test_json_that_nests_too_deep_to_be_read_is_an_altered_entry(hand: Connection) -> None:
    deep = "[" * 3000 + "]" * 3000
    run(
        hand,
        "UPDATE identity.audit_log SET details = ('{\"a\": ' || %(deep)s || '}')::jsonb"
        " WHERE tenant_id = %(house)s AND sequence = 2",
        deep=deep,
    )

    assert (broken(hand).kind, broken(hand).sequence) == (BreakKind.ALTERED, 2)
