"""People of a running system: the first administrator, mails, logins."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from infra.local.chaos.instance import ROOT, Instance, await_value
from infra.local.run.client import Client
from tests.e2e.system import PATIENCE, send

PASSWORD = "harbour pilots sleep late"
ADMIN = "ada.admin@example.com"
_TOKEN = re.compile(r"mail_[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass
class Person:
    """Somebody who is logged in: a client with their access token, and what carries the session on."""

    client: Client
    refresh_token: str


def log_in(system: Instance, email: str, password: str = PASSWORD) -> Person:
    """Log in to the house. Raises ApiProblem."""
    made = Client(system.url).call("POST", "/v1/sessions", {"email": email, "password": password})
    return Person(Client(system.url, made["access_token"]), made["refresh_token"])


def run_admin(system: Instance, email: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    """Run the command that makes the first administrator; the password comes by the standard input."""
    command = [sys.executable, "-m", "infra.local", "admin", "--folder", str(system.folder), "--email", email]
    return subprocess.run(  # our own command
        command,
        cwd=ROOT,
        input=f"{password}\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def mails_to(system: Instance, address: str) -> list[dict[str, Any]]:
    """Return the mails to an address, newest first."""
    found = send(system.url, "GET", "/_local/mail.json").json()["data"]
    return [mail for mail in found if mail["to"] == address]


def mailed_token(system: Instance, address: str, subject: str) -> str:
    """Wait for a mail and return the token in it."""

    def look() -> str | None:
        for mail in mails_to(system, address):
            if mail["subject"] == subject:
                return _TOKEN.findall(mail["text"])[0]
        return None

    return await_value(look, PATIENCE, f"no mail to {address}")
