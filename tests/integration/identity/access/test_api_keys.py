"""API keys: what lets them in, what ends them, and that it does so with the very next request."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from functions.identity.access import api_keys
from infra.local.environment import HOUSE_TENANT_ID
from infra.local.postgres import Postgres
from shared import base64url
from shared.adapters.clock import FakeClock
from shared.adapters.copies import InMemoryCopies
from shared.adapters.redis_connection import hashed_to
from shared.adapters.secrets import FakeSecrets
from shared.bootstrap import Container
from shared.db.unit_of_work import Database
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorized
from shared.models.api_key import ApiKey
from shared.models.caller import CallerKind, Role
from tests.fixtures.engines import TestDatabase
from tests.integration.database.rows import add_tenant
from tests.integration.identity.access.keys import Desk

Change = Callable[[Desk, ApiKey], None]


@pytest.fixture(scope="module")
def database_of_all(postgres: Postgres, template_database: str) -> Iterator[Database]:
    """A database for all tests of this file: each has a tenant of its own."""
    postgres.create_database("test_api_keys", template_database)
    with closing(Database(TestDatabase(postgres, "test_api_keys").settings())) as made:
        yield made
    postgres.drop_database("test_api_keys")


@pytest.fixture
def desk(database_of_all: Database, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Where keys are made, on a real database."""
    monkeypatch.setenv("TOKEN_KEY_SECRET", "token-key")
    monkeypatch.setenv("HOUSE_TENANT_ID", HOUSE_TENANT_ID)
    own, clock = Container(), FakeClock()
    own.clock, own.database, own.copies = clock, database_of_all, InMemoryCopies(clock)
    own.secrets = FakeSecrets({"token-key": "a key of the test"})
    add_tenant(database_of_all, tenant_id := uuid4())
    return Desk(own, clock, tenant_id)


def test_a_key_lets_its_owner_in_with_its_scopes(desk: Desk) -> None:
    user = desk.user()
    made, key = desk.make(user, "run:read", "project:list", "run:read")

    caller = api_keys.authenticate(desk.own, key)

    assert (caller.kind, caller.id, caller.user_id) == (CallerKind.API_KEY, made.id, user.id)
    assert (caller.tenant_id, caller.role) == (desk.tenant_id, Role.DEVELOPER)
    assert caller.scopes == ("project:list", "run:read")


def test_nothing_that_is_kept_opens_anything(desk: Desk) -> None:
    made, key = desk.make(desk.user())
    row = desk.row(made)

    assert len(key) == 89
    assert key.startswith(made.prefix)
    assert len(made.prefix) == 25
    assert row["key_hash"] == hashlib.sha256(key.encode()).digest()
    secret = base64url.decode(key.removeprefix("sk-"))[32:]
    assert not any(key[25:] in str(value) or secret in bytes(str(value), "utf-8") for value in row.values())


def test_every_key_is_another(desk: Desk) -> None:
    user = desk.user()
    made = [desk.make(user) for _ in range(5)]

    assert len({key.prefix for key, _ in made}) == len({whole[-43:] for _, whole in made}) == 5


def revoke(desk: Desk, key: ApiKey) -> None:
    desk.change(key.tenant_id, "UPDATE identity.api_keys SET revoked_at = now() WHERE id = %(id)s", id=key.id)


def let_expire(desk: Desk, key: ApiKey) -> None:
    desk.clock.advance(timedelta(days=1))


def deactivate(desk: Desk, key: ApiKey) -> None:
    _set_user(desk, key, "UPDATE identity.users SET is_active = false WHERE id = %(id)s")


def delete(desk: Desk, key: ApiKey) -> None:
    _set_user(desk, key, "UPDATE identity.users SET is_active = false, deleted_at = now() WHERE id = %(id)s")


def suspend(desk: Desk, key: ApiKey) -> None:
    desk.change(key.tenant_id, "UPDATE identity.tenants SET status = 'suspended' WHERE id = %(tenant_id)s")


def reactivate(desk: Desk, key: ApiKey) -> None:
    _set_user(desk, key, "UPDATE identity.users SET is_active = true WHERE id = %(id)s")


def _set_user(desk: Desk, key: ApiKey, change: str) -> None:
    desk.change(key.tenant_id, change, id=key.user_id)


@pytest.mark.parametrize(
    "end", [revoke, let_expire, deactivate, delete, suspend], ids=lambda end: end.__name__
)
def test_what_ends_a_key_ends_it_with_the_next_request(desk: Desk, end: Change) -> None:
    made, key = desk.make(desk.user(), lives=timedelta(days=1))
    _, other = desk.make(desk.user(tenant_id=_second_tenant(desk)))
    assert api_keys.authenticate(desk.own, key).id == made.id

    end(desk, made)

    for _ in range(2):
        with pytest.raises(Unauthorized):
            api_keys.authenticate(desk.own, key)
    assert api_keys.authenticate(desk.own, other)


def _second_tenant(desk: Desk) -> UUID:
    add_tenant(desk.own.database, tenant_id := uuid4())
    return tenant_id


def test_an_owner_who_comes_back_has_their_keys_again(desk: Desk) -> None:
    made, key = desk.make(desk.user())
    deactivate(desk, made)
    with pytest.raises(Unauthorized):
        api_keys.authenticate(desk.own, key)

    reactivate(desk, made)

    assert api_keys.authenticate(desk.own, key).id == made.id


def test_another_role_of_the_owner_is_the_keys_role_at_once(desk: Desk) -> None:
    made, key = desk.make(desk.user(Role.ADMIN))
    assert api_keys.authenticate(desk.own, key).role is Role.ADMIN

    _set_user(desk, made, "UPDATE identity.users SET role = 'viewer' WHERE id = %(id)s")

    assert api_keys.authenticate(desk.own, key).role is Role.VIEWER


def test_a_key_has_one_spelling(desk: Desk) -> None:
    _, key = desk.make(desk.user())
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    altered = [
        f"{key[:place]}{alphabet[(alphabet.index(key[place]) + 1) % 64]}{key[place + 1 :]}"
        for place in range(3, len(key))
    ]

    for spelling in [*altered, key + "=", key + "A", key[:-1], "sk-", "sk-" + key, key.upper(), key + "\n"]:
        with pytest.raises(Unauthorized):
            api_keys.authenticate(desk.own, spelling)
    assert api_keys.authenticate(desk.own, key)


@pytest.mark.parametrize(
    "token", ["sk-", "sk-ä", "sk-\x00", "sk-\ud800", "sk-" + "A" * 86, "sk-" + "A" * 10_000], ids=ascii
)
def test_what_is_no_key_is_refused(desk: Desk, token: str) -> None:
    with pytest.raises(Unauthorized):
        api_keys.authenticate(desk.own, token)


def test_a_key_opens_its_own_tenant_only(desk: Desk) -> None:
    _, key = desk.make(desk.user())
    other = _second_tenant(desk)
    payload = base64url.decode(key.removeprefix("sk-"))
    moved = "sk-" + base64url.encode(payload[:16] + other.bytes + payload[32:])

    with pytest.raises(Unauthorized):
        api_keys.authenticate(desk.own, moved)


def test_the_last_use_is_written_at_most_once_a_minute(desk: Desk) -> None:
    made, key = desk.make(desk.user())
    seen = []
    for seconds in (0, 30, 29, 1, 59, 60):
        desk.clock.advance(seconds)
        api_keys.authenticate(desk.own, key)
        seen.append((desk.row(made)["last_used_at"] - made.created_at).total_seconds())

    assert seen == [0, 0, 0, 60, 60, 179]


def test_a_successor_has_the_same_scopes_and_as_long_a_life(desk: Desk) -> None:
    user = desk.user()
    first, old = desk.make(user, "run:read", lives=timedelta(days=30), name="Night")
    desk.clock.advance(timedelta(days=10))

    second, new = desk.rotate(user, first.id, 3600)

    assert (second.name, second.scopes, second.user_id) == ("Night", ["run:read"], user.id)
    assert second.expires_at == desk.clock.now() + timedelta(days=30)
    assert desk.row(first)["successor_id"] == second.id
    assert new != old
    assert api_keys.authenticate(desk.own, new).id == second.id
    assert api_keys.authenticate(desk.own, old).id == first.id

    desk.clock.advance(3599)
    assert api_keys.authenticate(desk.own, old).id == first.id
    desk.clock.advance(1)
    with pytest.raises(Unauthorized):
        api_keys.authenticate(desk.own, old)
    assert api_keys.authenticate(desk.own, new).id == second.id


def test_a_rotation_does_not_lengthen_the_life_of_the_old_key(desk: Desk) -> None:
    user = desk.user()
    first, _ = desk.make(user, lives=timedelta(minutes=10))

    desk.rotate(user, first.id, 7 * 86_400)

    assert desk.row(first)["expires_at"] == first.expires_at


def test_without_an_overlap_the_old_key_ends_at_once(desk: Desk) -> None:
    user = desk.user()
    first, old = desk.make(user)
    _, new = desk.rotate(user, first.id)

    with pytest.raises(Unauthorized):
        api_keys.authenticate(desk.own, old)
    assert api_keys.authenticate(desk.own, new)


@pytest.mark.parametrize("end", [revoke, let_expire], ids=lambda end: end.__name__)
def test_what_has_ended_cannot_be_rotated(desk: Desk, end: Change) -> None:
    user = desk.user()
    made, _ = desk.make(user, lives=timedelta(days=1))
    end(desk, made)

    with pytest.raises(Conflict):
        desk.rotate(user, made.id)


def test_a_key_has_one_successor(desk: Desk) -> None:
    user = desk.user()
    made, _ = desk.make(user)
    desk.rotate(user, made.id, 60)

    with pytest.raises(Conflict):
        desk.rotate(user, made.id, 60)


def test_an_administrator_may_end_a_key_of_another_and_not_take_it_over(desk: Desk) -> None:
    made, key = desk.make(desk.user())
    admin, stranger = desk.user(Role.ADMIN), desk.user()

    for act in (lambda: desk.rotate(stranger, made.id), lambda: desk.revoke(stranger, made.id)):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(Forbidden):
        desk.rotate(admin, made.id)
    assert desk.revoke(admin, made.id)
    assert not desk.revoke(admin, made.id)
    with pytest.raises(Unauthorized):
        api_keys.authenticate(desk.own, key)


def test_an_administrator_of_another_tenant_finds_nothing(desk: Desk) -> None:
    made, _ = desk.make(desk.user())
    admin = desk.user(Role.ADMIN, _second_tenant(desk))

    with pytest.raises(NotFound):
        desk.revoke(admin, made.id)


@pytest.mark.parametrize(
    ("role", "scopes", "refused"),
    [
        (Role.ADMIN, ["run:read", "run:fly"], ["/scopes/1"]),
        (Role.ADMIN, ["api_key:create"], ["/scopes/0"]),
        (Role.VIEWER, ["run:cancel", "run:read", "run:fork"], ["/scopes/0", "/scopes/2"]),
        (Role.ADMIN, ["*", "run:cancel"], []),
        (Role.VIEWER, ["*"], []),
    ],
    ids=["unknown", "people only", "beyond the role", "everything", "everything of a viewer"],
)
def test_a_scope_is_something_that_the_key_may_do(
    desk: Desk, role: Role, scopes: list[str], refused: list[str]
) -> None:
    user = desk.user(role)
    pointers: list[str] = []
    try:
        desk.make(user, *scopes)
    except Invalid as error:
        pointers = [problem.pointer for problem in error.problems]

    assert pointers == refused


@pytest.mark.parametrize("days", [0, -1, 3654, 100_000], ids=str)
def test_a_key_ends_in_the_future_and_within_ten_years(desk: Desk, days: int) -> None:
    with pytest.raises(Invalid) as refused:
        desk.make(desk.user(), lives=timedelta(days=days))

    assert [problem.pointer for problem in refused.value.problems] == ["/expires_at"]


def test_only_what_has_ended_is_copied_and_only_from_who_knows_the_secret(desk: Desk) -> None:
    made, key = desk.make(desk.user(), lives=timedelta(days=1))
    name = hashed_to("api_key:", made.prefix)
    forged = key[:-1] + ("A" if key[-1] != "A" else "Q")

    _refused(desk, forged)
    api_keys.authenticate(desk.own, key)
    deactivate(desk, made)
    _refused(desk, key)
    assert desk.own.copies.find([name]) == [None]

    reactivate(desk, made)
    revoke(desk, made)
    _refused(desk, forged)
    assert desk.own.copies.find([name]) == [None]
    _refused(desk, key)
    assert desk.own.copies.find([name]) == [b"ended"]


def _refused(desk: Desk, token: str) -> None:
    with pytest.raises(Unauthorized):
        api_keys.authenticate(desk.own, token)


def test_a_copy_answers_before_the_database_is_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    made, key = desk.make(desk.user())
    api_keys.remember_end(desk.own, made.prefix)

    def unused(*_: object) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(desk.own.database, "transaction", unused)

    _refused(desk, key)


def test_another_token_key_leaves_keys_as_they_are_and_shows_none_wrongly(desk: Desk) -> None:
    made, key = desk.make(desk.user())
    desk.own.secrets = FakeSecrets({"token-key": "the next key of the test"})

    assert api_keys.authenticate(desk.own, key).id == made.id
    with desk.own.database.transaction(desk.tenant_id) as work, pytest.raises(Conflict):
        api_keys.whole_key(desk.own, work, made.id)
