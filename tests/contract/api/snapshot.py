"""Every row of a tenant, to see whether anything has changed."""

from __future__ import annotations

import re
from functools import cache

from tests.contract.api.house import House
from tests.contract.api.stage import Tenancy

# Columns that say when somebody was last there, and nothing else: a request that is refused may move them.
_PRESENCE = {"last_seen_at", "last_used_at", "updated_at"}
_TABLES = """
SELECT format('%%I.%%I', table_schema, table_name) AS name,
    string_agg(format('%%I', column_name), ', ' ORDER BY ordinal_position) AS columns
FROM information_schema.columns
WHERE (table_schema, table_name) IN (
    SELECT table_schema, table_name FROM information_schema.columns WHERE column_name = 'tenant_id'
) AND (table_schema, table_name) IN (
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
) AND column_name <> ALL (%(presence)s)
GROUP BY 1 ORDER BY 1
"""
_ROWS = "SELECT {} FROM {} WHERE tenant_id = %(tenant)s"
# Columns that say who or what something is.
_TELLING = re.compile(r"(^|_)(id|email|name|username|slug|prefix|url|key)$")


@cache
def _tables(house: House) -> list[tuple[str, str]]:
    rows = Tenancy(house, house.nobody).rows(_TABLES, presence=list(_PRESENCE))
    return [(row["name"], row["columns"]) for row in rows]


def snapshot(tenancy: Tenancy) -> dict[str, str]:
    """Return table → a digest of all rows of the tenant, whatever their order."""
    digest = "(SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM (SELECT {} FROM {} WHERE {}) t)"
    parts = [
        f"{digest.format(columns, name, 'tenant_id = %(tenant)s')} AS table_{number}"
        for number, (name, columns) in enumerate(_tables(tenancy.house))
    ]
    (row,) = tenancy.rows(f"SELECT {', '.join(parts)}")
    return {name: row[f"table_{number}"] for number, (name, _) in enumerate(_tables(tenancy.house))}


def words_of(tenancy: Tenancy) -> frozenset[str]:
    """Return every id, address and name that stands in the rows of a tenant."""
    found: set[str] = set()
    for name, columns in _tables(tenancy.house):
        for row in tenancy.rows(_ROWS.format(columns, name)):
            for column, value in row.items():
                if _TELLING.search(column) and value is not None and len(str(value)) > 5:
                    found.add(str(value))
    return frozenset(found)
