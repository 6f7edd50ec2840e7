"""The logins of a new database, on a server that lets people in as RDS does.

There the administrator shows a password, members of `rds_iam` a token (here: nothing), and nobody else gets in; and
the administrator may make roles but is no superuser.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from functions.stewardship.events import migrate_database
from functions.stewardship.logins import Administrator, PowerfulLogin, ensure_logins
from functions.stewardship.migrations import NEWEST
from infra.local.postgres import DATABASE, SUPERUSER, Postgres
from shared.adapters.secrets import FakeSecrets
from shared.db.connection import connect
from shared.errors import DependencyUnavailable
from shared.settings import MigrationSettings
from tests.fixtures.engines import TestDatabase
from tests.integration.database.schema import dump

LOGINS = ["robo_app", "robo_owner", "robo_system"]
TENANT = "00000000-0000-7000-8000-000000000001"
_AS_RDS = f"""
local {DATABASE} robo_admin scram-sha-256
local {DATABASE} +rds_iam trust
local {DATABASE} {SUPERUSER} trust
local {DATABASE} all reject
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server of its own: its logins are not those of other tests."""
    folder = tmp_path_factory.mktemp("rds")
    made = Postgres(folder / "postgres", sync=False)
    made.start()
    made.stop()
    rules = folder / "postgres" / "data" / "pg_hba.conf"
    rules.write_text(_AS_RDS + rules.read_text(encoding="utf-8"), encoding="utf-8")
    with made:
        yield made


@pytest.fixture
def administrator(server: Postgres) -> Administrator:
    """The server as RDS hands it over: a database, its administrator, and none of the product's logins."""
    password = secrets.token_urlsafe(24)
    with closing(psycopg.connect(server.dsn("postgres", SUPERUSER), autocommit=True)) as connection:
        for statement in _FRESH:
            connection.execute(statement.encode())
        connection.execute(
            sql.SQL(
                "CREATE ROLE robo_admin LOGIN CREATEROLE CREATEDB PASSWORD {} IN ROLE rds_superuser"
            ).format(sql.Literal(password))
        )
        connection.execute(f"CREATE DATABASE {DATABASE} OWNER robo_admin".encode())
    return Administrator(username="robo_admin", password=SecretStr(password))


_FRESH = (
    f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)",
    "DROP ROLE IF EXISTS robo_owner, robo_app, robo_system, robo_admin, rds_superuser, rds_iam",
    "CREATE ROLE rds_iam",
    "CREATE ROLE rds_superuser",
    "GRANT rds_iam TO rds_superuser WITH ADMIN OPTION",
)


def settings(server: Postgres) -> MigrationSettings:
    given = TestDatabase(server, DATABASE).environment()
    return MigrationSettings.load(
        given
        | {
            "DATABASE_OWNER": "robo_owner",
            "HOUSE_TENANT_ID": TENANT,
            "DATABASE_ADMINISTRATOR_SECRET": "arn:administrator",
        }
    )


def ask(server: Postgres, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(server.dsn(DATABASE, SUPERUSER)) as connection:
        return connection.execute(query.encode()).fetchall()


def test_the_logins_are_made_once_and_take_tokens(server: Postgres, administrator: Administrator) -> None:
    for _ in range(2):
        ensure_logins(settings(server), administrator)

        assert ask(
            server,
            """SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb
            FROM pg_roles WHERE rolname IN ('robo_owner', 'robo_app', 'robo_system') ORDER BY 1""",
        ) == [(login, True, False, False, False, False) for login in LOGINS]
        assert ask(
            server,
            """SELECT member::regrole::text, count(*) FROM pg_auth_members
            WHERE roleid = 'rds_iam'::regrole AND member <> 'rds_superuser'::regrole GROUP BY 1 ORDER BY 1""",
        ) == [(login, 1) for login in LOGINS]
    for login in LOGINS:
        connect(settings(server), login).close()


def test_only_the_owner_may_make_anything_and_nobody_else_gets_in(
    server: Postgres, administrator: Administrator
) -> None:
    ensure_logins(settings(server), administrator)

    rights = ask(
        server,
        """SELECT login, has_database_privilege(login, current_database(), 'CONNECT'),
            has_database_privilege(login, current_database(), 'CREATE'),
            has_schema_privilege(login, 'public', 'CREATE')
        FROM unnest(ARRAY['robo_app', 'robo_owner', 'robo_system', 'rds_iam']) AS login ORDER BY login""",
    )
    assert rights == [
        ("rds_iam", False, False, False),
        ("robo_app", True, False, False),
        ("robo_owner", True, True, True),
        ("robo_system", True, False, False),
    ]


def test_a_deployment_makes_a_new_database_whole_and_changes_nothing_the_next_time(
    server: Postgres,
    administrator: Administrator,
    database: TestDatabase,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    password = administrator.password.get_secret_value()
    secret = f'{{"username": "robo_admin", "password": "{password}"}}'

    class Own:
        secrets = FakeSecrets({"arn:administrator": secret})

    monkeypatch.setattr(migrate_database, "container", Own)
    for name, value in settings(server).model_dump().items():
        monkeypatch.setenv(name.upper(), str(value))

    held = []
    for _ in range(2):
        assert migrate_database.handler({}, None) == {"revision": NEWEST}
        with psycopg.connect(server.dsn(DATABASE, SUPERUSER)) as connection:
            held.append(dump(connection))
    assert held[0] == held[1]
    with psycopg.connect(database.dsn("robo_owner")) as connection:
        elsewhere = dump(connection)
    # The schema public belongs to whoever owns the database, and says whom that let in.
    of_ours = [row for row in held[0]["schemas"] if row[0] != "public"]
    assert of_ours == [row for row in elsewhere["schemas"] if row[0] != "public"]
    assert {kind: rows for kind, rows in held[0].items() if kind != "schemas"} == {
        kind: rows for kind, rows in elsewhere.items() if kind != "schemas"
    }
    written = capsys.readouterr()
    assert password not in written.out + written.err


def test_an_administrator_with_another_password_makes_nothing(
    server: Postgres, administrator: Administrator
) -> None:
    stranger = Administrator(username=administrator.username, password=SecretStr("wrong"))

    with pytest.raises(DependencyUnavailable):
        ensure_logins(settings(server), stranger)

    assert ask(server, "SELECT FROM pg_roles WHERE rolname = 'robo_owner'") == []


def test_a_login_that_row_level_security_does_not_hold_ends_the_deployment(
    server: Postgres, administrator: Administrator
) -> None:
    ensure_logins(settings(server), administrator)
    with closing(psycopg.connect(server.dsn("postgres", SUPERUSER), autocommit=True)) as connection:
        connection.execute("ALTER ROLE robo_app BYPASSRLS")

    with pytest.raises(PowerfulLogin, match="robo_app"):
        ensure_logins(settings(server), administrator)


def test_a_server_without_rds_iam_needs_no_tokens(database: TestDatabase) -> None:
    given = database.environment() | {"DATABASE_OWNER": "robo_owner", "HOUSE_TENANT_ID": TENANT}
    superuser = Administrator(username=SUPERUSER, password=SecretStr(""))

    ensure_logins(MigrationSettings.load(given), superuser)

    with psycopg.connect(database.dsn(SUPERUSER)) as connection:
        assert connection.execute("SELECT FROM pg_roles WHERE rolname = 'rds_iam'").fetchall() == []
