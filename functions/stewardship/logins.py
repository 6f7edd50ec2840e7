"""The logins of the database, made by its administrator before the first migration and looked at before every other.

On RDS the administrator is no superuser: it may make roles and hand on `rds_iam`, whose members log in with IAM
tokens and with nothing else. In PostgreSQL 16 and later whoever makes a role, or may hand one on, is a member of it:
where RDS goes by that, it takes a token from the administrator and no password. So both are tried.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

import shared.db
from shared.adapters.secrets import SecretMissing
from shared.db.connection import Connection, connect
from shared.db.queries import load_queries
from shared.errors import DependencyUnavailable
from shared.settings import MigrationSettings

_FOLDER = Path(__file__).parent
_ROLES = Path(shared.db.__file__).parent / "roles.sql"


class Administrator(BaseModel):
    """Who RDS made with the instance: what its secret holds."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    username: str
    password: SecretStr


class PowerfulLogin(RuntimeError):
    """A login of the product may do more than the product's own rights: row level security would not hold it."""


def read_administrator(secret: str) -> Administrator:
    """Read the JSON of a secret that RDS manages. Raises SecretMissing, which does not repeat what it found."""
    found = _parsed(secret)
    if found is None:
        raise SecretMissing("The secret of the database's administrator is not one that RDS keeps.")
    return found


def _parsed(secret: str) -> Administrator | None:
    try:
        return Administrator.model_validate(json.loads(secret))
    except (ValueError, ValidationError):
        return None


def ensure_logins(settings: MigrationSettings, administrator: Administrator) -> None:
    """Make the three logins where they are missing, and give each what it needs to log in and, the owner, to migrate.

    Doing it again changes nothing. Raises DependencyUnavailable when the administrator cannot log in, PowerfulLogin
    when a login is a superuser or passes row level security, or may make roles or databases.
    """
    sql = load_queries(_FOLDER)
    with _connect(settings, administrator) as connection:
        connection.execute(sql["lock_logins"].encode())
        connection.execute(_ROLES.read_bytes())
        powerful = connection.execute(sql["list_powerful_logins"].encode()).fetchall()
        if powerful:
            raise PowerfulLogin(f"these logins may do too much: {', '.join(row['name'] for row in powerful)}")
        connection.execute(sql["let_logins_use_tokens"].encode())
        connection.execute(sql["open_database_to_logins"].encode())


def _connect(settings: MigrationSettings, administrator: Administrator) -> Connection:
    password = administrator.password.get_secret_value()
    try:
        return connect(settings, administrator.username, password=password)
    except DependencyUnavailable:
        if settings.database_login != "iam":
            raise
    return connect(settings, administrator.username)
