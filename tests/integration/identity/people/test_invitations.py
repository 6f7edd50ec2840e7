"""Invitations: an address becomes a user, once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from functions.identity.accounts.passwords import verify_password
from shared.models.caller import Role
from tests.integration.identity.people.office import PASSWORD, Office, Reply, token_in

GUEST = "guest@example.com"


def invited(office: Office, email: str = GUEST, **more: str) -> tuple[Reply, str]:
    """Have an administrator invite an address; return the answer and the token that was mailed."""
    if "ada" not in office.callers:
        office.callers["ada"] = office.add_user("ada", Role.ADMIN)
    answer = office.send("create_invitation", {"email": email, **more}, caller=office.callers["ada"])
    mails = office.deliver()
    return answer, token_in(mails[-1]) if answer.status == 201 else ""


def accept(office: Office, token: str, username: str = "guest", **more: str) -> Reply:
    """Accept an invitation."""
    return office.send(
        "accept_invitation", {"token": token, "username": username, "password": PASSWORD, **more}
    )


def test_who_accepts_is_a_user_with_a_proved_address(office: Office) -> None:
    answer, token = invited(office, role="viewer")

    assert answer.status == 201
    assert answer.headers["location"] == f"/v1/invitations/{answer.json['id']}"
    assert (answer.json["status"], answer.json["role"]) == ("pending", "viewer")
    assert token not in str(answer.json)
    made = accept(office, token)

    assert made.status == 201
    assert (made.json["email"], made.json["role"], made.json["email_verified"]) == (GUEST, "viewer", True)
    row = office.user(made.json["id"])
    assert verify_password(row["password_hash"], PASSWORD)
    read = office.send("get_invitation", caller=office.callers["ada"], invitation_id=answer.json["id"])
    assert (read.json["status"], read.json["user_id"]) == ("accepted", made.json["id"])
    assert office.acts() == ["invitation.created", "user.created", "invitation.accepted"]


def test_an_invitation_is_accepted_once(office: Office) -> None:
    _, token = invited(office)
    assert accept(office, token).status == 201

    assert accept(office, token, "other").status == 422


def test_an_invitation_that_is_accepted_twice_at_once_makes_one_user(office: Office) -> None:
    _, token = invited(office)

    replies = office.together(
        *(
            lambda name=f"guest{number}": accept(office, token, name)  # type: ignore[misc]
            for number in range(6)
        )
    )

    assert sorted(reply.status for reply in replies) == [201] + [422] * 5
    assert len(office.rows("SELECT * FROM identity.users WHERE email = %(email)s", email=GUEST)) == 1


def test_two_invitations_with_one_username_at_once_make_one_user(office: Office) -> None:
    tokens = [invited(office, f"guest{number}@example.com")[1] for number in range(4)]

    replies = office.together(*(lambda token=token: accept(office, token, "same") for token in tokens))  # type: ignore[misc]

    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409]


def test_a_second_invitation_replaces_the_first(office: Office) -> None:
    first, old = invited(office)
    second, new = invited(office, GUEST.upper())

    assert (first.status, second.status) == (201, 201)
    assert accept(office, old).status == 422
    read = office.send("get_invitation", caller=office.callers["ada"], invitation_id=first.json["id"])
    assert read.json["status"] == "revoked"
    assert accept(office, new).status == 201


def test_who_is_a_user_is_not_invited(office: Office) -> None:
    _, token = invited(office)
    accept(office, token)

    assert invited(office, GUEST.upper())[0].status == 409
    assert invited(office, "ada@example.com")[0].status == 409


def test_an_invitation_waits_for_seven_days(office: Office) -> None:
    answer, token = invited(office)
    office.clock.advance(timedelta(days=7).total_seconds() - 1)
    assert accept(office, token, "x").status == 422
    assert accept(office, token, "deleted-1").status == 422
    listed = office.send("list_invitations", caller=office.callers["ada"], query={"status": "pending"})
    assert [each["id"] for each in listed.json["data"]] == [answer.json["id"]]

    office.clock.advance(1)

    assert accept(office, token).status == 422
    listed = office.send("list_invitations", caller=office.callers["ada"], query={"status": "expired"})
    assert [each["id"] for each in listed.json["data"]] == [answer.json["id"]]


def test_an_invitation_can_be_taken_back_until_it_is_accepted(office: Office) -> None:
    answer, token = invited(office)
    admin = office.callers["ada"]
    assert office.send("revoke_invitation", caller=admin, invitation_id=answer.json["id"]).status == 204
    assert office.send("revoke_invitation", caller=admin, invitation_id=answer.json["id"]).status == 204
    assert accept(office, token).status == 422

    second, token = invited(office)
    accept(office, token)
    assert office.send("revoke_invitation", caller=admin, invitation_id=second.json["id"]).status == 409
    assert office.acts().count("invitation.revoked") == 1


def test_accepting_and_taking_back_at_once_is_one_of_both(office: Office) -> None:
    for number in range(4):
        answer, token = invited(office, f"guest{number}@example.com")
        admin = office.callers["ada"]
        accepted, revoked = office.together(
            lambda token=token, number=number: accept(office, token, f"guest{number}"),  # type: ignore[misc]
            lambda admin=admin, answer=answer: office.send(  # type: ignore[misc]
                "revoke_invitation", caller=admin, invitation_id=answer.json["id"]
            ),
        )
        assert (accepted.status, revoked.status) in [(201, 409), (422, 204)]


@pytest.mark.parametrize(
    "body",
    [
        {"email": "a..b@example.com"},
        {"email": ".a@example.com"},
        {"email": "a@example.c"},
        {"email": "a@deleted.invalid"},
        {"email": "a@example.com\r\nBcc: eve@example.com"},
        {"email": "adä@example.com"},
        {"email": GUEST, "role": "king"},
        {"email": GUEST, "role": None},
        {"role": "viewer"},
    ],
    ids=str,
)
def test_what_mail_cannot_reach_is_not_invited(office: Office, body: dict[str, object]) -> None:
    admin = office.add_user("ada", Role.ADMIN)

    assert office.send("create_invitation", body, caller=admin).status == 422
    assert office.bus.published == []


def test_one_idempotency_key_sends_one_mail(office: Office) -> None:
    admin = office.add_user("ada", Role.ADMIN)
    headers = {"idempotency-key": "k"}

    replies = [
        office.send("create_invitation", {"email": GUEST}, caller=admin, headers=headers) for _ in range(3)
    ]

    assert {reply.status for reply in replies} == {201}
    assert len({reply.json["id"] for reply in replies}) == 1
    assert len(office.deliver()) == 1
    other = office.send("create_invitation", {"email": "b@example.com"}, caller=admin, headers=headers)
    assert other.status == 422


def test_invitations_stay_behind_the_wall(office: Office) -> None:
    answer, _ = invited(office)
    eve = office.add_user("eve", Role.ADMIN, office.add_tenant())
    theirs = UUID(answer.json["id"])

    assert office.send("get_invitation", caller=eve, invitation_id=theirs).status == 404
    assert office.send("revoke_invitation", caller=eve, invitation_id=theirs).status == 404
    assert office.send("list_invitations", caller=eve).json == {"data": [], "next_cursor": None}
    # The same address may be invited, and be a user, in both.
    assert office.send("create_invitation", {"email": GUEST}, caller=eve).status == 201


def test_nobody_comes_into_a_suspended_tenant(office: Office) -> None:
    _, token = invited(office)
    office.rows("UPDATE identity.tenants SET status = 'suspended'")

    assert accept(office, token).status == 422


def test_a_mailbox_is_invited_only_so_often(office: Office) -> None:
    statuses = [invited(office)[0].status for _ in range(6)]

    assert statuses == [201] * 5 + [429]
    assert invited(office, "another@example.com")[0].status == 201
    assert office.ask_reset(GUEST).status == 202
