"""The database and Python hash the same bytes, whatever a row holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from functions.identity.audit.chain import canonical, digest, field, json_form
from shared.db.connection import Connection
from tests.fixtures.engines import TestDatabase

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGEST = """
SELECT identity.audit_digest(%(tenant_id)s::uuid, %(sequence)s::bigint, %(id)s::uuid, %(occurred_at)s::timestamptz,
    %(action)s::text, %(actor_type)s::text, %(actor_id)s::uuid, %(subject_type)s::text, %(subject_id)s::uuid,
    %(request_id)s::text, %(details)s::jsonb, %(previous_hash)s::bytea) AS hash,
    (%(details)s::jsonb)::text AS details
"""

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
hostile = st.sampled_from(
    [
        "",
        "-",
        "1:a",
        "4:null",
        '"',
        "\\",
        "\\u0000",
        "{}",
        "'; --",
        "é",
        "e\u0301",
        "ß",
        "\u202e",
        "𝔸",
        "\x7f",
        "\u2028",
    ]
)
words = texts | hostile
numbers = (
    st.integers(-(10**30), 10**30).map(str)
    | st.decimals(-(10**12), 10**12, allow_nan=False, places=6).map(str)
    | st.sampled_from(["0", "-0", "0.0", "-0.000", "1.0", "1e5", "1E-7", "10.010", "100", "1e40", "12.5e-3"])
)
documents = st.recursive(
    st.sampled_from(["null", "true", "false"]) | numbers | words.map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda items: "[" + ",".join(items) + "]")
        | st.dictionaries(words, inner, max_size=4).map(
            lambda members: (
                "{" + ",".join(f"{json.dumps(key)}: {value}" for key, value in members.items()) + "}"
            )
        )
    ),
    max_leaves=12,
)
ids = st.uuids().map(str)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
entries = st.fixed_dictionaries(
    {
        "tenant_id": ids,
        "sequence": st.integers(1, 2**63 - 1),
        "id": ids,
        "occurred_at": moments,
        "action": words,
        "actor_type": words,
        "actor_id": st.none() | ids,
        "subject_type": words,
        "subject_id": st.none() | ids,
        "request_id": st.none() | words,
        "details": documents,
        "previous_hash": st.binary(min_size=32, max_size=32),
    }
)
zones = st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham", "Europe/Berlin"])
styles = st.sampled_from(["ISO, MDY", "German, DMY", "SQL, DMY", "Postgres, MDY"])


@pytest.fixture(scope="module")
def connection(postgres: Any, template_database: str) -> Iterator[Connection]:
    """A connection that computes; it writes nothing."""
    postgres.create_database("test_audit_form", template_database)
    with psycopg.connect(
        TestDatabase(postgres, "test_audit_form").dsn(), autocommit=True, row_factory=dict_row
    ) as made:
        yield made
    postgres.drop_database("test_audit_form")


def one(connection: Connection, statement: str, values: dict[str, Any]) -> dict[str, Any]:
    row = connection.execute(statement.encode(), values).fetchone()
    assert row is not None
    return row


@given(entry=entries, zone=zones, style=styles)
@settings(max_examples=150)
def test_the_database_and_python_come_to_the_same_hash(
    connection: Connection, entry: dict[str, Any], zone: str, style: str
) -> None:
    connection.execute(
        "SELECT set_config('TimeZone', %s, false), set_config('DateStyle', %s, false)", [zone, style]
    )
    found = one(connection, _DIGEST, entry)
    micros = (entry["occurred_at"] - _EPOCH) // timedelta(microseconds=1)

    assert found["hash"] == digest({**entry, "occurred_at": micros, "details": found["details"]})


@given(first=documents, second=documents)
@settings(max_examples=150)
def test_two_documents_have_one_form_only_if_they_are_equal(
    connection: Connection, first: str, second: str
) -> None:
    found = one(
        connection,
        "SELECT identity.audit_json(%(a)s::jsonb) AS a, identity.audit_json(%(b)s::jsonb) AS b,"
        " %(a)s::jsonb = %(b)s::jsonb AS equal, (%(a)s::jsonb)::text AS printed",
        {"a": first, "b": second},
    )

    assert (found["a"] == found["b"]) == found["equal"]
    assert found["a"] == json_form(found["printed"])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1.0", "1"),
        ("-0.00", "0"),
        ("1e2", "100"),
        ('{"b": 1, "a": 2}', '{"a": 2, "b": 1}'),
        ('{"a": 1, "a": 2}', '{"a": 2}'),
        ('"\\u00e9"', '"é"'),
    ],
)
def test_spellings_of_one_document_have_one_form(connection: Connection, first: str, second: str) -> None:
    statement = "SELECT identity.audit_json(%(a)s::jsonb) = identity.audit_json(%(b)s::jsonb) AS same"

    assert one(connection, statement, {"a": first, "b": second}) == {"same": True}


@given(st.lists(st.none() | words, max_size=4), st.lists(st.none() | words, max_size=4))
def test_fields_do_not_flow_into_each_other(first: list[str | None], second: list[str | None]) -> None:
    assert ("".join(map(field, first)) == "".join(map(field, second))) == (first == second)


def test_the_form_is_the_documented_one() -> None:
    entry = {
        "tenant_id": "t",
        "sequence": 1,
        "id": "i",
        "occurred_at": 5,
        "action": "é",
        "actor_type": "user",
        "actor_id": None,
        "subject_type": "x",
        "subject_id": None,
        "request_id": "",
        "details": '{"b": [1.50, null], "a": "1"}',
        "previous_hash": bytes(2),
    }

    assert canonical(entry).decode() == (
        "roboagency.audit/11:t1:11:i1:52:é4:user-1:x-0:24:{1:as1:11:b[n3:1.5null]}4:0000"
    )
