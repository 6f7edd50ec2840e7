"""Runs migrations in process: no ini file, no shell."""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import command, op
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

FOLDER = Path(__file__).parent


def run_sql(name: str) -> None:
    """Execute `sql/<name>.sql` in the transaction of the migration, untouched by any parameter syntax."""
    statement = (FOLDER / "sql" / f"{name}.sql").read_bytes()
    connection = op.get_bind().connection.driver_connection
    if connection is None:
        raise RuntimeError("the migration has no open connection")
    connection.execute(statement)


def _configuration(connection: psycopg.Connection[object]) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(FOLDER))
    configuration.attributes["engine"] = create_engine(
        "postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool
    )
    return configuration


def upgrade(connection: psycopg.Connection[object], revision: str = "head") -> None:
    """Bring the database up to `revision`. `connection` belongs to the owner and must be idle."""
    command.upgrade(_configuration(connection), revision)


def downgrade(connection: psycopg.Connection[object], revision: str) -> None:
    """Take the database down to `revision` (`base`: empty)."""
    command.downgrade(_configuration(connection), revision)
