"""What a database holds, read from its own catalog."""

from __future__ import annotations

from typing import Any

import psycopg

SCHEMAS = ("kernel", "identity", "agency", "agents", "planning", "studio", "marketing", "knowledge")

_OBJECTS = {
    "schemas": """
        SELECT nspname, nspowner::regrole::text, nspacl::text FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1""",
    "relations": """
        SELECT c.oid::regclass::text, c.relkind, c.relowner::regrole::text, c.relacl::text, c.relrowsecurity,
               c.relforcerowsecurity, c.reloptions::text,
               CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relname !~ '^alembic_version'
        ORDER BY 1""",
    "columns": """
        SELECT a.attrelid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               a.attgenerated, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v')
          AND a.attnum > 0 AND NOT a.attisdropped AND c.relname !~ '^alembic_version' ORDER BY 1, 2""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace::regnamespace::text !~ '^(pg_|information_schema)' AND conname !~ '^alembic'
        ORDER BY 1, 2""",
    "indexes": """
        SELECT indrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i
        JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname !~ '^pg_' AND c.relname !~ '^alembic_version' ORDER BY 1, 2""",
    "policies": """
        SELECT polrelid::regclass::text, polname, polcmd, polroles::regrole[]::text,
               pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
        FROM pg_policy ORDER BY 1, 2""",
    "triggers": """
        SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger
        WHERE NOT tgisinternal ORDER BY 1, 2""",
    "functions": """
        SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid), p.proacl::text, p.proowner::regrole::text
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1""",
    "types": """
        SELECT t.oid::regtype::text, t.typtype FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND t.typname !~ 'alembic_version'
        ORDER BY 1""",
    "defaults": """SELECT defaclrole::regrole::text, defaclobjtype, defaclacl::text FROM pg_default_acl""",
}


def dump(connection: psycopg.Connection[Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything of ours that a database holds, by kind."""
    found = {kind: connection.execute(query.encode()).fetchall() for kind, query in _OBJECTS.items()}
    connection.rollback()
    return found


def tables(connection: psycopg.Connection[Any]) -> list[str]:
    """Return every table of our schemas as `schema.table`; a partitioned one once, without its partitions."""
    return _relations(connection, partitions=False)


def partitions(connection: psycopg.Connection[Any]) -> list[str]:
    """Return every partition of a table of ours as `schema.table`."""
    return _relations(connection, partitions=True)


def _relations(connection: psycopg.Connection[Any], *, partitions: bool) -> list[str]:
    rows = connection.execute(
        """SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND c.relispartition = %s AND n.nspname = ANY(%s) ORDER BY 1""",
        [partitions, list(SCHEMAS)],
    ).fetchall()
    return [row[0] for row in rows]
