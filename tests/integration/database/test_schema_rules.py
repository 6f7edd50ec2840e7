"""The rules that every table keeps, checked in the catalog of the database itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from infra.local.postgres import APP, OWNER, SUPERUSER
from tests.fixtures.engines import TestDatabase
from tests.integration.database.schema import SCHEMAS, partitions, tables

SYSTEM = "robo_system"


@pytest.fixture
def catalog(database: TestDatabase) -> Iterator[psycopg.Connection[Any]]:
    """The database, seen by its administrator."""
    with psycopg.connect(database.dsn(SUPERUSER)) as connection:
        yield connection


def names(connection: psycopg.Connection[Any], query: str, *parameters: Any) -> list[str]:
    return [row[0] for row in connection.execute(query.encode(), parameters or None).fetchall()]


def test_every_table_belongs_to_a_tenant(catalog: psycopg.Connection[Any]) -> None:
    with_tenant = names(
        catalog,
        """SELECT table_schema || '.' || table_name FROM information_schema.columns
        WHERE table_schema = ANY(%s) AND column_name = 'tenant_id' AND is_nullable = 'NO' AND data_type = 'uuid'""",
        list(SCHEMAS),
    )

    assert {*tables(catalog), *partitions(catalog)} - set(with_tenant) == {"identity.tenants"}
    assert len(tables(catalog)) > 20


def test_every_tenant_is_one_of_ours(catalog: psycopg.Connection[Any]) -> None:
    tied = names(
        catalog,
        """SELECT conrelid::regclass::text FROM pg_constraint
        WHERE contype = 'f' AND confrelid = 'identity.tenants'::regclass
          AND conkey = (SELECT array_agg(attnum) FROM pg_attribute
                        WHERE attrelid = conrelid AND attname = 'tenant_id')""",
    )

    assert set(tied) == {*tables(catalog), *partitions(catalog)} - {"identity.tenants"}


def test_every_table_stands_behind_the_wall(catalog: psycopg.Connection[Any]) -> None:
    walled = names(
        catalog,
        """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid
        WHERE c.relrowsecurity AND c.relforcerowsecurity AND p.polname = 'tenant_wall' AND p.polcmd = '*'
          AND p.polpermissive AND p.polroles = '{0}'
          AND pg_get_expr(p.polqual, p.polrelid) ~ '^\\((tenant_id|id) = kernel.tenant\\(\\)\\)$'
          AND pg_get_expr(p.polwithcheck, p.polrelid) = pg_get_expr(p.polqual, p.polrelid)""",
    )

    assert sorted(walled) == sorted([*tables(catalog), *partitions(catalog)])


_TABLE_OF = "(SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid)"


def test_nobody_comes_to_a_partition_but_through_its_table(catalog: psycopg.Connection[Any]) -> None:
    granted = names(
        catalog,
        """SELECT c.oid::regclass::text FROM pg_class c
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL
        WHERE c.relispartition AND (c.relacl IS NOT NULL OR a.attacl IS NOT NULL)""",
    )

    assert granted == []
    assert len(partitions(catalog)) >= 5


_LACKING = f"""
SELECT c.oid::regclass::text FROM pg_class c WHERE c.relispartition AND c.relkind = 'r' AND EXISTS (
    SELECT FROM pg_trigger t WHERE t.tgrelid = {_TABLE_OF} AND NOT t.tgisinternal AND NOT EXISTS (
        SELECT FROM pg_trigger o WHERE o.tgrelid = c.oid AND o.tgenabled = 'O'
            AND (o.tgname, o.tgtype, o.tgfoid) = (t.tgname, t.tgtype, t.tgfoid)))
"""  # noqa: S608 - our own words


def test_a_partition_has_every_trigger_of_its_table(catalog: psycopg.Connection[Any]) -> None:
    assert names(catalog, _LACKING) == []

    # The walk would see one that is missing.
    part = next(name for name in partitions(catalog) if name.startswith("identity.audit_log_"))
    catalog.execute(f"DROP TRIGGER append_only ON {part}".encode())
    assert names(catalog, _LACKING) == [part]
    catalog.rollback()


def test_a_table_in_months_has_them_without_a_gap_and_no_default(catalog: psycopg.Connection[Any]) -> None:
    catalog.execute("SET LOCAL TimeZone = 'UTC'")
    bounds = catalog.execute(
        """SELECT i.inhparent::regclass::text, pg_get_expr(c.relpartbound, c.oid)
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid AND c.relkind = 'r'
        WHERE c.relispartition ORDER BY c.relname"""
    ).fetchall()
    ends = [re.findall(r"'([^']+)'", bound) for _, bound in bounds]

    assert {table for table, _ in bounds} == {"identity.audit_log"}
    assert [end for _, end in ends[:-1]] == [start for start, _ in ends[1:]]
    assert all(re.fullmatch(r"\d{4}-\d\d-01 00:00:00\+00", start) for start, _ in ends)


SWEPT = ("idempotency_keys", "one_time_tokens", "outbox", "refresh_tokens", "revoked_tokens", "sessions")


def test_only_the_system_sees_over_the_wall_and_only_at_stalled_work(
    catalog: psycopg.Connection[Any],
) -> None:
    found = catalog.execute(
        """SELECT polrelid::regclass::text, polcmd, polroles::regrole[]::text FROM pg_policy
        WHERE polname NOT IN ('tenant_wall', 'sweep') ORDER BY 1"""
    ).fetchall()

    assert found == [
        ("agency.workflow_runs", "r", f"{{{SYSTEM}}}"),
        ("identity.audit_heads", "r", f"{{{SYSTEM}}}"),
        ("identity.audit_log", "r", f"{{{SYSTEM}}}"),
        ("identity.outbox", "*", f"{{{SYSTEM}}}"),
        # Who can name a tenant may see its row: that is how a login finds it.
        ("identity.tenants", "r", f"{{{APP}}}"),
        ("identity.webhook_deliveries", "r", f"{{{SYSTEM}}}"),
        # Which tenants have documents, and which of these nothing works on; not what they are called or say.
        ("knowledge.documents", "r", f"{{{SYSTEM}}}"),
    ]


def test_the_sweep_deletes_what_has_run_out_and_reads_nothing(catalog: psycopg.Connection[Any]) -> None:
    found = catalog.execute(
        """SELECT polrelid::regclass::text, polcmd, polroles::regrole[]::text, pg_get_expr(polqual, polrelid)
        FROM pg_policy WHERE polname = 'sweep' ORDER BY 1"""
    ).fetchall()

    assert [row[:3] for row in found] == [(f"identity.{name}", "d", f"{{{SYSTEM}}}") for name in SWEPT]
    assert all("now()" in row[3] for row in found)


def test_the_system_may_touch_these_tables_and_nothing_else(catalog: psycopg.Connection[Any]) -> None:
    found = catalog.execute(
        """SELECT table_schema || '.' || table_name, array_agg(privilege_type::text ORDER BY privilege_type)
        FROM information_schema.role_table_grants WHERE grantee = %s GROUP BY 1 ORDER BY 1""",
        [SYSTEM],
    ).fetchall()

    assert found == [
        ("agency.workflow_runs", ["SELECT"]),
        ("identity.audit_heads", ["SELECT"]),
        ("identity.audit_log", ["SELECT"]),
        ("identity.idempotency_keys", ["DELETE"]),
        ("identity.one_time_tokens", ["DELETE"]),
        ("identity.outbox", ["DELETE", "SELECT", "UPDATE"]),
        ("identity.refresh_tokens", ["DELETE"]),
        ("identity.revoked_tokens", ["DELETE"]),
        ("identity.sessions", ["DELETE"]),
        ("identity.webhook_deliveries", ["SELECT"]),
    ]


@pytest.mark.parametrize("role", [APP, SYSTEM])
def test_those_who_serve_requests_own_nothing_and_may_make_nothing(
    catalog: psycopg.Connection[Any], role: str
) -> None:
    owned = names(
        catalog,
        """SELECT oid::regclass::text FROM pg_class WHERE relowner = %s::regrole
        UNION SELECT nspname FROM pg_namespace WHERE nspowner = %s::regrole
        UNION SELECT proname FROM pg_proc WHERE proowner = %s::regrole""",
        role,
        role,
        role,
    )
    makes = names(
        catalog,
        "SELECT nspname FROM pg_namespace WHERE has_schema_privilege(%s, oid, 'CREATE') AND nspname !~ '^pg_temp'",
        role,
    )
    flags = catalog.execute(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles WHERE rolname = %s",
        [role],
    ).fetchone()

    assert owned == []
    assert makes == []
    assert flags == (False, False, False, False, False)
    assert (
        names(catalog, "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = %s::regrole", role)
        == []
    )


def test_the_owner_cannot_look_over_the_wall_either(catalog: psycopg.Connection[Any]) -> None:
    found = catalog.execute(
        "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = %s", [OWNER]
    ).fetchone()

    assert found == (False, False)


@pytest.mark.parametrize("privilege", ["TRUNCATE", "REFERENCES", "TRIGGER"])
def test_nobody_may_go_around_the_wall(catalog: psycopg.Connection[Any], privilege: str) -> None:
    found = names(
        catalog,
        """SELECT table_name FROM information_schema.role_table_grants
        WHERE privilege_type = %s AND grantee <> %s AND table_schema = ANY(%s)""",
        privilege,
        OWNER,
        list(SCHEMAS),
    )

    assert found == []


def test_views_see_with_the_eyes_of_their_reader(catalog: psycopg.Connection[Any]) -> None:
    views = catalog.execute(
        """SELECT c.oid::regclass::text, c.reloptions FROM pg_class c
        WHERE c.relkind IN ('v', 'm') AND c.relnamespace::regnamespace::text = ANY(%s)""",
        [list(SCHEMAS)],
    ).fetchall()

    assert views
    assert all("security_invoker=true" in (options or []) for _, options in views)


def test_only_the_chain_of_the_audit_log_borrows_its_owners_rights(catalog: psycopg.Connection[Any]) -> None:
    found = catalog.execute(
        """SELECT oid::regprocedure::text, prorettype::regtype::text, proconfig,
             has_function_privilege('public', oid, 'EXECUTE')
        FROM pg_proc WHERE prosecdef AND pronamespace::regnamespace::text = ANY(%s)""",
        [list(SCHEMAS)],
    ).fetchall()

    # A trigger of the log: nobody can call it, and no schema of somebody else's decides what its names mean.
    assert found == [
        ("identity.chain_audit_entry()", "trigger", ["search_path=pg_catalog, pg_temp"], False),
    ]


def test_the_application_adds_plain_columns_to_the_audit_log_and_reads_it(
    catalog: psycopg.Connection[Any],
) -> None:
    found = catalog.execute(
        """SELECT table_name, privilege_type, array_agg(column_name::text ORDER BY column_name)
        FROM information_schema.column_privileges WHERE grantee = %s AND table_name ~ '^audit_'
        GROUP BY 1, 2 ORDER BY 1, 2""",
        [APP],
    ).fetchall()
    given = [(table, privilege) for table, privilege, _ in found]
    columns = {(table, privilege): listed for table, privilege, listed in found}

    assert given == [("audit_heads", "SELECT"), ("audit_log", "INSERT"), ("audit_log", "SELECT")]
    assert set(columns["audit_log", "SELECT"]) - set(columns["audit_log", "INSERT"]) == {
        "id",
        "sequence",
        "occurred_at",
        "previous_hash",
        "hash",
    }


_BARE_KEYS = """
SELECT f.conrelid::regclass::text FROM pg_constraint f
WHERE f.contype = 'f' AND f.connamespace::regnamespace::text = ANY(%s)
  AND NOT EXISTS (
    SELECT FROM pg_index i WHERE i.indrelid = f.conrelid AND i.indpred IS NULL
      AND (SELECT array_agg(k ORDER BY k) FROM unnest((i.indkey::int2[])[0:cardinality(f.conkey) - 1]) k)
        = (SELECT array_agg(k ORDER BY k) FROM unnest(f.conkey) k))
"""


def test_every_foreign_key_has_an_index_that_starts_with_it(catalog: psycopg.Connection[Any]) -> None:
    assert names(catalog, _BARE_KEYS, list(SCHEMAS)) == []

    # The walk would see one that is missing.
    catalog.execute("DROP INDEX agency.projects_lead")
    assert names(catalog, _BARE_KEYS, list(SCHEMAS)) == ["agency.projects"]
    catalog.rollback()


def test_every_key_and_unique_rule_is_a_tenants_own(catalog: psycopg.Connection[Any]) -> None:
    shared = names(
        catalog,
        """SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE i.indisunique AND c.relnamespace::regnamespace::text = ANY(%s)
          AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
                          AND a.attnum = i.indkey[0])""",
        list(SCHEMAS),
    )

    assert shared == ["identity.tenants_pkey", "identity.tenants_slug_key"]


def test_a_foreign_key_never_leads_to_another_tenant(catalog: psycopg.Connection[Any]) -> None:
    loose = names(
        catalog,
        """SELECT format('%%s %%s', conrelid::regclass, conname) FROM pg_constraint f
        WHERE contype = 'f' AND connamespace::regnamespace::text = ANY(%s)
          AND confrelid <> 'identity.tenants'::regclass
          AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = f.conrelid AND a.attname = 'tenant_id'
                          AND a.attnum = ANY(f.conkey))""",
        list(SCHEMAS),
    )

    assert loose == []


def test_nothing_is_deleted_because_something_else_is(catalog: psycopg.Connection[Any]) -> None:
    assert (
        names(catalog, "SELECT conname FROM pg_constraint WHERE contype = 'f' AND confdeltype <> 'a'") == []
    )


def test_every_status_is_there_and_one_of_its_list(catalog: psycopg.Connection[Any]) -> None:
    columns = catalog.execute(
        """SELECT a.attrelid::regclass::text, a.attnotnull, EXISTS (
             SELECT FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'c'
               AND k.conkey = ARRAY[a.attnum] AND pg_get_constraintdef(k.oid) ~ 'ANY')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
        WHERE a.attname = 'status' AND c.relnamespace::regnamespace::text = ANY(%s)""",
        [list(SCHEMAS)],
    ).fetchall()

    assert len(columns) > 8
    assert [table for table, there, listed in columns if not (there and listed)] == []


def test_every_time_has_a_zone(catalog: psycopg.Connection[Any]) -> None:
    found = names(
        catalog,
        """SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = ANY(%s) AND data_type ~ '^time' AND data_type <> 'timestamp with time zone'""",
        list(SCHEMAS),
    )

    assert found == []


def test_every_updated_at_is_kept_by_the_database(catalog: psycopg.Connection[Any]) -> None:
    having = names(
        catalog,
        """SELECT table_schema || '.' || table_name FROM information_schema.columns
        JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = ANY(%s) AND column_name = 'updated_at' AND table_type = 'BASE TABLE'""",
        list(SCHEMAS),
    )
    kept = names(
        catalog,
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'kernel.touch'::regproc AND tgenabled = 'O'",
    )

    assert sorted(having) == sorted(kept)
    assert len(having) > 8


def test_money_and_counts_are_whole_and_scores_refuse_nan(catalog: psycopg.Connection[Any]) -> None:
    floating = names(
        catalog,
        """SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = ANY(%s) AND data_type IN ('real', 'double precision', 'money')""",
        list(SCHEMAS),
    )
    money = names(
        catalog,
        """SELECT DISTINCT data_type FROM information_schema.columns
        WHERE table_schema = ANY(%s) AND column_name ~ '(_microusd|_cost)$'""",
        list(SCHEMAS),
    )

    assert floating == []
    assert money == ["bigint"]
