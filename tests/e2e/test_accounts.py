"""From an empty system to two people in it, through the gateway, the bus and the mail of one machine."""

from __future__ import annotations

from email import message_from_string
from email.policy import default
from pathlib import Path

import pytest

from infra.local.chaos.instance import Instance, await_value
from infra.local.run.client import ApiProblem, Client
from tests.e2e.people import ADMIN, PASSWORD, Person, log_in, mailed_token, mails_to, run_admin
from tests.e2e.system import PATIENCE, send

_INVITED = "You are invited to RoboAgency"


def refused(client: Client, method: str, path: str) -> int:
    """Return the status of a request that is refused."""
    with pytest.raises(ApiProblem) as caught:
        client.call(method, path)
    return caught.value.status


def test_somebody_invited_comes_in_and_another_role_is_another_token(
    system: Instance, administrator: Person
) -> None:
    address = "grace@example.com"
    made = administrator.client.call("POST", "/v1/invitations", {"email": address, "role": "admin"})
    token = mailed_token(system, address, _INVITED)
    form = {"token": token, "username": "grace", "password": PASSWORD}
    user = Client(system.url).call("POST", "/v1/invitations/accept", form)
    assert (user["role"], user["email_verified"]) == ("admin", True)
    path = f"/v1/invitations/{made['id']}"
    assert administrator.client.call("GET", path)["user_id"] == user["id"]

    grace = log_in(system, address)
    assert grace.client.call("GET", "/v1/me")["id"] == user["id"]
    assert len(grace.client.call("GET", "/v1/users")["data"]) >= 2
    changed = administrator.client.call("PATCH", f"/v1/users/{user['id']}", {"role": "viewer"})
    assert changed["role"] == "viewer"

    assert refused(grace.client, "GET", "/v1/me") == 401
    fresh = Client(system.url).call("POST", "/v1/sessions/refresh", {"refresh_token": grace.refresh_token})
    again = Client(system.url, fresh["access_token"])
    assert again.call("GET", "/v1/me")["role"] == "viewer"
    assert refused(again, "GET", "/v1/users") == 403

    administrator.client.call("DELETE", f"/v1/users/{user['id']}")
    assert refused(again, "GET", "/v1/me") == 401
    with pytest.raises(ApiProblem) as caught:
        log_in(system, address)
    assert caught.value.status == 401


def test_a_forgotten_password_comes_back_by_mail(system: Instance, administrator: Person) -> None:
    address, new = "harriet@example.com", "lighthouse keepers never hurry"
    administrator.client.call("POST", "/v1/invitations", {"email": address})
    token = mailed_token(system, address, _INVITED)
    form = {"token": token, "username": "harriet", "password": PASSWORD}
    Client(system.url).call("POST", "/v1/invitations/accept", form)
    before = log_in(system, address)

    Client(system.url).call("POST", "/v1/password-resets", {"email": address})
    reset = mailed_token(system, address, "Choose a new password")
    Client(system.url).call("POST", "/v1/password-resets/confirm", {"token": reset, "password": new})

    assert refused(before.client, "GET", "/v1/me") == 401
    log_in(system, address, new)
    await_value(lambda: len(mails_to(system, address)) == 3, PATIENCE, "the owner was not told")


def test_there_is_one_first_administrator(system: Instance, administrator: Person) -> None:
    done = run_admin(system, "eve@example.com")

    assert done.returncode == 1
    assert "has its first administrator already" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    assert administrator.client.call("GET", "/v1/tenant")["slug"] == "house"


def test_mails_lie_in_a_folder_and_are_shown_to_this_machine_alone(
    system: Instance, administrator: Person
) -> None:
    assert administrator.client.token
    mailed_token(system, ADMIN, "Confirm your e-mail address")
    (mail, *_) = [one for one in mails_to(system, ADMIN) if one["subject"] == "Confirm your e-mail address"]

    parsed = message_from_string(Path(mail["file"]).read_text(encoding="ascii"), policy=default)
    page = send(system.url, "GET", "/_local/mail")

    assert Path(mail["file"]).parent == system.folder / "mail"
    assert parsed["To"] == ADMIN
    assert parsed["Message-ID"]
    assert parsed["Date"]
    assert page.status == 200
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "Confirm your e-mail address" in page.body.decode()
    for path in ("/_local/mail", "/_local/mail.json"):
        assert send(system.url, "GET", path, headers={"host": "evil.example.com"}).status == 403
