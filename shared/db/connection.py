"""A connection to PostgreSQL, as the settings say."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from shared.errors import DependencyUnavailable
from shared.settings import DatabaseSettings

Connection = psycopg.Connection[DictRow]


def _iam_token(settings: DatabaseSettings, user: str) -> str:
    """Sign a login of 15 minutes; no call leaves the function."""
    import boto3

    client: Any = boto3.client("rds")
    return str(
        client.generate_db_auth_token(
            DBHostname=settings.database_host, Port=settings.database_port, DBUsername=user
        )
    )


def connect(
    settings: DatabaseSettings, user: str | None = None, *, password: str | None = None
) -> Connection:
    """Open a connection as `user` (default: the application's). Raises DependencyUnavailable.

    password: instead of what the settings say about logins; the administrator of a new database has one.

    Statements are never prepared on the server, so that a proxy can share its connections.
    """
    login = user or settings.database_user
    if password is None and settings.database_login == "iam":
        password = _iam_token(settings, login)
    try:
        return psycopg.connect(
            host=settings.database_host,
            port=settings.database_port,
            dbname=settings.database_name,
            user=login,
            password=password,
            sslmode=settings.database_tls,
            connect_timeout=5,
            application_name="roboagency",
            prepare_threshold=None,
            row_factory=dict_row,
        )
    except psycopg.OperationalError as error:
        raise DependencyUnavailable("The database does not answer.") from error
