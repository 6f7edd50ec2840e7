"""Tenants and the first administrator."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from shared.models.caller import Caller, CallerKind, Role
from tests.integration.identity.people.office import BOOTSTRAP_KEY, PASSWORD, Office, Reply, token_in

FIRST = {"token": BOOTSTRAP_KEY, "email": "ada@example.com", "username": "ada", "password": PASSWORD}


def begin(office: Office, **changes: str) -> Reply:
    """Bootstrap."""
    return office.send("create_first_admin", {**FIRST, **changes})


def test_whoever_knows_the_key_is_the_first_administrator(office: Office) -> None:
    made = begin(office)

    assert made.status == 201
    assert (made.json["role"], made.json["is_active"], made.json["email_verified"]) == ("admin", True, False)
    assert office.acts() == ["user.created", "tenant.bootstrapped"]
    (mail,) = office.deliver()
    assert (mail.to, mail.subject) == ("ada@example.com", "Confirm your e-mail address")
    assert office.send("verify_email", {"token": token_in(mail)}).status == 204
    assert office.user(made.json["id"])["email_verified_at"] == office.clock.now()
    assert office.acts()[-1] == "user.email_verified"


def test_there_is_one_first_administrator_even_after_a_deletion(office: Office) -> None:
    first = begin(office)
    again = {"email": "eve@example.com", "username": "eve"}

    assert begin(office, **again).status == 409
    office.rows("UPDATE identity.users SET is_active = false, deleted_at = now()")
    assert begin(office, **again).status == 409
    assert [row["id"] for row in office.rows("SELECT id FROM identity.users")] == [UUID(first.json["id"])]


def test_many_who_bootstrap_at_once_make_one_administrator(office: Office) -> None:
    replies = office.together(
        *(
            lambda name=f"ada{number}": begin(office, email=f"{name}@example.com", username=name)  # type: ignore[misc]
            for number in range(5)
        )
    )

    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409, 409]
    assert len(office.rows("SELECT * FROM identity.users")) == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"token": BOOTSTRAP_KEY + "x"}, 401),
        ({"token": BOOTSTRAP_KEY[:-1]}, 401),
        ({"token": "é"}, 401),
        ({"token": ""}, 422),
        ({"password": "short"}, 422),
        ({"password": "ada@example.com"}, 422),
        ({"email": "nowhere"}, 422),
        ({"username": "a b"}, 422),
    ],
    ids=str,
)
def test_who_does_not_know_the_key_or_asks_badly_is_refused(
    office: Office, changes: dict[str, str], status: int
) -> None:
    assert begin(office, **changes).status == status
    assert office.rows("SELECT * FROM identity.users") == []
    assert office.acts() == (["tenant.bootstrap_refused"] if status == 401 else [])


def test_without_the_key_nobody_learns_whether_there_is_an_administrator(office: Office) -> None:
    before = begin(office, token="wrong")
    begin(office)
    after = begin(office, token="wrong")

    assert (before.status, before.json) == (after.status, after.json)


def test_the_key_is_guessed_only_so_often(office: Office) -> None:
    statuses = [begin(office, token="wrong").status for _ in range(31)]

    assert statuses == [401] * 30 + [429]
    assert begin(office).status == 429


def test_a_tenant_is_renamed_by_who_saw_it(office: Office) -> None:
    admin = office.add_user("ada", Role.ADMIN)
    seen = office.send("get_tenant", caller=admin)

    assert (seen.json["id"], seen.json["slug"]) == (str(office.tenant), office.slug)
    match = {"if-match": seen.headers["etag"]}
    renamed = office.send("update_tenant", {"name": " Harbour "}, caller=admin, headers=match)
    assert (renamed.status, renamed.json["name"]) == (200, "Harbour")
    assert office.send("get_tenant", caller=admin).headers["etag"] == renamed.headers["etag"]
    assert office.send("update_tenant", {"name": "X"}, caller=admin, headers=match).status == 412
    assert office.send("update_tenant", {"slug": "other"}, caller=admin).status == 422
    assert office.send("update_tenant", {"name": None}, caller=admin).status == 422
    assert office.acts() == ["tenant.renamed"]


def wanted(**changes: str) -> dict[str, str]:
    """A form for a tenant that nobody has."""
    return {"name": "Acme", "slug": f"acme-{uuid4().hex}", "admin_email": "eve@acme.example", **changes}


def test_the_house_makes_a_tenant_and_invites_its_administrator(office: Office) -> None:
    admin = office.add_user("ada", Role.ADMIN)
    form = wanted()

    made = office.send("create_tenant", form, caller=admin)

    assert made.status == 201
    tenant = UUID(made.json["id"])
    assert (made.json["slug"], made.json["status"]) == (form["slug"], "active")
    assert office.acts() == ["tenant.created"]
    assert office.acts(tenant) == ["tenant.created", "invitation.created"]
    (mail,) = office.deliver()
    assert (mail.to, form["slug"] in mail.text) == ("eve@acme.example", True)
    body = {"token": token_in(mail), "username": "eve", "password": PASSWORD}
    accepted = office.send("accept_invitation", body)
    assert (accepted.status, accepted.json["role"]) == (201, "admin")
    assert office.user(accepted.json["id"], tenant)["tenant_id"] == tenant
    assert [row["username"] for row in office.rows("SELECT username FROM identity.users")] == ["ada"]
    eve = Caller(tenant, CallerKind.USER, UUID(accepted.json["id"]), UUID(accepted.json["id"]), Role.ADMIN)
    assert office.send("get_tenant", caller=eve).json["name"] == "Acme"
    assert office.send("create_tenant", wanted(), caller=eve).status == 403


def test_a_slug_belongs_to_one_tenant_and_a_refusal_leaves_nothing(office: Office) -> None:
    admin = office.add_user("ada", Role.ADMIN)
    form = wanted()
    assert office.send("create_tenant", form, caller=admin).status == 201
    published = len(office.bus.published)

    refused = office.send("create_tenant", {**form, "name": "Other"}, caller=admin)

    assert (refused.status, refused.json["detail"]) == (409, "Another tenant has this slug.")
    assert office.acts() == ["tenant.created"]
    assert len(office.bus.published) == published


def test_one_idempotency_key_makes_one_tenant(office: Office) -> None:
    admin = office.add_user("ada", Role.ADMIN)
    form, headers = wanted(), {"idempotency-key": "k"}

    replies = [office.send("create_tenant", form, caller=admin, headers=headers) for _ in range(3)]

    assert {(reply.status, reply.json["id"]) for reply in replies} == {(201, replies[0].json["id"])}
    assert len(office.deliver()) == 1


def test_two_who_want_one_slug_at_once_make_one_tenant(office: Office) -> None:
    admin = office.add_user("ada", Role.ADMIN)
    form = wanted()

    replies = office.together(*(lambda: office.send("create_tenant", form, caller=admin) for _ in range(4)))

    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409]
    assert office.acts() == ["tenant.created"]


@pytest.mark.parametrize(
    "changes",
    [
        {"slug": "A"},
        {"slug": "a"},
        {"slug": "-ab"},
        {"slug": "a--b"},
        {"slug": "x" * 64},
        {"slug": "ä-b"},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "x" * 256},
        {"admin_email": "eve"},
    ],
    ids=lambda changes: str(changes)[:30],
)
def test_a_tenant_has_a_proper_slug_and_name(office: Office, changes: dict[str, str]) -> None:
    admin = office.add_user("ada", Role.ADMIN)

    assert office.send("create_tenant", wanted(**changes), caller=admin).status == 422


def test_a_tenant_that_is_not_there_is_not_found(office: Office) -> None:
    admin = office.add_user("ada", Role.ADMIN)

    assert office.send("get_tenant", caller=replace(admin, tenant_id=uuid4())).status == 404
