"""The way back in: a new password by mail, and that nobody learns from it who exists."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr

from functions.identity.accounts.passwords import verify_password
from functions.identity.people.mail_token import Claim, Purpose, check, issue
from shared.models.caller import Role
from tests.integration.identity.people.office import PASSWORD, Office, consume, token_in

NEW = "lighthouse keepers never hurry"


def asked_for(office: Office, email: str = "bob@example.com", **more: str) -> list[str]:
    """Ask for a new password; return the tokens that were mailed."""
    assert office.ask_reset(email, **more).status == 202
    return [token_in(mail) for mail in office.deliver()]


def test_a_new_password_by_mail_ends_every_session(office: Office) -> None:
    bob = office.add_user("bob")
    office.rows("UPDATE identity.users SET email_verified_at = NULL")
    office.add_session(bob)
    (token,) = asked_for(office, "BOB@example.com")

    answer = office.send("reset_password", {"token": token, "password": NEW})

    assert (answer.status, answer.json) == (204, None)
    row = office.user(bob.id)
    assert verify_password(row["password_hash"], NEW)
    assert (row["token_version"], row["email_verified_at"]) == (2, office.clock.now())
    assert office.live_sessions(bob) == set()
    assert office.acts() == ["user.password_reset_requested", "user.password_reset"]
    assert [mail.subject for mail in office.deliver()] == ["Your password was changed"]
    assert office.send("reset_password", {"token": token, "password": PASSWORD}).status == 422


def test_nobody_learns_who_exists(office: Office) -> None:
    other = office.add_tenant()
    office.add_user("bob")
    office.add_user("eve", tenant=other)
    office.rows("UPDATE identity.users SET is_active = false WHERE username = 'eve'", other)
    forms = [
        {"email": "bob@example.com", "tenant": office.slug},
        {"email": "nobody@example.com", "tenant": office.slug},
        {"email": "eve@example.com", "tenant": str(other)},
        {"email": "bob@example.com", "tenant": "nowhere"},
    ]

    done = []
    for form in forms:
        before = len(office.rows("SELECT * FROM identity.outbox")), len(office.bus.published)
        answer = office.send("request_password_reset", form)
        after = len(office.rows("SELECT * FROM identity.outbox")), len(office.bus.published)
        headers = {name: value for name, value in answer.headers.items() if name != "ratelimit"}
        done.append((answer.status, answer.json, headers, after[0] - before[0], after[1] - before[1]))

    # Before the answer the same is done for everybody: one event, which says what was asked and no more.
    assert all(each == done[0] for each in done)
    assert (done[0][0], done[0][3], done[0][4]) == (202, 1, 1)
    assert [set(event.detail) for event in office.bus.published] == [
        {"tenant", "email", "event_id", "event_type", "tenant_id", "timestamp"}
    ] * len(forms)
    assert {row["tenant_id"] for row in office.rows("SELECT tenant_id FROM identity.outbox")} == {
        office.tenant
    }
    assert [mail.to for mail in office.deliver()] == ["bob@example.com"]


def test_a_tenant_is_named_by_its_slug(office: Office) -> None:
    other = office.add_tenant()
    office.add_user("bob")
    namesake = office.add_user("bob", tenant=other)

    (token,) = asked_for(office, tenant=str(other))
    assert office.send("reset_password", {"token": token, "password": NEW}).status == 204

    assert verify_password(office.user(namesake.id, other)["password_hash"], NEW)
    assert check(SecretStr(token), Purpose.RESET_PASSWORD, "a-mail-key").tenant_id == other
    others = office.rows("SELECT password_hash FROM identity.users")
    assert verify_password(others[0]["password_hash"], PASSWORD)
    office.rows("UPDATE identity.tenants SET status = 'suspended'", other)
    office.deliver()
    assert asked_for(office, tenant=str(other)) == []


def test_a_used_token_takes_all_others_with_it(office: Office) -> None:
    office.add_user("bob")
    one, two, three = (asked_for(office)[0] for _ in range(3))

    assert office.send("reset_password", {"token": two, "password": NEW}).status == 204

    for token in (one, two, three):
        assert office.send("reset_password", {"token": token, "password": PASSWORD}).status == 422


def test_a_token_waits_for_an_hour(office: Office) -> None:
    office.add_user("bob")
    one, two = (asked_for(office)[0] for _ in range(2))

    office.clock.advance(3599)
    refused = office.send("reset_password", {"token": one, "password": "short"})
    assert refused.json["errors"][0]["pointer"] == "/password"
    office.clock.advance(1)
    for token in (one, two):
        answer = office.send("reset_password", {"token": token, "password": NEW})
        assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/token")


def test_a_poor_password_does_not_use_the_token_up(office: Office) -> None:
    bob = office.add_user("bob")
    (token,) = asked_for(office)

    assert office.send("reset_password", {"token": token, "password": "bob@example.com"}).status == 422
    assert office.send("reset_password", {"token": token, "password": NEW}).status == 204
    assert verify_password(office.user(bob.id)["password_hash"], NEW)


def test_a_token_that_is_used_twice_at_once_works_once(office: Office) -> None:
    office.add_user("bob")
    (token,) = asked_for(office)
    words = [f"{NEW} {number}" for number in range(6)]

    replies = office.together(
        *(
            lambda word=word: office.send("reset_password", {"token": token, "password": word})  # type: ignore[misc]
            for word in words
        )
    )

    assert sorted(reply.status for reply in replies) == [204] + [422] * 5
    assert office.acts().count("user.password_reset") == 1


def test_a_token_of_an_address_that_was_left_opens_nothing(office: Office) -> None:
    bob = office.add_user("bob")
    office.send("change_email", {"email": "new@example.com", "password": PASSWORD}, caller=bob)
    (proof,) = (token_in(mail) for mail in office.deliver())
    (reset,) = asked_for(office)
    office.send("verify_email", {"token": proof})
    office.deliver()

    assert office.send("reset_password", {"token": reset, "password": NEW}).status == 422
    assert asked_for(office, "bob@example.com") == []
    assert len(asked_for(office, "new@example.com")) == 1


def test_a_token_opens_only_what_it_is_for(office: Office) -> None:
    admin = office.add_user("ada", Role.ADMIN)
    office.send("create_invitation", {"email": "guest@example.com"}, caller=admin)
    (invitation,) = (token_in(mail) for mail in office.deliver())
    (reset,) = asked_for(office, "ada@example.com")

    for token in (invitation, invitation.upper(), "mail_", "mail_.", "x.y", reset + "A", "é"):
        assert office.send("reset_password", {"token": token, "password": NEW}).status == 422
    assert office.send("verify_email", {"token": reset}).status == 422
    assert (
        office.send("accept_invitation", {"token": reset, "username": "eve", "password": NEW}).status == 422
    )
    foreign = issue(Claim(uuid4(), check(SecretStr(reset), Purpose.RESET_PASSWORD, "a-mail-key").id),
                    Purpose.RESET_PASSWORD, "another-key")  # fmt: skip
    assert office.send("reset_password", {"token": foreign, "password": NEW}).status == 422


def test_an_event_that_comes_twice_makes_one_token(office: Office) -> None:
    office.add_user("bob")
    office.ask_reset("bob@example.com")
    (asked,) = office.bus.published

    assert consume(asked) == consume(asked) == []

    assert len(office.rows("SELECT * FROM identity.one_time_tokens")) == 1
    assert [event.detail_type for event in office.bus.published].count("mail_requested") == 1


def test_a_letter_that_comes_too_late_is_not_sent(office: Office) -> None:
    office.add_user("bob")
    office.ask_reset("bob@example.com")
    (asked,) = office.bus.published
    consume(asked)
    letter = office.bus.published[1]

    office.clock.advance(timedelta(minutes=60).total_seconds())
    assert consume(letter) == []

    assert office.outbox.sent == []


def test_a_mailbox_and_an_address_of_the_internet_have_quotas(office: Office) -> None:
    same = [office.ask_reset("bob@example.com").status for _ in range(6)]
    others = [office.ask_reset(f"bob{number}@example.com").status for number in range(25)]

    assert same == [202] * 5 + [429]
    assert others == [202] * 24 + [429]
    office.clock.advance(3601)
    assert office.ask_reset("bob@example.com").status == 202


@pytest.mark.parametrize("operation", ["verify_email", "reset_password", "accept_invitation"])
def test_tokens_are_guessed_only_so_often(office: Office, operation: str) -> None:
    form = {"token": "mail_x.y", "password": NEW, "username": "eve"}
    fields = {"verify_email": 1, "reset_password": 2, "accept_invitation": 3}[operation]
    body = dict(list(form.items())[:fields])

    statuses = [office.send(operation, body).status for _ in range(31)]

    assert statuses == [422] * 30 + [429]


def test_a_repeated_key_answers_what_it_answered(office: Office) -> None:
    office.add_user("bob")
    headers = {"idempotency-key": "k"}
    for _ in range(3):
        assert office.ask_reset("bob@example.com", headers=headers).status == 202
    (token,) = (token_in(mail) for mail in office.deliver())

    body = {"token": token, "password": NEW}
    assert [office.send("reset_password", body, headers=headers).status for _ in range(3)] == [204] * 3
    assert office.acts().count("user.password_reset") == 1
