"""How the administrator of a new database is read and let in."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from pydantic import SecretStr

from functions.stewardship import logins
from functions.stewardship.logins import Administrator, ensure_logins, read_administrator
from shared.adapters.secrets import SecretMissing
from shared.errors import DependencyUnavailable
from shared.settings import MigrationSettings

PASSWORD = "correct horse"  # of nobody
ADMINISTRATOR = Administrator(username="robo_admin", password=SecretStr(PASSWORD))


def settings(login: str) -> MigrationSettings:
    return MigrationSettings.load(
        {
            "DATABASE_HOST": "db",
            "DATABASE_NAME": "roboagency",
            "DATABASE_USER": "robo_app",
            "DATABASE_OWNER": "robo_owner",
            "DATABASE_LOGIN": login,
            "HOUSE_TENANT_ID": "00000000-0000-7000-8000-000000000001",
        }
    )


class Doors:
    """Connections that are refused, and with what they were asked for."""

    def __init__(self) -> None:
        self.tried: list[tuple[str, str | None]] = []

    def connect(self, _: MigrationSettings, user: str, *, password: str | None = None) -> Any:
        self.tried.append((user, password))
        raise DependencyUnavailable("The database does not answer.")


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    made = Doors()
    monkeypatch.setattr(logins, "connect", made.connect)
    return made


def test_the_administrator_tries_the_password_and_then_a_token(doors: Doors) -> None:
    with pytest.raises(DependencyUnavailable):
        ensure_logins(settings("iam"), ADMINISTRATOR)

    assert doors.tried == [("robo_admin", PASSWORD), ("robo_admin", None)]


def test_where_nobody_has_tokens_only_the_password_is_tried(doors: Doors) -> None:
    with pytest.raises(DependencyUnavailable):
        ensure_logins(settings("trust"), ADMINISTRATOR)

    assert doors.tried == [("robo_admin", PASSWORD)]


def test_the_secret_of_rds_is_read_and_the_password_shown_to_nobody() -> None:
    found = read_administrator(
        f'{{"username": "robo_admin", "password": "{PASSWORD}", "engine": "postgres"}}'
    )

    assert found == ADMINISTRATOR
    assert PASSWORD not in repr(found)


@pytest.mark.parametrize(
    "secret",
    [PASSWORD, f'["{PASSWORD}"]', f'{{"password": "{PASSWORD}"}}', f'{{"username": "{PASSWORD}"'],
    ids=str,
)
def test_another_secret_is_refused_without_repeating_it(secret: str) -> None:
    with pytest.raises(SecretMissing) as refused:
        read_administrator(secret)

    assert PASSWORD not in "".join(traceback.format_exception(refused.value))
    assert refused.value.__context__ is None
