"""One's own account: profile, password, address."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from functions.identity.accounts.passwords import verify_password
from functions.identity.people.throttle import PASSWORD_GUESSES_PER_HOUR
from shared.models.account import MAX_PREFERENCES
from shared.models.caller import CallerKind, Role
from tests.integration.identity.people.office import PASSWORD, Office, token_in

NEW = "lighthouse keepers never hurry"


def test_users_see_themselves_and_a_key_sees_its_owner(office: Office) -> None:
    bob = office.add_user("bob")
    key = replace(bob, kind=CallerKind.API_KEY, id=uuid4(), session_id=None)

    seen = office.send("get_me", caller=bob)

    assert seen.status == 200
    assert (seen.json["id"], seen.json["username"], seen.json["role"]) == (str(bob.id), "bob", "developer")
    assert seen.json["tenant_id"] == str(bob.tenant_id)
    assert seen.json["email_verified"] is True
    assert "password" not in str(seen.json)
    assert office.send("get_me", caller=key).json == seen.json


def test_who_has_no_account_sees_none(office: Office) -> None:
    bob = office.add_user("bob")
    project = uuid4()
    visitor = replace(bob, kind=CallerKind.VISITOR, id=project, user_id=None, role=None, project_id=project)

    assert office.send("get_me", caller=visitor).status == 403


def test_a_name_and_preferences_change_and_nothing_else_does(office: Office) -> None:
    bob = office.add_user("bob")
    preferences = {"theme": "dark", "panes": [{"id": 1, "open": True}], "π": None}

    changed = office.send("update_me", {"username": "Robert.B", "preferences": preferences}, caller=bob)
    kept = office.send("update_me", {"username": "robert.b"}, caller=bob)

    assert changed.status == kept.status == 200
    assert (kept.json["username"], kept.json["preferences"]) == ("robert.b", preferences)
    assert office.send("update_me", {}, caller=bob).json == kept.json
    assert office.user(bob.id)["token_version"] == 1
    assert office.acts() == ["user.renamed", "user.renamed"]


@pytest.mark.parametrize(
    "body",
    [
        {"role": "admin"},
        {"email": "x@example.com"},
        {"username": None},
        {"username": "a"},
        {"username": "-ab"},
        {"username": "a b"},
        {"username": "a@example.com"},
        {"username": "deleted-1"},
        {"username": "x" * 51},
        {"preferences": None},
        {"preferences": []},
        {"preferences": {"a": "\x00"}},
        {"preferences": {"\x00": 1}},
        {"preferences": {"a": "x" * MAX_PREFERENCES}},
    ],
    ids=lambda body: str(body)[:40],
)
def test_what_nobody_may_change_or_the_database_not_keep_is_refused(
    office: Office, body: dict[str, object]
) -> None:
    bob = office.add_user("bob")

    assert office.send("update_me", body, caller=bob).status == 422
    assert office.send("get_me", caller=bob).json["username"] == "bob"


def test_preferences_are_nested_only_so_deep(office: Office) -> None:
    bob = office.add_user("bob")
    nested: dict[str, object] = {}
    for _ in range(16):
        nested = {"a": nested}

    assert office.send("update_me", {"preferences": nested["a"]}, caller=bob).status == 200
    assert office.send("update_me", {"preferences": nested}, caller=bob).status == 422


def test_a_name_belongs_to_one_user_in_any_case(office: Office) -> None:
    bob = office.add_user("bob")
    office.add_user("cleo")

    assert office.send("update_me", {"username": "CLEO"}, caller=bob).status == 409
    assert office.send("update_me", {"username": "BOB"}, caller=bob).status == 200


def test_a_changed_password_ends_the_other_sessions(office: Office) -> None:
    bob = office.add_user("bob")
    office.add_session(bob)

    answer = office.send("change_password", {"current_password": PASSWORD, "new_password": NEW}, caller=bob)

    assert answer.status == 204
    row = office.user(bob.id)
    assert verify_password(row["password_hash"], NEW)
    assert not verify_password(row["password_hash"], PASSWORD)
    assert row["token_version"] == 2
    assert office.live_sessions(bob) == {bob.session_id}
    assert office.acts() == ["user.password_changed"]
    (mail,) = office.deliver()
    assert (mail.to, mail.subject) == ("bob@example.com", "Your password was changed")


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"current_password": "wrong wrong wrong", "new_password": NEW}, 403, "/current_password"),
        ({"current_password": PASSWORD, "new_password": "short"}, 422, "/new_password"),
        ({"current_password": PASSWORD, "new_password": "bob@example.com"}, 422, "/new_password"),
        ({"current_password": PASSWORD}, 422, "/new_password"),
        ({"current_password": PASSWORD, "new_password": "x" * 257}, 422, "/new_password"),
        ({"current_password": "", "new_password": NEW}, 422, "/current_password"),
    ],
    ids=range(6),
)
def test_a_password_that_is_not_changed_stays(
    office: Office, body: dict[str, str], status: int, pointer: str
) -> None:
    bob = office.add_user("bob")

    answer = office.send("change_password", body, caller=bob)

    assert (answer.status, answer.json["errors"][0]["pointer"]) == (status, pointer)
    assert all(value not in str(answer.json) for value in body.values() if value)
    assert verify_password(office.user(bob.id)["password_hash"], PASSWORD)
    assert office.deliver() == []


def test_who_holds_a_token_guesses_the_password_only_so_often(office: Office) -> None:
    bob = office.add_user("bob")
    form = {"email": "new@example.com", "password": "wrong wrong wrong"}

    statuses = [office.send("change_email", form, caller=bob).status for _ in range(11)]

    assert statuses == [403] * PASSWORD_GUESSES_PER_HOUR + [429]
    right = {"current_password": PASSWORD, "new_password": NEW}
    assert office.send("change_password", right, caller=bob).status == 429
    office.clock.advance(3601)
    assert office.send("change_password", right, caller=bob).status == 204


def test_an_address_changes_once_it_is_proved(office: Office) -> None:
    bob = office.add_user("bob")

    asked = office.send("change_email", {"email": "Bob@example.org", "password": PASSWORD}, caller=bob)
    (mail,) = office.deliver()

    assert asked.status == 202
    assert mail.to == "Bob@example.org"
    assert office.user(bob.id)["email"] == "bob@example.com"
    assert office.send("verify_email", {"token": token_in(mail)}).status == 204
    assert office.user(bob.id)["email"] == "Bob@example.org"
    (told,) = office.deliver()
    assert (told.to, told.subject) == ("bob@example.com", "Your e-mail address was changed")
    assert office.acts() == ["user.email_change_requested", "user.email_changed"]
    assert office.send("verify_email", {"token": token_in(mail)}).status == 422


def test_that_an_address_is_taken_is_told_only_to_who_reads_its_mail(office: Office) -> None:
    bob = office.add_user("bob")
    office.add_user("cleo")

    taken = office.send("change_email", {"email": "CLEO@example.com", "password": PASSWORD}, caller=bob)
    free = office.send("change_email", {"email": "free@example.com", "password": PASSWORD}, caller=bob)
    mails = office.deliver()

    assert (taken.status, taken.json) == (free.status, free.json)
    assert [mail.to for mail in mails] == ["CLEO@example.com", "free@example.com"]
    assert office.send("verify_email", {"token": token_in(mails[0])}).status == 409
    assert office.user(bob.id)["email"] == "bob@example.com"
    assert office.send("verify_email", {"token": token_in(mails[1])}).status == 204


def test_a_newer_proof_makes_an_older_one_worthless(office: Office) -> None:
    bob = office.add_user("bob")
    for name in ("one", "two", "three"):
        office.send("change_email", {"email": f"{name}@example.com", "password": PASSWORD}, caller=bob)
    one, two, three = (token_in(mail) for mail in office.deliver())

    assert office.send("verify_email", {"token": two}).status == 204
    assert office.send("verify_email", {"token": one}).status == 422
    assert office.send("verify_email", {"token": three}).status == 204
    assert office.user(bob.id)["email"] == "three@example.com"


def test_a_proof_waits_for_a_day(office: Office) -> None:
    bob = office.add_user("bob")
    for name in ("one", "two"):
        office.send("change_email", {"email": f"{name}@example.com", "password": PASSWORD}, caller=bob)
    one, two = (token_in(mail) for mail in office.deliver())

    office.clock.advance(timedelta(hours=24).total_seconds() - 1)
    assert office.send("verify_email", {"token": one}).status == 204
    office.clock.advance(1)
    assert office.send("verify_email", {"token": two}).status == 422


def test_who_was_deactivated_proves_nothing(office: Office) -> None:
    admin, bob = office.add_user("ada", Role.ADMIN), office.add_user("bob")
    office.send("change_email", {"email": "one@example.com", "password": PASSWORD}, caller=bob)
    (mail,) = office.deliver()
    office.send("update_user", {"is_active": False}, caller=admin, user_id=bob.id)

    assert office.send("verify_email", {"token": token_in(mail)}).status == 422


def test_no_password_and_no_token_is_written_down_anywhere(office: Office) -> None:
    bob = office.add_user("bob")
    headers = {"idempotency-key": "k"}
    office.send(
        "change_email", {"email": "new@example.com", "password": PASSWORD}, caller=bob, headers=headers
    )
    office.ask_reset("bob@example.com", headers=headers)
    tokens = [token_in(mail) for mail in office.deliver()]
    for token, operation in zip(tokens, ("verify_email", "reset_password"), strict=True):
        more = {"password": NEW} if operation == "reset_password" else {}
        office.send(operation, {"token": token, **more}, headers=headers)

    kept = " ".join(
        str(office.rows(f"SELECT * FROM identity.{table}"))  # noqa: S608 - names of this file
        for table in ("outbox", "idempotency_keys", "audit_log", "one_time_tokens", "users")
    )
    sent = str([event.detail for event in office.bus.published])
    for secret in (PASSWORD, NEW, *tokens, *(token.partition(".")[2] for token in tokens)):
        assert secret not in kept + sent
