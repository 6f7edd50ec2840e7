"""Bringing a database to the newest migration."""

from __future__ import annotations

from psycopg.rows import tuple_row

from functions.stewardship.partitions import ensure_partitions
from shared.db.connection import Connection, connect
from shared.settings import OwnerDatabaseSettings

NEWEST = "0010"

_HOUSE = """
INSERT INTO identity.tenants (id, slug, name) VALUES (%(id)s, 'house', 'RoboAgency')
ON CONFLICT (id) DO UPDATE SET slug = 'house' WHERE tenants.slug <> 'house'
"""


def _current_revision(connection: Connection) -> str | None:
    found = connection.execute("SELECT to_regclass('public.alembic_version') AS found").fetchone()
    if found is None or found["found"] is None:
        return None
    row = connection.execute("SELECT version_num FROM public.alembic_version").fetchone()
    return None if row is None else str(row["version_num"])


def migrate(settings: OwnerDatabaseSettings) -> str:
    """Bring the database to the newest migration; return the revision.

    The house's tenant and the partitions of the months to come are made sure of every time.

    Alembic is imported only when there is something to migrate: a warm start does without it.
    """
    with connect(settings, settings.database_owner) as connection:
        if _current_revision(connection) != NEWEST:
            from shared.db.migrations.runner import upgrade

            connection.commit()
            connection.row_factory = tuple_row  # type: ignore[assignment]
            upgrade(connection)
    with connect(settings, settings.database_owner) as connection:
        tenant = settings.house_tenant_id
        connection.execute("SELECT set_config('app.tenant_id', %(id)s, true)", {"id": tenant})
        connection.execute(_HOUSE, {"id": tenant})
        revision = _current_revision(connection)
    ensure_partitions(settings)
    if revision is None:
        raise RuntimeError("the database has no revision after its migration")
    return revision
